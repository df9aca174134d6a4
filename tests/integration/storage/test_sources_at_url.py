"""Sources that land segments, over a lake in an object store: collectors and runs on different machines, in turns and killed."""

import threading
import time

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import collect, project_status, run_dataset
from lakeward.flows.base.workspace import open_workspace
from lakeward.sources.collectors.state import CONNECTED
from support.fault_proxy import proxy
from support.mqtt_broker import make_broker, publish
from support.mqtt_plant import MqttPlant, kill, reading, stop
from support.remote_collectors import settings_of, start_collector, stop_after, wait_until
from support.remote_plant import other_machine, point_to_store
from support.sql_plant import SqlPlant

pytestmark = pytest.mark.exhaustive
SQL_COLUMNS = """\
      - {name: id, logicalType: integer, required: true}
      - {name: value, logicalType: number}
"""
SQL_SOURCE = "      table: readings\n      watermark: {column: id, mode: lookback, lookback: 10}"


@pytest.fixture
def broker(tmp_path):
    made = make_broker(tmp_path / "broker")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def plant(broker, endpoint, tmp_path):
    made = MqttPlant(tmp_path / "first", broker.url)
    point_to_store(made.root, endpoint, f"mqtt-{tmp_path.name}")
    return made


def silver(settings):
    with open_workspace(settings).engine() as engine:
        return engine.fetch("SELECT count(*) AS n, count(DISTINCT value) AS different FROM silver.line")[0]


def test_messages_are_collected_here_and_read_there(plant, broker, tmp_path):
    other = other_machine(plant.root, tmp_path / "other")
    there = settings_of(plant, other)
    collector = start_collector(plant)
    publish(broker, [reading(number) for number in range(200)])
    wait_until(lambda: (one := project_status(there)[0].source).segments and (one.running, one.state) == (True, CONNECTED))
    assert run_dataset(there, "line").counts.rejects == 0
    publish(broker, [reading(number) for number in range(200, 300)])
    assert stop_after(collector, plant, 300) == 0
    run_dataset(there, "line")
    run_dataset(settings_of(plant, plant.root), "line")
    assert silver(there) == {"n": 300, "different": 300}


def test_a_killed_collector_loses_nothing_and_another_machine_waits_for_it(plant, broker, tmp_path):
    other = other_machine(plant.root, tmp_path / "other")
    collector = start_collector(plant)
    found = collect(settings_of(plant, other), ["line"], threading.Event(), lambda *_: None)
    assert found["line"].code == "collector_elsewhere"
    publish(broker, [reading(number) for number in range(100)])
    time.sleep(0.3)
    kill(collector)
    publish(broker, [reading(number) for number in range(100, 150)])
    again = start_collector(plant)
    time.sleep(3)
    assert stop(again) == 0
    there = settings_of(plant, other)
    run_dataset(there, "line")
    assert silver(there) == {"n": 150, "different": 150}


def test_a_store_that_is_away_keeps_no_collector_from_landing(broker, endpoint, tmp_path):
    with proxy(endpoint) as (address, faults):
        plant = MqttPlant(tmp_path / "first", broker.url)
        point_to_store(plant.root, address, f"away-{tmp_path.name}")
        collector = start_collector(plant)
        faults.reset(1, "expired", 100_000)
        publish(broker, [reading(number) for number in range(50)])
        assert stop_after(collector, plant, 50) == 4
        assert "credentials" in (plant.root / "programs.log").read_text(encoding="utf-8")
        faults.reset()
        there = settings_of(plant, other_machine(plant.root, tmp_path / "other"))
        assert run_dataset(there, "line").batches == 0
        run_dataset(settings_of(plant, plant.root), "line")
        assert silver(there) == {"n": 50, "different": 50}


@pytest.fixture
def table(endpoint, tmp_path):
    import sqlite3

    file = tmp_path / "history.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE readings (id INTEGER, value REAL)")
    made = SqlPlant(tmp_path / "first", f"sqlite://{file}", SQL_SOURCE, SQL_COLUMNS)
    contract = made.folder / "contract.odcs.yaml"
    contract.write_text(contract.read_text().replace("  - {property: timeColumn, value: ts}\n", ""))
    point_to_store(made.root, endpoint, f"sql-{tmp_path.name}")

    def add(first, last):
        with sqlite3.connect(file) as database:
            database.executemany("INSERT INTO readings VALUES (?, ?)", [(number, number / 2) for number in range(first, last)])

    return made, add


def test_a_table_is_read_by_two_machines_in_turns_each_row_once(table, tmp_path):
    """There is no key, so a row that were landed twice would be there twice; and the look back reads the newest rows each time."""
    made, add = table
    other = other_machine(made.root, tmp_path / "other")
    machines = [Settings(start=root, connections={"HISTORIAN": made.url}) for root in (made.root, other)]
    for turn in range(6):
        add(turn * 20, turn * 20 + 20)
        report = run_dataset(machines[turn % 2], "readings")
        assert (report.counts.rows_in, report.counts.bronze) == (20, 20), turn
        assert run_dataset(machines[turn % 2], "readings").batches == 0
    with open_workspace(machines[0]).engine() as engine:
        assert engine.fetch("SELECT count(*) AS n, count(DISTINCT id) AS ids FROM silver.readings") == [{"n": 120, "ids": 120}]


def test_a_machine_that_is_lost_before_it_stored_a_window_leaves_no_gap(table, tmp_path):
    made, add = table
    other = other_machine(made.root, tmp_path / "other")
    first, second = (Settings(start=root, connections={"HISTORIAN": made.url}) for root in (made.root, other))
    add(0, 20)
    run_dataset(first, "readings")
    add(20, 40)
    workspace = open_workspace(first)
    source = workspace.source(workspace.project.contract("readings"))
    source.receive()  # landed on this machine, and not stored
    run_dataset(second, "readings")
    add(40, 60)
    run_dataset(first, "readings")
    with open_workspace(second).engine() as engine:
        assert engine.fetch("SELECT count(*) AS n, count(DISTINCT id) AS ids FROM silver.readings") == [{"n": 60, "ids": 60}]
