"""One batch on its way, on a real lake: both sums, reruns, row identity, and what is worth a warning."""

from pathlib import Path

import pytest

from lakeward.flows import ingest_dataset, list_tables, rebuild_silver, show_quarantine
from lakeward.flows.base.workspace import open_workspace
from support.plant import Plant, csv_line, make_plant


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return make_plant(tmp_path / "plant")


def silver(plant: Plant, columns: str = "machine, ts, temp_degc") -> list[tuple[object, ...]]:
    with open_workspace(plant.settings).engine() as engine:
        return [tuple(row.values()) for row in engine.fetch(f"SELECT {columns} FROM silver.press_line ORDER BY ALL")]


def versions(plant: Plant) -> dict[str, int]:
    return {str(row.table): row.version for row in list_tables(plant.settings)}


def test_good_rows_reach_silver_typed_and_bad_rows_quarantine_with_every_reason(plant: Plant) -> None:
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 999), csv_line("", 2, "warm"))

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.counts.rows_in, report.counts.bronze, report.counts.silver, report.counts.quarantine) == (3, 3, 1, 2)
    assert silver(plant, "temp_degc") == [(20.5,)]
    reasons = {row.row: set(row.reasons) for row in show_quarantine(plant.settings, "press_line", 10)}
    assert reasons == {3: {"temp_in_range"}, 4: {"type:temp_degc", "required:machine", "key:machine"}}


def test_a_run_that_finds_nothing_new_commits_to_no_table(plant: Plant) -> None:
    plant.drop("a.csv", csv_line("M1", 0, 20.5))
    ingest_dataset(plant.settings, "press_line")
    before = versions(plant)

    report = ingest_dataset(plant.settings, "press_line")

    assert report.batches == 0
    assert versions(plant) == before


def test_within_a_batch_the_later_row_wins_and_the_other_is_a_duplicate(plant: Plant) -> None:
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 0, 21.5))

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.counts.silver, report.counts.duplicates) == (1, 1)
    assert silver(plant, "temp_degc") == [(21.5,)]


def test_across_batches_the_same_row_is_a_duplicate_and_a_changed_one_a_correction(plant: Plant) -> None:
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 20.6), csv_line("M1", 2, 20.7))
    ingest_dataset(plant.settings, "press_line")
    plant.drop("b.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 33.3))

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.counts.silver, report.counts.duplicates) == (1, 1)
    assert silver(plant, "temp_degc") == [(20.5,), (20.7,), (33.3,)]


def test_records_that_can_not_be_parsed_are_rejects_with_their_bytes(plant: Plant) -> None:
    plant.drop("a.csv", csv_line("M1", 0, 20.5), "M1,2026-03-01T06:01:00Z", "M1,2026-03-01T06:02:00Z,1,2")

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.counts.rows_in, report.counts.bronze, report.counts.rejects) == (3, 1, 2)
    with open_workspace(plant.settings).engine() as engine:
        raws = engine.fetch("SELECT _row, raw FROM rejects.press_line ORDER BY _row")
    assert [bytes(row["raw"]).rstrip() for row in raws] == [b"M1,2026-03-01T06:01:00Z", b"M1,2026-03-01T06:02:00Z,1,2"]


def test_an_unknown_column_is_kept_and_a_warning(plant: Plant) -> None:
    plant.drop("a.csv", "M1,2026-03-01T06:00:00Z,20.5,north", header="Machine,Time,Temp,Hall")

    report = ingest_dataset(plant.settings, "press_line")

    assert report.counts.silver == 1
    assert report.warnings == (("file_unknown_columns", {"file": "a.csv", "columns": "Hall"}),)


def test_a_file_without_a_required_column_goes_to_rejects(plant: Plant) -> None:
    plant.drop("a.csv", "M1,20.5", header="Machine,Temp")

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.counts.rows_in, report.counts.bronze, report.counts.rejects) == (1, 0, 1)
    assert report.warnings[0] == ("file_missing_columns", {"file": "a.csv", "columns": "Time"})
    assert [code for code, _ in report.rejected] == ["file_missing_columns", "batch_rejects"]


def test_a_batch_of_nothing_but_rejects_scores_zero(plant: Plant) -> None:
    plant.drop("a.csv", "M1")

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.batches, report.counts.rejects, report.score) == (1, 1, 0)


def test_rebuild_makes_the_same_silver_from_bronze(plant: Plant) -> None:
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 999))
    ingest_dataset(plant.settings, "press_line")
    plant.drop("b.csv", csv_line("M1", 0, 22.5))
    ingest_dataset(plant.settings, "press_line")
    before = silver(plant)

    report = rebuild_silver(plant.settings, "press_line")

    assert (report.batches, report.counts.rows_in, report.counts.silver) == (2, 3, 2)
    assert silver(plant) == before


@pytest.mark.exhaustive
def test_rebuild_under_a_wider_rule_lets_quarantined_rows_in(plant: Plant) -> None:
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 999))
    ingest_dataset(plant.settings, "press_line")
    plant.suite({"name": "press_line", "expectations": []})

    report = rebuild_silver(plant.settings, "press_line")

    assert (report.counts.silver, report.counts.quarantine) == (2, 0)
    assert show_quarantine(plant.settings, "press_line", 10) == []


def test_times_beyond_the_calendar_are_quarantined_not_fatal(plant: Plant) -> None:
    plant.drop("a.csv", "M1,0000-01-01T00:00:00Z,1", "M1,0001-01-01T00:00:00+08:00,1", "M1,9999-12-31T23:59:59-05:00,1")

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.counts.silver, report.counts.quarantine) == (0, 3)


def test_an_exact_duplicate_without_a_time_is_known_in_the_next_batch(plant: Plant) -> None:
    contract = plant.dataset / "contract.odcs.yaml"
    text = contract.read_text().replace("required: true", "required: false").replace("primaryKey: true", "primaryKey: false")
    contract.write_text(text + "  - {property: duplicates, value: exact}\n")
    plant.drop("a.csv", "M1,,0.0", "M1,,", ",,", csv_line("M1", 0, 5))
    ingest_dataset(plant.settings, "press_line")
    plant.drop("b.csv", "M1,,-0.0", "M1,,", ",,", csv_line("M1", 0, 5), csv_line("M2", 0, 5))

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.counts.silver, report.counts.duplicates) == (1, 4)
