"""Sensor rules over the batches of a real lake: context goes from batch to batch once, through kills and rebuilds."""

import signal
from pathlib import Path
from typing import Any

import pytest

from lakeward.flows import ingest_dataset, rebuild_silver
from lakeward.flows.base.batch_context import BatchStep
from lakeward.flows.base.workspace import open_workspace
from support.plant import Plant, csv_line, ingest_killed_at, make_plant
from support.processes import quick_processes

PROCESSES = quick_processes()


def rule(type_: str, severity: str = "warn", **kwargs: object) -> dict[str, Any]:
    return {"type": f"expect_series_{type_}", "kwargs": kwargs, "meta": {"lakeward": {"id": type_, "severity": severity}}}


SUITE = {
    "name": "press_line",
    "expectations": [
        rule("no_gap", "quarantine", max_gap_seconds=90),
        rule("not_flat", max_flat_seconds=150, column="temp_degc"),
        rule("timestamps_in_order"),
    ],
    "meta": {},
}


def fill(root: Path) -> None:
    """Three files: a gap before the second, a flat line from the second into the third, and a late reading."""
    plant = make_plant(root)
    plant.suite(SUITE)
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 20.6))
    ingest_dataset(plant.settings, "press_line")
    plant.drop("b.csv", csv_line("M1", 5, 20.7), csv_line("M1", 6, 20.7), csv_line("M1", 7, 20.7))
    ingest_dataset(plant.settings, "press_line")
    plant.drop("c.csv", csv_line("M1", 8, 20.7), csv_line("M1", 2, 20.5), csv_line("M1", 9, 20.9))


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(fill, tmp_path / "plant"))


def verdict_counts(plant: Plant, generation: int = 1) -> dict[int, dict[str, tuple[int, int]]]:
    """Per batch and rule, readings evaluated and failed."""
    with open_workspace(plant.settings).engine() as engine:
        found = engine.fetch(
            f"SELECT * FROM governance.verdicts WHERE generation = {generation} AND expectation LIKE 'expect_series%' ORDER BY batch_seq"
        )
    batches: dict[int, dict[str, tuple[int, int]]] = {}
    for row in found:
        batches.setdefault(row["batch_seq"], {})[row["rule_id"]] = (row["evaluated"], row["failed"])
    return batches


EXPECTED = {
    1: {"no_gap": (1, 0), "not_flat": (1, 0), "timestamps_in_order": (1, 0)},
    2: {"no_gap": (3, 1), "not_flat": (3, 0), "timestamps_in_order": (3, 0)},
    3: {"no_gap": (2, 0), "not_flat": (2, 1), "timestamps_in_order": (3, 1)},
}


def stored_state(plant: Plant) -> list[tuple[object, ...]]:
    with open_workspace(plant.settings).engine() as engine:
        rows = engine.fetch("SELECT * FROM governance.series_state ORDER BY generation, batch_seq, series")
    return [tuple(row.values()) for row in rows]


def test_what_spans_batches_is_found_once_and_diverts_its_row(plant: Plant) -> None:
    ingest_dataset(plant.settings, "press_line")
    assert verdict_counts(plant) == EXPECTED
    with open_workspace(plant.settings).engine() as engine:
        bad = engine.fetch("SELECT _batch_seq, _row, _reasons FROM quarantine.press_line")
    assert [(row["_batch_seq"], row["_row"], row["_reasons"]) for row in bad] == [(2, 2, '["no_gap"]')]


def test_a_late_reading_leaves_the_newest_time_in_the_state(plant: Plant) -> None:
    ingest_dataset(plant.settings, "press_line")
    assert [(row[2], str(row[5])) for row in stored_state(plant)] == [
        (1, "2026-03-01 06:01:00+00:00"),
        (2, "2026-03-01 06:07:00+00:00"),
        (3, "2026-03-01 06:09:00+00:00"),
    ]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("step", [BatchStep.QUARANTINE, BatchStep.PUBLISHED, BatchStep.VERDICTS])
def test_a_batch_resumed_after_a_kill_sees_what_it_saw_the_first_time(plant: Plant, step: BatchStep) -> None:
    process = PROCESSES.Process(target=ingest_killed_at, args=(plant.root, step))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    ingest_dataset(plant.settings, "press_line")
    assert verdict_counts(plant) == EXPECTED
    assert len(stored_state(plant)) == 3


@pytest.mark.exhaustive
def test_a_rebuild_gives_the_same_verdicts_from_a_state_of_its_own(plant: Plant) -> None:
    ingest_dataset(plant.settings, "press_line")
    rebuild_silver(plant.settings, "press_line")
    assert verdict_counts(plant, generation=2) == EXPECTED
    assert [row[1] for row in stored_state(plant)] == [1, 1, 1, 2, 2, 2]


@pytest.mark.exhaustive
def test_a_run_without_news_writes_no_state(plant: Plant) -> None:
    ingest_dataset(plant.settings, "press_line")
    before = stored_state(plant)
    ingest_dataset(plant.settings, "press_line")
    assert stored_state(plant) == before
