"""Governed ingest against the same writes without judging, and against plain `write_deltalake`.

Usage: PYTHONPATH=tests python tests/bench/governed_ingest.py [--store] [ROWS …]; with `--store` into an object store on loopback (versitygw). Every variant runs as a process of its own, interleaved; the figures are
medians of wall seconds of the work (imports left out) and the highest resident memory, and the ratios of the medians.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3
VARIANTS = ("governed", "governed into as much silver", "bare", "bare into as much silver", "identity", "write_deltalake")
RATIOS = (
    ("governed", "bare"),
    ("governed into as much silver", "bare into as much silver"),
    ("governed", "identity"),
    ("governed", "write_deltalake"),
)
STORE_VARIANTS = ("governed", "bare", "write_deltalake")

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:bench
name: bench
version: 1.0.0
status: active
domain: production
description: {purpose: telemetry}
team: {name: bench, members: [{username: bench, role: owner}]}
schema:
  - name: bench
    logicalType: object
    properties:
      - {name: series, logicalType: string, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: ts, logicalType: timestamp, physicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2}
      - {name: value, logicalType: number, physicalType: double}
      - {name: status, logicalType: integer, physicalType: bigint, required: true}
      - {name: quality, logicalType: string, physicalType: string, required: true}
      - {name: unit, logicalType: string, physicalType: string, required: true}
customProperties:
  - {property: source, value: {path: inbox/bench, pattern: "*.parquet", format: parquet}}
  - {property: timeColumn, value: ts}
  - {property: dataClass, value: production}
"""
COLUMNS = "series, ts, value, status, quality, unit"


def suite() -> str:
    """Twenty rules over six columns, as telemetry has them."""

    def rule(kind: str, **kwargs: object) -> dict[str, object]:
        return {"type": kind, "kwargs": kwargs, "meta": {"lakeward": {"id": f"{kind}:{len(rules)}"}}}

    rules: list[dict[str, object]] = []
    for column in ("series", "ts", "status", "quality", "unit"):
        rules.append(rule("expect_column_values_to_not_be_null", column=column))
    rules.append(rule("expect_column_values_to_not_be_null", column="value", mostly=0.9))
    for low, high in ((-1e6, 1e6), (-1e5, 1e5), (-1e4, 1e4)):
        rules.append(rule("expect_column_values_to_be_between", column="value", min_value=low, max_value=high))
    rules.append(rule("expect_column_values_to_be_between", column="status", min_value=0, max_value=512))
    rules.append(rule("expect_column_values_to_be_in_set", column="quality", value_set=["Good", "Bad", "Uncertain"]))
    rules.append(rule("expect_column_values_to_be_in_set", column="unit", value_set=["Cel", "kPa", "mm/s"]))
    rules.append(rule("expect_column_values_to_match_regex", column="series", regex="^line[0-9]+/m[0-9]+$"))
    rules.append(rule("expect_column_value_lengths_to_be_between", column="series", min_value=3, max_value=40))
    rules.append(rule("expect_column_value_lengths_to_be_between", column="unit", min_value=1, max_value=10))
    rules.append(rule("expect_column_mean_to_be_between", column="value", min_value=-100, max_value=100))
    rules.append(rule("expect_column_stdev_to_be_between", column="value", min_value=0, max_value=1000))
    rules.append(rule("expect_table_row_count_to_be_between", min_value=1, max_value=10**9))
    rules.append(rule("expect_column_to_exist", column="value"))
    rules.append(rule("expect_column_values_to_be_of_type", column="value", type_="DOUBLE"))
    return json.dumps({"name": "bench", "expectations": rules, "meta": {"great_expectations_version": "1.24.1"}})


def make_project(root: Path) -> None:
    folder = root / "expectations" / "datasets" / "bench"
    folder.mkdir(parents=True)
    (root / "expectations" / "project.yaml").write_text("name: bench\ntimezone: UTC\nlanguages: [en]\nlake: lake\nroots: []\n")
    (folder / "contract.odcs.yaml").write_text(CONTRACT)
    (folder / "suite.json").write_text(suite())
    (root / "inbox" / "bench").mkdir(parents=True)


def make_file(path: Path, rows: int, day: int) -> None:
    """One day of telemetry in arrival order: 200 series, no defect, so that every variant writes the same rows."""
    import duckdb

    duckdb.sql(f"""COPY (
        SELECT 'line' || (i % 4) || '/m' || (i % 200) AS series,
               TIMESTAMPTZ '2026-03-0{day} 00:00:00+00' + to_microseconds(i // 200 * 1000000) AS ts,
               CASE WHEN hash(i) % 100 = 0 THEN NULL ELSE (hash(i * 7) % 100000) / 1000.0 END AS value,
               CAST(192 AS BIGINT) AS status, 'Good' AS quality, ['Cel', 'kPa', 'mm/s'][i % 3 + 1] AS unit
        FROM range({rows}) AS r(i)) TO '{path}' (FORMAT parquet)""")


def govern(root: Path, file: Path) -> None:
    from lakeward.core.settings import Settings
    from lakeward.flows import ingest_dataset

    (root / "inbox" / "bench" / file.name).hardlink_to(file)
    report = ingest_dataset(Settings(start=root), "bench")
    assert report.counts.silver == report.counts.rows_in > 0, report
    assert not report.failed


def write_bare(root: Path, file: Path) -> None:
    """The same files by the same engine: landed, bronze, silver; no rule, no identity, no verdict, no lineage."""
    from lakeward.core.names import Layer
    from lakeward.core.settings import Settings
    from lakeward.engines.tables import TableColumn, TableSpec, Txn
    from lakeward.flows.base.batch_context import EXTRA_COLUMN, ROW_ID_COLUMNS
    from lakeward.flows.base.workspace import open_workspace
    from lakeward.flows.batch.publish import silver_spec

    (root / "inbox" / "bench" / file.name).hardlink_to(file)
    workspace = open_workspace(Settings(start=root))
    contract = workspace.project.contract("bench")
    source = workspace.source(contract)
    with workspace.engine() as engine:
        seq = engine.txn(contract.table(Layer.BRONZE), "bench") + 1
        source.receive()
        engine.stage(source.inputs(seq - 1, seq), contract.record_format, contract.columns)
        types = engine.types("staged_rows")
        columns = (*(TableColumn(c.name, types[c.name]) for c in contract.columns), *ROW_ID_COLUMNS, EXTRA_COLUMN)
        stamp = (TableColumn("_batch_seq", types["_row"]), TableColumn("_run_id", types["_file"]))
        bronze = TableSpec(contract.table(Layer.BRONZE), (*columns, *stamp))
        engine.append(
            bronze, f"SELECT *, CAST({seq} AS BIGINT) AS _batch_seq, 'bench' AS _run_id FROM staged_rows", Txn("bench", seq)
        )
        query = f"SELECT {COLUMNS}, _batch_seq, _file_seq, _row, _run_id FROM bronze.bench WHERE _batch_seq = {seq}"
        engine.append(silver_spec(contract), query, Txn("bench", seq))


def write_identity(root: Path, file: Path) -> None:
    """The bare writes, and the proof that no row is there twice: what any keyed ingest owes, judged or not."""
    from lakeward.core.settings import Settings
    from lakeward.flows.base.workspace import open_workspace

    write_bare(root, file)
    with open_workspace(Settings(start=root)).engine() as engine:
        assert engine.fetch("SELECT count(*) - count(DISTINCT hash(series, ts)) AS n FROM bronze.bench")[0]["n"] == 0


def write_plain(root: Path, file: Path) -> None:
    """What a script without us does: the file to two Delta tables."""
    import pyarrow.dataset as ds
    from deltalake import write_deltalake

    from lakeward.core.settings import Settings
    from lakeward.flows.base.workspace import open_workspace

    lake = open_workspace(Settings(start=root)).lake
    place, options = (str(lake), lake.options.delta()) if lake.options else (str(root), None)
    for table in ("plain_bronze", "plain_silver"):
        reader = ds.dataset(file).scanner().to_reader()
        write_deltalake(f"{place}/{table}", reader, mode="append", storage_options=options)


def point_to_store(root: Path, endpoint: str) -> None:
    """Let the project's lake lie in the store, below a prefix of its own."""
    from support.object_stores import BUCKET, KEY_ID, SECRET

    file = root / "expectations" / "project.yaml"
    file.write_text(file.read_text().replace("lake: lake", f"lake: s3://{BUCKET}/{root.name}") + "storage: {connection: store}\n")
    connections = root / ".lakeward" / "connections.yaml"
    connections.parent.mkdir()
    connections.write_text(f"store: {endpoint.replace('://', f'://{KEY_ID}:{SECRET}@')}\n")
    connections.chmod(0o600)


def measure(variant: str, first: Path, second: Path, endpoint: str) -> None:
    """One variant in this process, into a fresh lake; prints seconds, those of the processor, and MiB."""
    work = {"governed": govern, "bare": write_bare, "identity": write_identity, "write_deltalake": write_plain}[
        variant.split(" into", maxsplit=1)[0]
    ]
    with tempfile.TemporaryDirectory(dir=first.parent) as folder:
        root = Path(folder)
        make_project(root)
        if endpoint:
            point_to_store(root, endpoint)
        import deltalake  # noqa: F401

        import lakeward.flows.base.workspace  # noqa: F401  (imports are not the work)
        import lakeward_lineage.facets  # noqa: F401

        if "into" in variant:
            work(root, first)
        start, cpu = time.perf_counter(), time.process_time()
        work(root, second)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    # Not `ru_maxrss`, which a child begins with as its parent's.
    mib = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "mib": mib}))


def compare_in_store(rows: int) -> None:
    """The same in an object store on loopback."""
    from support.object_stores import versitygw

    with tempfile.TemporaryDirectory() as folder, versitygw(Path(folder)) as endpoint:
        compare(rows, STORE_VARIANTS, endpoint)


def compare(rows: int, variants: tuple[str, ...] = VARIANTS, endpoint: str = "") -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first.parquet", Path(folder) / "second.parquet"
        make_file(first, rows, 1)
        make_file(second, rows, 4)
        found: dict[str, list[dict[str, float]]] = {variant: [] for variant in variants}
        for _ in range(ROUNDS):
            for variant, runs in found.items():
                words = [sys.executable, __file__, "--measure", variant, str(first), str(second), endpoint]
                runs.append(json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout))
    seconds = {variant: statistics.median(run["seconds"] for run in runs) for variant, runs in found.items()}
    cpu = {variant: statistics.median(run["cpu"] for run in runs) for variant, runs in found.items()}
    for variant, runs in found.items():
        mib = max(run["mib"] for run in runs)
        print(f"{rows:>12,} rows  {variant:<30} {seconds[variant]:7.2f} s {cpu[variant]:7.2f} s of a core {mib:7.0f} MiB")
    for ours, theirs in RATIOS:
        if {ours, theirs} <= found.keys():
            ratios = f"{seconds[ours] / seconds[theirs]:.2f}, of the processor {cpu[ours] / cpu[theirs]:.2f}"
            print(f"{rows:>12,} rows  {ours} / {theirs}: {ratios}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]), sys.argv[5])
    else:
        in_store = "--store" in sys.argv
        for count in map(int, [word for word in sys.argv[1:] if word != "--store"] or ("1000000", "10000000")):
            (compare_in_store if in_store else compare)(count)
