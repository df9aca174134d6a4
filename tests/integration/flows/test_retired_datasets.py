"""A retired dataset is not run any more and has no DAG; its tables stay, are served, and what reads them goes on."""

import json
from pathlib import Path

import pytest

from lakeward.contracts.load import parse_contract
from lakeward.contracts.status_edit import with_status
from lakeward.core.errors import UsageError
from lakeward.flows import (
    curate_dataset,
    ingest_dataset,
    list_tables,
    open_connection,
    project_status,
    rebuild,
    retire_dataset,
    run_all,
)
from support.command_line import run_command
from support.graded_plant import drop_hour, make_graded_plant
from support.plant import CONTRACT, Plant

TEXT = CONTRACT.format(version="1.0.0", columns="")


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(make_graded_plant, tmp_path / "plant"))


def versions(plant: Plant) -> dict[str, int]:
    return {str(row.table): row.version for row in list_tables(plant.settings)}


def test_it_is_not_run_and_its_tables_stay(plant):
    before = versions(plant)
    done = retire_dataset(plant.settings, "press_line")
    assert (done.rows, done.readers, done.is_written) == (6, ("press_hourly",), True)
    drop_hour(plant, 2, 3)
    for run in (ingest_dataset, rebuild):
        with pytest.raises(UsageError) as refused:
            run(plant.settings, "press_line")
        assert (refused.value.code, refused.value.exit_code) == ("dataset_retired", 2)
    reports, errors = run_all(plant.settings)
    assert ([report.dataset for report in reports], errors) == (["press_hourly"], {})
    assert versions(plant) == before
    with open_connection(plant.settings, "steward") as con:
        assert con.sql("SELECT count(*) AS n FROM silver.press_line").fetchall() == [(6,)]


def test_a_retired_gold_dataset_is_not_waited_for(plant):
    retire_dataset(plant.settings, "press_hourly")
    drop_hour(plant, 2, 3)
    assert ingest_dataset(plant.settings, "press_line").batches == 1
    with pytest.raises(UsageError, match="retired"):
        curate_dataset(plant.settings, "press_hourly")


def test_the_status_says_so_and_is_not_late(plant):
    retire_dataset(plant.settings, "press_line")
    found = {row.dataset: row for row in project_status(plant.settings)}
    assert (found["press_line"].retired, found["press_line"].late) == (True, None)
    assert "next_retired" in [step.code for step in found["press_line"].next]
    assert found["press_hourly"].retired is False


def test_a_preview_writes_nothing_and_a_second_time_is_refused(plant, capsys):
    contract = plant.dataset / "contract.odcs.yaml"
    before = contract.read_bytes()
    assert (
        json.loads(run_command(capsys, plant.root, "contract", "retire", "press_line", "--dry-run", "--json").out)["is_written"]
        is False
    )
    assert contract.read_bytes() == before
    assert run_command(capsys, plant.root, "contract", "retire", "press_line").code == 0
    again = run_command(capsys, plant.root, "contract", "retire", "press_line")
    assert (again.code, "status: active" in again.err) == (2, True)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("status: active\n", ""),
        TEXT.replace("status: active", "status: active   # since 2024"),
        TEXT.replace("active", '"active"'),
    ],
)
def test_only_the_status_of_the_text_changes(text):
    retired = with_status(text, "retired")
    assert parse_contract(retired, "contract.odcs.yaml").retired
    assert set(text.splitlines()) - set(retired.splitlines()) <= {line for line in text.splitlines() if "status" in line}
    assert ("# since 2024" in text) == ("# since 2024" in retired)
