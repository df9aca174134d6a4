"""What `spark.py` runs as processes: each takes files one after the other in one session, and prints the seconds of every step.

Usage: python spark_contenders.py NAME MASTER FOLDER CONF FILE …, CONF being JSON. Imports, and Java's start, are told apart.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import governed_ingest
from quality import telemetry_suite
from quality_contenders import validate

from lakeward.core.settings import EMBEDDED, SPARK, Settings, SparkSettings

# As a row rule of the suite says it, for a split by hand.
GOOD = """series IS NOT NULL AND ts IS NOT NULL AND quality IN ('Good', 'Bad', 'Uncertain') AND unit IN ('Cel', 'kPa', 'mm/s')
    AND (value IS NULL OR value BETWEEN -1000 AND 1000) AND status BETWEEN 0 AND 512 AND series RLIKE '^line[0-9]+/m[0-9]+$'"""
DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    # Without it the others would append 30 times slower, and the ratios would say that alone.
    "spark.databricks.delta.snapshotPartitions": "2",
}


@contextmanager
def print_step(step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    print(json.dumps({"step": step, "seconds": time.perf_counter() - start}), flush=True)


def settings(engine: str, root: Path, master: str, conf: dict[str, str]) -> Settings:
    spark = SparkSettings(master=master, jars=Settings.load().spark.jars, conf=conf, java_home=Settings.load().spark.java_home)
    return Settings(start=root, engine=engine, spark=spark)


def bare_session(given: Settings) -> Any:
    from pyspark.sql import SparkSession

    from lakeward.engines.spark.jars import installed_jars

    builder = SparkSession.builder.master(given.spark.master or "")
    for name, value in (
        DELTA | {"spark.jars": ",".join(map(str, installed_jars(given.spark.jars)))} | dict(given.spark.conf)
    ).items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def judge_by_gx(frame: Any, suite: Path) -> None:
    import great_expectations

    context = great_expectations.get_context(mode="ephemeral")
    asset = context.data_sources.add_spark("spark").add_dataframe_asset("data")
    validate(asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame}), context, suite)


def judge_by_us(file: Path, suite: Path, given: Settings) -> None:
    from lakeward.flows import check_data

    found = check_data(file, suite, given)
    assert found["success"], [result for result in found["results"] if not result["success"]]


def bare(given: Settings, files: Sequence[Path], *, judged: bool = False) -> None:
    """Bronze and silver by Delta's own writer; with `judged` Great Expectations in between, and a split."""
    with print_step("session"):
        spark = bare_session(given)
    root = given.start
    for number, file in enumerate(files):
        with print_step(f"batch {number}"):
            stamped = spark.read.parquet(str(file)).selectExpr("*", f"{number} AS _batch_seq", "'bench' AS _run_id")
            stamped.write.format("delta").mode("append").save(f"{root}/bronze")
            bronze = spark.read.format("delta").load(f"{root}/bronze").where(f"_batch_seq = {number}")
            if judged:
                with print_step(f"judge {number}"):
                    judge_by_gx(bronze.select(*governed_ingest.COLUMNS.split(", ")), root / "suite.json")
                bronze.where(f"NOT ({GOOD})").write.format("delta").mode("append").save(f"{root}/quarantine")
            (bronze.where(GOOD) if judged else bronze).write.format("delta").mode("append").save(f"{root}/silver")


def stock(given: Settings, files: Sequence[Path]) -> None:
    bare(given, files, judged=True)


def ours(given: Settings, files: Sequence[Path]) -> None:
    """Governed ingest, by the engine of the settings."""
    if given.engine == SPARK:
        from lakeward.engines.spark.session import open_session

        with print_step("session"):
            open_session(given.spark)
    for number, file in enumerate(files):
        with print_step(f"batch {number}"):
            ingest_file(given, file)


def ingest_file(given: Settings, file: Path) -> None:
    from lakeward.flows import ingest_dataset

    (given.start / "inbox" / "bench" / file.name).hardlink_to(file)
    report = ingest_dataset(given, "bench")
    assert report.counts.silver == report.counts.rows_in > 0, report
    assert not report.failed, report


def run_embedded(given: Settings, files: Sequence[Path]) -> None:
    ours(replace(given, engine=EMBEDDED), files)


def judges(given: Settings, files: Sequence[Path], *, first: str = "gx") -> None:
    """Both judges over the same file in the same session, in turn: the first round is cold for the one that begins."""
    with print_step("session"):
        spark = bare_session(given)
    suite = given.start / "suite.json"
    by: dict[str, Callable[[], None]] = {
        "gx": lambda: judge_by_gx(spark.read.parquet(str(files[0])), suite),
        "lakeward": lambda: judge_by_us(files[0], suite, given),
    }
    for number, _ in enumerate(files):
        for name in (first, *(by.keys() - {first})):
            with print_step(f"{name} {number}"):
                by[name]()


def judges_ours_first(given: Settings, files: Sequence[Path]) -> None:
    judges(given, files, first="lakeward")


CONTENDERS: dict[str, Callable[[Settings, Sequence[Path]], None]] = {
    "stock": stock,
    "bare": bare,
    "lakeward_spark": ours,
    "lakeward_embedded": run_embedded,
    "judges": judges,
    "judges_ours_first": judges_ours_first,
}

if __name__ == "__main__":
    name, master, folder, conf, *paths = sys.argv[1:]
    place = Path(folder)
    governed_ingest.make_project(place)
    text = json.dumps({"name": "bench", "expectations": telemetry_suite(), "meta": {"great_expectations_version": "1.24.1"}})
    for suite in (place / "suite.json", place / "expectations" / "datasets" / "bench" / "suite.json"):
        suite.write_text(text)
    import deltalake  # noqa: F401

    import lakeward.flows  # noqa: F401  (imports are not the work)
    import lakeward_lineage.facets  # noqa: F401

    CONTENDERS[name](settings(SPARK, place, master, json.loads(conf)), [Path(path) for path in paths])
