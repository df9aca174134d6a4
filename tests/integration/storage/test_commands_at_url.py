"""The commands of people over a lake in an object store: read, explain, repair, score, audit, maintain."""

import json

import pytest

from lakeward.core.storage.lake import store_of
from lakeward.flows.base.workspace import open_workspace
from support.command_line import run_command
from support.plant import csv_line, make_plant
from support.remote_plant import point_to_store


@pytest.fixture
def plant(endpoint, tmp_path):
    made = make_plant(tmp_path / "plant")
    point_to_store(made.root, endpoint, f"commands-{tmp_path.name}")
    made.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 20.6), csv_line("M1", 2, 999))
    return made


@pytest.fixture
def lakeward(capsys, plant):
    """Calls a command, which must end well; its answer from JSON."""

    def call(*arguments, code=0):
        result = run_command(capsys, plant.root, *arguments)
        assert result.code == code, result.output
        return json.loads(result.out) if "--json" in arguments else result.out

    return call


@pytest.mark.exhaustive
def test_a_lake_is_read_explained_repaired_and_maintained(plant, lakeward):
    lakeward("run", code=1)
    lakeward("grade", "run", "press_line")
    assert " 2 " in lakeward("query", "SELECT count(*) AS n FROM silver.press_line")
    explained = lakeward("explain", "silver.press_line", "machine=M1,ts=2026-03-01T06:01:00Z", "--json")
    assert "a.csv" in json.dumps(explained)
    by = ("--as", "steward", "--by", "li.wei", "--reason", "sensor sent tenths")
    lakeward("quarantine", "repair", "press_line", "--rule", "temp_in_range", "--set", "temp_degc = 99.9", *by)
    lakeward("quarantine", "replay", "press_line")
    assert " 99.9 " in lakeward("query", "SELECT max(temp_degc) AS top FROM silver.press_line")
    assert lakeward("lineage", "audit", "--json") == []
    lakeward("assess")
    lakeward("scorecard", "build")
    lakeward("maintain")
    assert "access_log" in lakeward("access", "seal")
    lakeward("access", "verify")
    assert {entry["verdict"] for entry in lakeward("access", "list", "--json")} == {"allowed"}
    assert store_of(open_workspace(plant.settings).lake.root()).list_names(".access") == []


def test_the_events_of_one_machine_are_known_to_another(endpoint, plant, lakeward, capsys, tmp_path):
    lakeward("run", code=1)
    other = make_plant(tmp_path / "second" / "plant")
    point_to_store(other.root, endpoint, f"commands-{tmp_path.name}")
    result = run_command(capsys, other.root, "lineage", "audit", "--json")
    assert [finding["kind"] for finding in json.loads(result.out)] == []


def test_a_lake_that_knows_accounts_asks_for_them_on_every_machine(endpoint, plant, lakeward, capsys, tmp_path):
    lakeward("run", code=1)
    lakeward("account", "add", "wang.fang", "--person", "Wang Fang", "--role", "admin")
    other = make_plant(tmp_path / "second" / "plant")
    point_to_store(other.root, endpoint, f"commands-{tmp_path.name}")
    result = run_command(capsys, other.root, "query", "SELECT 1 FROM silver.press_line", "--as", "steward")
    assert result.code == 3
    assert "register" in result.err
