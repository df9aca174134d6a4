"""Spark over a lake in an object store: the rows of the embedded engine, which commits for both."""

import multiprocessing
import shutil
import subprocess
import zipfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyspark
import pytest

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.options import AzureOptions
from lakeward.engines import open_engine
from lakeward.engines.spark.jars import installed_jars, spark_requirements
from support.both_engines import CONF
from support.command_line import run_in_subprocess
from support.external_writers import append_as_stranger
from support.object_stores import lake_at, options, require_store_jars
from support.plant import csv_line, make_plant
from support.remote_plant import point_to_store
from support.small_tables import (
    BY_DAY,
    NAME,
    SPEC,
    append_at_url,
    batches_by_turns,
    by_day,
    from_rows,
    ids,
    rows,
    txn,
)

pytestmark = pytest.mark.spark
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(autouse=True)
def _with_jars():
    require_store_jars()


@pytest.fixture
def lake(endpoint, tmp_path):
    return lake_at(endpoint, tmp_path / "files", f"spark {tmp_path.name} 湖")


@pytest.fixture
def both(lake):
    """The embedded engine and Spark's over one lake."""
    found = Settings.load().spark
    settings = replace(found, master="local[2]", conf=CONF | dict(found.conf))
    engines = open_engine("embedded", lake), open_engine("spark", lake, spark=settings)
    yield engines
    for engine in engines:
        engine.close()


def test_batches_by_either_engine_make_the_table_of_one(both):
    batches_by_turns(both)
    at = {NAME: 0}
    assert [engine.fetch("SELECT count(*) AS n FROM silver.press_line", at=at) for engine in both] == [[{"n": 100}]] * 2


@pytest.mark.exhaustive
@pytest.mark.parametrize("first", [0, 1], ids=["embedded first", "spark first"])
def test_partitions_of_either_engine_are_corrected_by_the_other(both, first):
    one, other = both[first], both[1 - first]
    one.append(BY_DAY, by_day(from_rows(both[0], rows(0, 72), 1)), txn(1))
    moved = rows(3, 4, 1).replace("to_hours(i)", "to_hours(i + 240)")
    done = other.replace(BY_DAY, by_day(from_rows(both[0], f"{moved} UNION ALL {rows(30, 31, 1)}", 2)), ["id"], txn(2))
    assert (done.rows - done.copied_rows, done.copied_rows) == (2, 46)
    for engine in both:
        assert (ids(engine), ids(engine, "_day = DATE '2026-03-11'")) == (list(range(72)), [3])


def test_a_lake_in_azure_is_refused_by_name(tmp_path):
    lake = Lake(address="az://plant/lake", files=tmp_path, options=AzureOptions(account="a", key="a2V5"))
    with pytest.raises(UsageError) as caught:
        open_engine("spark", lake)
    assert caught.value.code == "spark_lake_in_azure"


def test_settings_of_the_client_name_all_that_it_would_look_for_elsewhere():
    found = options("http://127.0.0.1:1", token="t").hadoop()
    assert found["aws.credentials.provider"] == "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider"
    assert (found["session.token"], found["endpoint.region"], found["connection.ssl.enabled"]) == ("t", "us-east-1", "false")
    assert options("https://store:1").hadoop()["aws.credentials.provider"].endswith("SimpleAWSCredentialsProvider")


@pytest.mark.exhaustive
def test_a_wrong_key_is_said_by_its_name(both, lake):
    """Of the executors' reading, after the driver's engine could still write."""
    both[0].append(BY_DAY, by_day(rows(0, 10)), txn(1))
    conf = both[1]._spark.conf
    bucket = "fs.s3a.bucket.plant."
    both[1]._spark._jvm.org.apache.hadoop.fs.FileSystem.closeAll()
    conf.set(f"{bucket}secret.key", "another")
    with pytest.raises(MachineError) as caught:
        ids(both[1])
    both[1]._spark._jvm.org.apache.hadoop.fs.FileSystem.closeAll()
    assert caught.value.code == "lake_denied"


@pytest.mark.exhaustive
def test_each_command_on_spark_without_the_jars_names_their_setup(endpoint, tmp_path):
    plant = make_plant(tmp_path / "plant")
    point_to_store(plant.root, endpoint, "without-jars")
    plant.drop("a.csv", csv_line("M1", 0, 20.5))
    jars = tmp_path / "jars"
    jars.mkdir()
    for jar in spark_requirements().jars:
        (jars / jar.file).symlink_to(Settings.load().spark.jars / jar.file)
    java = {"JAVA_HOME": str(home)} if (home := Settings.load().spark.java_home) else {}
    for words in (["run", "press_line"], ["doctor"]):
        said = run_in_subprocess(plant.root, *words, LAKEWARD_ENGINE="spark", LAKEWARD_SPARK_JARS=str(jars), **java)
        assert (said.code, "lakeward spark setup --s3" in said.output, "Traceback" in said.output) == (4, True, False), (
            said.output
        )


@pytest.mark.exhaustive
def test_of_two_engines_at_once_each_acknowledged_commit_is_found(lake, both):
    """Thirty appends by processes of the embedded engine beside those and the corrections of Spark."""
    embedded, spark = both
    embedded.append(SPEC, rows(0, 10), txn(1))
    query = from_rows(embedded, rows(1000, 1010), 1)
    with ProcessPoolExecutor(2, mp_context=SPAWN) as pool:
        others = [pool.submit(append_at_url, lake, 10 * number, number) for number in range(1, 31)]
        done = [spark.append(SPEC, query, txn(version, "spark")) for version in range(1, 7)]
        done.append(spark.replace(SPEC, query, ["id"], txn(7, "spark")))
        taken = [each.result() for each in others]
    landed = [10 * number for number, word in zip(range(1, 31), taken, strict=True) if word == "landed"]
    assert len(landed) > 20
    assert all(done)
    expected = sorted([*range(10), *(one for start in landed for one in range(start, start + 10)), *range(1000, 1010)])
    assert [ids(engine) for engine in both] == [expected] * 2
    assert spark.txn(NAME, "spark") == 7


@pytest.mark.exhaustive
@pytest.mark.skipif(shutil.which("javac") is None, reason="needs javac")
def test_a_foreign_spark_with_the_log_store_of_the_documentation_loses_no_commit(endpoint, lake, tmp_path):
    """Its class compiled as the page has it; beside it two processes of the embedded engine append."""
    jars = installed_jars(Settings.load().spark.jars)
    jars = (*jars, compile_log_store(tmp_path, jars))
    embedded = open_engine("embedded", lake)
    embedded.append(SPEC, rows(0, 10), txn(1))
    url = embedded.info(NAME).path
    with ProcessPoolExecutor(3, mp_context=SPAWN) as pool:
        stranger = pool.submit(append_as_stranger, endpoint, url, jars, 25)
        others = [pool.submit(append_at_url, lake, 10 * number, number) for number in range(1, 101)]
        taken = [each.result() for each in others]
        assert stranger.result() == 25
    landed = [10 * number for number, word in zip(range(1, 101), taken, strict=True) if word == "landed"]
    expected = [*range(10), *(one for start in landed for one in range(start, start + 10)), *range(10_000, 10_025)]
    assert (len(landed) > 50, ids(embedded)) == (True, sorted(expected))
    embedded.close()


IMPORTS = """\
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
"""


def compile_log_store(folder, jars):
    """The class of the documentation, compiled, in a jar: Java looks for Delta's classes from there."""
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "keep-a-lake-in-an-object-store.md").read_text(encoding="utf-8")
    (folder / "ConditionalLogStore.java").write_text(IMPORTS + page.partition("```java\n")[2].partition("```")[0])
    places = [*map(str, jars), str(Path(pyspark.__file__).parent / "jars" / "*")]
    command = ["javac", "-d", str(folder / "classes"), "-cp", ":".join(places), str(folder / "ConditionalLogStore.java")]
    subprocess.run(command, check=True)
    with zipfile.ZipFile(folder / "log-store.jar", "w") as jar:
        jar.write(folder / "classes" / "ConditionalLogStore.class", "ConditionalLogStore.class")
    return folder / "log-store.jar"
