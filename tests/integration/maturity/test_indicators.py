"""What indicators make of governance rows: grades, access, freshness windows, windows of time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows import ingest_dataset
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.scorecard.assess import measure_indicators
from lakeward.flows.scorecard.inventory import take_inventory
from lakeward.maturity.catalogue import default_catalogue
from support.plant import Plant, csv_line, make_plant

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Lake:
    """A lake with one dataset, to which rows of governance tables are added."""

    engine: Engine
    now: datetime

    def add(self, name: str, *rows: Mapping[str, object], commit: int = 1) -> None:
        blank = {column.name: None for column in governance.table_spec(name).columns}
        governance.append_rows(self.engine, name, [{**blank, **row} for row in rows], Txn("test", commit))

    def value(self, indicator: str, at: datetime | None = None) -> Decimal | int | None:
        evidence = measure_indicators(self.engine, default_catalogue(), at or self.now)[indicator].evidence
        return evidence.value if evidence else None


def make_run(root: Path) -> None:
    plant = make_plant(root)
    contract = plant.dataset / "contract.odcs.yaml"
    contract.write_text(contract.read_text() + "slaProperties:\n  - {property: latency, value: 2, unit: h}\n")
    plant.drop("a.csv", csv_line("M1", 0, 20.5))
    ingest_dataset(plant.settings, "press_line")


@pytest.fixture
def lake(copy_of, tmp_path: Path) -> Iterator[Lake]:
    workspace = open_workspace(Plant(copy_of(make_run, tmp_path / "plant")).settings)
    with workspace.engine() as engine:
        take_inventory(engine, workspace.project)
        yield Lake(engine, datetime.now(UTC))


def proposal(column: str, grade: str | None, at: datetime, seq: int = 1) -> dict[str, object]:
    named = {"dataset": "press_line", "column": column, "column_type": "string", "grade": grade, "seq": seq, "proposed_at": at}
    return {**named, "rule_version": "r1", "catalogue": "c1", "why": "w", "basis": "b", "run_id": "r"}


def decision(column: str, at: datetime) -> dict[str, object]:
    named = {"dataset": "press_line", "column": column, "column_type": "string", "grade": "general", "seq": 1, "decided_at": at}
    return {**named, "action": "confirm", "decided_by": "li.wei", "reason": "seen"}


def query(seq: int, at: datetime, *, objects: str = "[]", verdict: str = "allowed") -> dict[str, object]:
    row = {"session_id": "s", "seq": seq, "objects": objects, "verdict": verdict, "asked_at": at, "logged_at": at}
    return {**row, "account": "a", "role": "analyst", "query_sha256": "0", "rows_out": 0, "policy_sha256": "0"}


def run_rows(lake: Lake, *ago: timedelta) -> list[dict[str, object]]:
    (row,) = governance.read_rows(lake.engine, "runs")
    return [{**row, "batch_seq": n, "batch_id": f"b{n}", "finished_at": lake.now - one} for n, one in enumerate(ago, start=2)]


@pytest.mark.exhaustive
def test_a_column_counts_as_graded_by_its_newest_proposal(lake: Lake) -> None:
    lake.add(
        "grade_proposals",
        proposal("machine", "general", lake.now),
        proposal("ts", "general", lake.now),
        proposal("ts", None, lake.now, seq=2),
    )

    assert lake.value("SS1") == Decimal("33.33")


@pytest.mark.exhaustive
def test_the_wait_for_a_decision_is_counted_in_days(lake: Lake) -> None:
    lake.add("grade_proposals", *(proposal(column, "important", lake.now - 9 * DAY) for column in ("machine", "ts", "temp_degc")))
    lake.add(
        "grade_decisions",
        decision("machine", lake.now - 8 * DAY),
        decision("ts", lake.now - 6 * DAY - 12 * HOUR),
        decision("temp_degc", lake.now),
    )

    assert lake.value("GO4") == Decimal("2.50")


@pytest.mark.exhaustive
def test_a_hole_in_the_access_log_shows(lake: Lake) -> None:
    lake.add("access_log", query(1, lake.now), query(2, lake.now), query(4, lake.now))

    assert lake.value("SA1") == Decimal("75.00")


@pytest.mark.exhaustive
def test_only_an_answered_query_is_use(lake: Lake) -> None:
    lake.add("access_log", query(1, lake.now, objects='["silver.press_line"]', verdict="refused"))
    refused = lake.value("AO2")
    lake.add("access_log", query(2, lake.now, objects='["silver.press_line"]'), commit=2)

    assert (refused, lake.value("AO2"), lake.value("VA3")) == (Decimal("0.00"), Decimal("100.00"), Decimal("100.00"))


def test_a_table_that_is_not_there_yet_is_unknown_by_name(lake: Lake) -> None:
    fact = measure_indicators(lake.engine, default_catalogue(), lake.now)["SS1"]

    assert (fact.unrounded_value, fact.missing, fact.reason) == (None, "governance.grade_proposals", "maturity_no_table")


def test_on_its_first_day_no_freshness_window_is_over(lake: Lake) -> None:
    assert lake.value("LO2") is None


def test_many_runs_in_one_window_meet_one_window(lake: Lake) -> None:
    lake.add("runs", *run_rows(lake, *(timedelta(minutes=n) for n in range(20))))
    later = replace(lake, now=lake.now + 2 * DAY)

    fact = measure_indicators(later.engine, default_catalogue(), later.now)["LO2"]

    assert fact.numerator in {1, 2}
    assert fact.denominator is not None
    assert fact.denominator > 10


@pytest.mark.exhaustive
def test_what_is_older_than_the_window_is_not_counted(lake: Lake) -> None:
    assert lake.value("QC1") == Decimal("100.00")
    assert lake.value("QC1", lake.now + 92 * DAY) is None


@pytest.mark.exhaustive
def test_a_dataset_that_stopped_misses_every_window_since(lake: Lake) -> None:
    assert lake.value("LO2", lake.now + 200 * DAY) == Decimal("0.00")


@pytest.mark.exhaustive
def test_a_planned_batch_that_never_ended_counts_against_the_runs(lake: Lake) -> None:
    (planned,) = governance.read_rows(lake.engine, "batches")
    lake.add("batches", {**planned, "batch_seq": 2, "batch_id": "lost"})

    assert (lake.value("AI2"), lake.value("LO1")) == (Decimal("50.00"), Decimal("50.00"))
