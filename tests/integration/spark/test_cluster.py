"""A real master and two workers: executors die, drivers die, two drivers meet, and the tables are those of one undisturbed run."""

import os
import shutil
import signal
from dataclasses import replace

import pytest

from lakeward.core.settings import EMBEDDED
from lakeward.flows import ingest_dataset
from lakeward.flows.base.batch_context import BatchStep
from support.engine_comparison import TwoLakes
from support.plant import Plant, csv_line, make_plant
from support.spark_cluster import (
    Driver,
    cluster,
    die_at,
    die_before_commit,
    drive,
    free_port,
    group_of,
    ingest_and_curate,
    ingest_from_folder,
    is_listening,
    wait_until,
    writes_below,
)

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive, pytest.mark.timeout(900)]

GOLD = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:temp_hourly
name: temp_hourly
version: 1.0.0
status: active
domain: production
description: {purpose: readings per machine and hour}
team: {name: plant-data, members: [{username: li.wei, role: owner}]}
schema:
  - name: temp_hourly
    logicalType: object
    properties:
      - {name: machine, logicalType: string, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: hour_start, logicalType: timestamp, physicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2}
      - {name: readings, logicalType: integer, physicalType: bigint}
      - {name: hottest, logicalType: number, physicalType: double}
customProperties:
  - property: model
    value: {sql: models/temp_hourly.sql, inputs: [silver.press_line], window: hour_start, grain: hour,
            timezone: Asia/Shanghai, times: {silver.press_line: ts}}
  - {property: timeColumn, value: hour_start}
  - {property: dataClass, value: production}
"""
MODEL = """\
SELECT machine, date_trunc('hour', ts) AS hour_start, count(*) AS readings, {hottest} AS hottest
FROM silver.press_line GROUP BY machine, date_trunc('hour', ts)
"""
HOTTEST = "max(temp_degc)"
# Of more memory than an executor has, for every machine.
TOO_MUCH = "max(length(repeat(machine || 'x', 600000000)))"
# Enough for the writing of a table to be caught at it.
MACHINES = 300


def add_gold(plant, hottest=HOTTEST):
    folder = plant.dataset.parent / "temp_hourly"
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "contract.odcs.yaml").write_text(GOLD)
    (folder / "models" / "temp_hourly.sql").write_text(MODEL.format(hottest=hottest))


def readings(first):
    """One hour of every machine: one reading is set aside, one is there twice, one can't be parsed."""
    good = [
        csv_line(f"M{machine}", minute, machine % 50 + minute / 8)
        for machine in range(MACHINES)
        for minute in range(first, 60, 2)
    ]
    return [*good, csv_line("M0", 59, 999), good[0], "torn"]


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A plant with one batch behind it, and one to come that repeats, corrects and adds."""
    plant = make_plant(tmp_path_factory.mktemp("begun") / "plant")
    add_gold(plant)
    plant.drop("a.csv", csv_line("M0", 0, 1.5), csv_line("M1", 0, 1), csv_line("M1", 1, 999), "torn")
    ingest_dataset(plant.settings, "press_line")
    plant.drop("b.csv", *readings(0))
    return plant


@pytest.fixture(scope="module")
def undisturbed(begun):
    """The same batch by the embedded engine."""
    plant = Plant(shutil.copytree(begun.root, begun.root.with_name("undisturbed")))
    counts = ingest_and_curate(plant.settings, "temp_hourly")
    assert all(counts[name] for name in ("bronze", "rejects", "silver", "quarantine", "duplicates"))
    return plant


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture
def plant(begun, tmp_path):
    return Plant(shutil.copytree(begun.root, tmp_path / "plant"))


def differences(undisturbed, plant):
    return TwoLakes(undisturbed.settings, plant.settings).differences()


def executor_at_work(running, driver, folder):
    """An executor that has a file of the table open, as soon as there is one."""

    def found():
        assert not driver.has_ended(), driver.answer()
        return next((pid for pid in running.executors() if writes_below(pid, folder)), None)

    return wait_until(found)


def test_executors_that_die_while_they_write_leave_every_row_once(running, undisturbed, plant):
    with Driver(ingest_and_curate, running.settings(plant.settings), "temp_hourly") as driver:
        for layer in ("bronze", "silver"):
            os.kill(executor_at_work(running, driver, plant.root / "lake" / layer / "press_line"), signal.SIGKILL)
        counts = driver.answer()
    assert counts["rows_in"] == counts["bronze"] + counts["rejects"]
    assert differences(undisturbed, plant) == {}


def test_a_driver_killed_after_bronze_and_again_before_the_commit_of_silver_is_gone_on_with(running, undisturbed, plant):
    settings = running.settings(plant.settings)
    for flow, where in ((die_at, BatchStep.BRONZE), (die_before_commit, "silver")):
        with pytest.raises(EOFError):
            drive(flow, settings, where)
    drive(ingest_and_curate, settings, "temp_hourly")
    assert differences(undisturbed, plant) == {}


def test_two_drivers_at_once_end_in_the_tables_of_one(running, undisturbed, plant):
    settings = running.settings(plant.settings, spark__cores__max="1")
    with Driver(ingest_and_curate, settings) as one, Driver(ingest_and_curate, settings) as other:
        batches = sorted(counts["rows_in"] for counts in (one.answer(), other.answer()))
    drive(ingest_and_curate, replace(settings, engine=EMBEDDED), "temp_hourly")
    assert batches[0] == 0 < batches[1]
    assert differences(undisturbed, plant) == {}


def test_an_executor_without_memory_names_the_partition_and_the_setting(running, plant):
    add_gold(plant, TOO_MUCH)
    ingest_dataset(plant.settings, "press_line")
    code, told = drive(ingest_and_curate, running.settings(plant.settings, spark__task__maxFailures="1"), "temp_hourly")
    assert code == "spark_memory_full"
    assert {"partition", "spark.executor.memory", "spark.sql.shuffle.partitions"} <= set(told.replace(",", "").split())


def test_workers_that_see_another_folder_under_the_lakes_path_lose_no_row(running, plant):
    """`/proc/self/cwd` is the lake's folder to the driver, and a folder of its own to every executor."""
    code, told = drive(ingest_from_folder, plant.root, running.settings(replace(plant.settings, lake="/proc/self/cwd/lake")))
    assert code == "spark_lake_not_shared"
    assert "/proc/self/cwd/lake" in told


def test_a_master_that_is_down_is_named_at_once(running, plant):
    settings = running.settings(plant.settings)
    nobody = f"spark://127.0.0.1:{free_port()}"
    code, told = drive(ingest_and_curate, replace(settings, spark=replace(settings.spark, master=nobody)))
    assert code == "spark_master_down"
    assert nobody in told


def test_a_cluster_leaves_no_process_and_no_port(tmp_path):
    with cluster(tmp_path, workers=0) as made:
        port = int(made.master.rpartition(":")[2])
        assert is_listening(port)
    assert not is_listening(port)
    assert all(group_of(process.pid) == 0 for process in made.processes)
