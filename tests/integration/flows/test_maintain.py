"""Maintenance of a lake that took many small batches: the same answers from fewer files, and life goes on after it."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lakeward import flows
from lakeward.core.errors import ContractError, SettingsError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows import maintain
from lakeward.flows.base.batch_context import BatchStep
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.operations.maintain import RECEIVED_ORDER, sort_columns
from lakeward.portal.export import build_scorecard
from support.plant import SUITE, Plant, csv_line, ingest_killed_at, make_plant
from support.processes import quick_processes
from support.quarantine_line import BY, EVERY_ROW

NAME = "press_line"
PROCESSES = quick_processes()
SENSORS = {
    "name": NAME,
    "expectations": [
        {
            "type": "expect_series_no_gap",
            "kwargs": {"max_gap_seconds": 90},
            "meta": {"lakeward": {"id": "no_gap", "severity": "quarantine"}},
        },
        {
            "type": "expect_series_not_flat",
            "kwargs": {"max_flat_seconds": 150, "column": "temp_degc"},
            "meta": {"lakeward": {"id": "not_flat", "severity": "warn"}},
        },
    ],
    "meta": {},
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plant that took four batches of three rows: from the second on a row of each is too hot."""
    plant = make_plant(tmp_path_factory.mktemp("filled") / "plant")
    for batch in range(4):
        hot = 300 if batch else 20
        plant.drop(f"{batch}.csv", csv_line("M2", batch, 20), csv_line("M1", batch, 21.5), csv_line("M3", batch, hot))
        flows.ingest_dataset(plant.settings, NAME)
    return plant.root


@pytest.fixture
def plant(filled: Path, tmp_path: Path) -> Plant:
    """A copy of it."""
    shutil.copytree(filled, tmp_path / "plant")
    return Plant(tmp_path / "plant")


def answers(settings: Settings) -> dict[str, list[dict[str, object]]]:
    """Every row of every table, but what maintenance says of itself."""
    with open_workspace(settings).engine() as engine:
        names = [str(info.name) for info in engine.tables() if info.name.name != "maintenance"]
        return {name: engine.fetch(f"SELECT * FROM {name} ORDER BY ALL") for name in names}


def files(plant: Plant, table: str) -> int:
    return len(DeltaTable(str(plant.root / "lake" / table)).file_uris())


def versions(settings: Settings) -> dict[str, int]:
    with open_workspace(settings).engine() as engine:
        return {str(info.name): info.version for info in engine.tables()}


def make_lake_older(plant: Plant, days: int) -> None:
    """Let the whole lake be so old."""
    for file in (plant.root / "lake").rglob("*"):
        if file.is_file():
            then = time.time() - days * 86_400
            os.utime(file, (then, then))


def test_every_table_has_fewer_files_and_the_same_rows_and_a_run_with_nothing_to_do_commits_to_none(plant: Plant) -> None:
    before = answers(plant.settings)
    done, failed = maintain(plant.settings)
    assert (answers(plant.settings), failed) == (before, {})
    told = {row.table: row for row in done}
    assert told.keys() == before.keys()
    assert (told["silver.press_line"].files_before, told["silver.press_line"].files_after) == (4, 1)
    assert files(plant, "bronze/press_line") == files(plant, "governance/verdicts") == 1
    with open_workspace(plant.settings).engine() as engine:
        recorded = engine.fetch("SELECT * FROM governance.maintenance")
    assert {row["table_name"] for row in recorded} == {row.table for row in done if row.has_changes}
    assert {(row["seq"], row["retention_days"]) for row in recorded} == {(1, 30)}
    # The second run finds the table of the first one's record, and says in it how long its versions are kept.
    maintain(plant.settings)
    stored = versions(plant.settings)
    done, _ = maintain(plant.settings)
    assert versions(plant.settings) == stored
    assert not any(row.has_changes for row in done)


def test_one_dataset_leaves_governance_alone(plant: Plant) -> None:
    done, _ = maintain(plant.settings, [NAME])
    assert {row.table for row in done} == {f"{layer}.{NAME}" for layer in ("bronze", "silver", "quarantine")}
    assert files(plant, "governance/runs") == 4


def test_batches_duplicates_and_corrections_go_on_after_it(plant: Plant) -> None:
    maintain(plant.settings)
    plant.drop("more.csv", csv_line("M1", 0, 21.5), csv_line("M1", 1, 99), csv_line("M1", 30, 20), csv_line("M3", 31, 300))
    counts = flows.ingest_dataset(plant.settings, NAME).counts
    assert (counts.rows_in, counts.bronze, counts.silver, counts.quarantine, counts.duplicates) == (4, 4, 2, 1, 1)
    rows = answers(plant.settings)["silver.press_line"]
    assert len(rows) == 10
    assert [row["temp_degc"] for row in rows if row["machine"] == "M1" and row["ts"].minute == 1] == [99.0]
    assert flows.ingest_dataset(plant.settings, NAME).batches == 0


@pytest.mark.exhaustive
def test_a_row_is_explained_and_replayed_after_it(plant: Plant) -> None:
    where = "machine=M1,ts=2026-03-01T06:02:00Z"
    before = flows.explain_row(plant.settings, "silver.press_line", where)
    maintain(plant.settings)
    assert flows.explain_row(plant.settings, "silver.press_line", where) == before
    rule = SUITE["expectations"][0]
    plant.suite({**SUITE, "expectations": [{**rule, "kwargs": {**rule["kwargs"], "max_value": 400}}]})
    done = flows.replay_rows(plant.settings, NAME, EVERY_ROW, BY)
    assert (done.counts.silver, done.counts.quarantine) == (3, 0)
    maintain(plant.settings)
    assert len(answers(plant.settings)["silver.press_line"]) == 12


@pytest.mark.exhaustive
def test_a_rebuild_after_it_makes_the_same_silver(plant: Plant) -> None:
    before = answers(plant.settings)["silver.press_line"]
    maintain(plant.settings)
    plant.contract(version="2.0.0")
    flows.rebuild(plant.settings, NAME)
    own = ("_run_id",)
    after = answers(plant.settings)["silver.press_line"]
    assert [{k: v for k, v in row.items() if k not in own} for row in after] == [
        {k: v for k, v in row.items() if k not in own} for row in before
    ]
    maintain(plant.settings)
    assert len(answers(plant.settings)["silver.press_line"]) == len(before)


def ingest_readings(plant: Plant, first: int, last: int) -> None:
    """A reading a minute in batches of one, flat from the second on, with a gap before the fourth."""
    for batch in range(first, last):
        plant.drop(f"{batch}.csv", csv_line("M1", batch + 3 * (batch >= 3), 30 if batch else 20), csv_line("M2", batch, batch))
        flows.ingest_dataset(plant.settings, NAME)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plant with sensor rules that took three batches."""
    plant = make_plant(tmp_path_factory.mktemp("watched") / "plant")
    plant.suite(SENSORS)
    ingest_readings(plant, 0, 3)
    return plant.root


def verdicts(plant: Plant) -> list[tuple[object, ...]]:
    with open_workspace(plant.settings).engine() as engine:
        rows = engine.fetch("SELECT generation, batch_seq, rule_id, evaluated, failed FROM governance.verdicts ORDER BY ALL")
    return [tuple(row.values()) for row in rows]


def test_sensor_rules_say_the_same_when_their_superseded_state_is_dropped(watched: Path, tmp_path: Path) -> None:
    kept, trimmed = (Plant(shutil.copytree(watched, tmp_path / name)) for name in ("kept", "trimmed"))
    done, _ = maintain(trimmed.settings, [NAME])
    assert {row.table: row.rows_dropped for row in done}["governance.series_state"] == 4
    assert len(answers(trimmed.settings)["governance.series_state"]) == 2
    for plant in (kept, trimmed):
        ingest_readings(plant, 3, 5)
    assert verdicts(trimmed) == verdicts(kept)
    assert {rule for _, _, rule, _, failed in verdicts(trimmed) if failed} >= {"no_gap"}


@pytest.mark.exhaustive
def test_a_rebuild_judges_sensor_rules_anew_and_its_state_replaces_the_old(watched: Path, tmp_path: Path) -> None:
    plant = Plant(shutil.copytree(watched, tmp_path / "plant"))
    ingest_readings(plant, 3, 5)
    maintain(plant.settings)
    plant.contract(version="2.0.0")
    flows.rebuild(plant.settings, NAME)
    told = verdicts(plant)
    assert [row[1:] for row in told if row[0] == 2] == [row[1:] for row in told if row[0] == 1]
    maintain(plant.settings)
    assert {row["generation"] for row in answers(plant.settings)["governance.series_state"]} == {2}


def test_what_a_batch_that_is_not_finished_reads_is_kept(watched: Path, tmp_path: Path) -> None:
    plant = Plant(shutil.copytree(watched, tmp_path / "plant"))
    plant.drop("3.csv", csv_line("M1", 6, 30), csv_line("M2", 3, 3))
    process = PROCESSES.Process(target=ingest_killed_at, args=(plant.root, BatchStep.SCORES))
    process.start()
    process.join()
    maintain(plant.settings)
    assert process.exitcode == -signal.SIGKILL
    assert [row["batch_seq"] for row in answers(plant.settings)["governance.series_state"]] == [3, 3, 4, 4]


def test_files_of_old_versions_go_with_the_retention_of_the_project(plant: Plant) -> None:
    with (plant.root / "expectations" / "project.yaml").open("a") as file:
        file.write("maintain: {retention_days: 7}\n")
    maintain(plant.settings)
    make_lake_older(plant, 6)
    assert not any(row.files_removed for row in maintain(plant.settings)[0])
    make_lake_older(plant, 8)
    done = {row.table: row for row in maintain(plant.settings)[0]}
    assert done["silver.press_line"].files_removed == 4
    assert done["silver.press_line"].bytes_freed > 0
    assert len(answers(plant.settings)["silver.press_line"]) == 9


@pytest.mark.parametrize("wrong", ["{retention_days: 0}", "{retention_days: 1.5}", "{keep: 3}", "30"])
def test_a_retention_that_is_none_is_refused(tmp_path: Path, wrong: str) -> None:
    plant = make_plant(tmp_path / "plant")
    with (plant.root / "expectations" / "project.yaml").open("a") as file:
        file.write(f"maintain: {wrong}\n")
    with pytest.raises(SettingsError, match=r"retention_days|keep|mapping"):
        maintain(plant.settings)


@pytest.mark.exhaustive
def test_a_figure_of_a_version_that_is_gone_is_said_so(plant: Plant) -> None:
    build_scorecard(plant.settings)
    figure = next(f.id for f in flows.read_scorecard(plant.settings).figures() if f.id.startswith("totals/"))
    assert flows.open_figure(plant.settings, figure).value is not None
    maintain(plant.settings)
    assert flows.open_figure(plant.settings, figure).value is not None
    make_lake_older(plant, 31)
    maintain(plant.settings)
    with pytest.raises(UsageError, match="can no longer be read"):
        flows.open_figure(plant.settings, figure)


def test_a_contract_that_is_not_valid_keeps_no_other_table_from_it(plant: Plant) -> None:
    (plant.dataset / "contract.odcs.yaml").write_text("apiVersion: v3.2.0\n")
    done, failed = maintain(plant.settings)
    assert isinstance(failed[NAME], ContractError)
    assert {row.table.partition(".")[0] for row in done} == {"governance"}


@pytest.mark.exhaustive
def test_tables_of_a_dataset_that_the_project_forgot_are_maintained(plant: Plant) -> None:
    for file in plant.dataset.iterdir():
        file.unlink()
    _, failed = maintain(plant.settings)
    assert failed == {}
    assert files(plant, "silver/press_line") == 1


def test_an_empty_lake_and_an_unknown_dataset(tmp_path: Path) -> None:
    plant = make_plant(tmp_path / "plant")
    assert maintain(plant.settings) == ([], {})
    with pytest.raises(UsageError, match="press_lin"):
        maintain(plant.settings, ["press_lin"])


def test_published_rows_are_sorted_by_series_and_time_and_others_as_received(tmp_path: Path) -> None:
    contract = open_workspace(make_plant(tmp_path / "plant").settings).project.contract(NAME)
    tables = {layer: contract.table(layer) for layer in type(contract.layer)}
    assert sort_columns(tables["silver"], contract) == ("machine", "ts")
    assert sort_columns(tables["bronze"], contract) == sort_columns(tables["silver"], None) == RECEIVED_ORDER
