"""Readiness of a real lake: every figure opens, a rerun commits nothing, and what is unknown is never a zero."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from lakeward.core.errors import DefinitionError, UsageError
from lakeward.core.names import TableName
from lakeward.flows import MaturityIndicator, assess_readiness, ingest_dataset, list_tables, show_maturity
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.scorecard.assess import stored_assessment
from lakeward.flows.scorecard.editions import ANSWERS_FILE
from lakeward.flows.scorecard.readiness import stored_readiness
from lakeward.flows.scorecard.summary import maturity_summary
from lakeward.maturity.catalogue import default_catalogue
from support.plant import Plant, csv_line, make_plant

ANSWER = """\
edition: GB/T 36073-2025
answers:
  - item: "{item}"
    who: wang.fang
    when: 2026-11-20
    reason: seen with the owners
    documents: [docs/plan.pdf]
    conformity: {{1: [100], 2: [100, 70, 100], 3: [70, 50, 0, 50], 4: [0], 5: [0]}}
"""


def make_run(root: Path) -> None:
    plant = make_plant(root)
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 999))
    ingest_dataset(plant.settings, "press_line")


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(make_run, tmp_path / "plant"))


@pytest.fixture
def empty(tmp_path: Path) -> Plant:
    return make_plant(tmp_path / "plant")


def answer(plant: Plant, text: str) -> None:
    path = plant.root / ANSWERS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def versions(plant: Plant) -> dict[str, int]:
    return {str(row.table): row.version for row in list_tables(plant.settings)}


def show_item(plant: Plant, item: str) -> dict[str, MaturityIndicator]:
    return {row.indicator: row for row in show_maturity(plant.settings, item)[0].indicators}


def measured_items(plant: Plant) -> list[dict[str, object]]:
    with open_workspace(plant.settings).engine() as engine:
        return [row for row in stored_assessment(engine) if row["sql"]]


def test_every_figure_is_what_its_query_gives_at_its_versions(plant: Plant) -> None:
    assess_readiness(plant.settings)
    rows = measured_items(plant)
    plant.drop("b.csv", csv_line("M1", 2, 21), csv_line("M2", 3, 999))
    ingest_dataset(plant.settings, "press_line")

    assert len(rows) >= 20
    with open_workspace(plant.settings).engine() as engine:
        for row in rows:
            read = {TableName.parse(table): version for table, version in json.loads(row["versions"]).items()}
            found = engine.fetch(row["sql"], at=read)
            assert found == [{name: row[name] for name in ("numerator", "denominator", "value")}], row["indicator"]


def test_figures_are_those_that_can_be_counted_by_hand(plant: Plant) -> None:
    assess_readiness(plant.settings)

    checks = show_item(plant, "11.2")
    with open_workspace(plant.settings).engine() as engine:
        outcomes = [row["outcome"] for row in engine.fetch("SELECT outcome FROM governance.verdicts")]
    known = [outcome for outcome in outcomes if outcome != "UNKNOWN"]
    assert (checks["QC1"].numerator, checks["QC1"].denominator) == (len(known), len(outcomes))
    assert (checks["QC2"].numerator, checks["QC2"].denominator) == (known.count("PASS"), len(known))
    assert (checks["QC4"].value, checks["QC4"].level) == (Decimal("100.00"), Decimal("2.00"))


def test_a_lake_of_one_day_reads_low_and_names_what_is_missing(plant: Plant) -> None:
    readiness = assess_readiness(plant.settings).readiness

    assert 0 < readiness.measured_items < 8
    assert readiness.level is None
    assert readiness.score is not None
    assert readiness.score <= 3
    issues = show_item(plant, "11.2")["QC3"]
    assert (issues.value, issues.level, issues.reason, issues.missing) == (None, None, "maturity_no_source", "issues")


def test_a_rerun_over_unchanged_tables_commits_nothing(plant: Plant) -> None:
    first = assess_readiness(plant.settings)
    before = versions(plant)

    again = assess_readiness(plant.settings)

    assert (first.changed, again.changed) == (True, False)
    assert again.run_id == first.run_id
    assert versions(plant) == before


@pytest.mark.exhaustive
def test_a_new_batch_is_a_new_assessment(plant: Plant) -> None:
    assess_readiness(plant.settings)
    plant.drop("b.csv", csv_line("M1", 2, 21))
    ingest_dataset(plant.settings, "press_line")

    assert assess_readiness(plant.settings).changed
    with open_workspace(plant.settings).engine() as engine:
        assert {row["seq"] for row in stored_assessment(engine)} == {2}


def test_over_an_empty_lake_everything_is_unknown_and_says_so(empty: Plant) -> None:
    readiness = assess_readiness(empty.settings).readiness

    assert (readiness.score, readiness.level, readiness.measured_items) == (None, None, 0)
    assert {row.score for row in show_maturity(empty.settings)} == {None}
    indicators = [indicator for item in readiness.items for indicator in item.indicators]
    assert {(each.level, each.fact.evidence, each.reason) for each in indicators} == {(None, None, "maturity_lake_empty")}


def test_a_project_without_contracts_measures_nothing_and_a_rerun_writes_nothing(empty: Plant) -> None:
    (empty.dataset / "contract.odcs.yaml").unlink()

    assert assess_readiness(empty.settings).readiness.measured_items == 0
    assert not assess_readiness(empty.settings).changed


@pytest.mark.exhaustive
def test_what_is_stored_tells_the_same_as_what_was_assessed(plant: Plant) -> None:
    answer(plant, ANSWER.format(item="11.2"))
    readiness = assess_readiness(plant.settings).readiness

    with open_workspace(plant.settings).engine() as engine:
        assert maturity_summary(stored_readiness(stored_assessment(engine), default_catalogue())) == maturity_summary(readiness)


@pytest.mark.exhaustive
def test_an_answer_stands_beside_the_proposal_with_the_difference(plant: Plant) -> None:
    answer(plant, ANSWER.format(item="8.4"))
    assess_readiness(plant.settings)

    (row,) = show_maturity(plant.settings, "8.4")
    assert (row.score, row.assessor, row.documents) == (Decimal("2.33"), Decimal("2.33"), ("docs/plan.pdf",))
    assert row.difference == row.assessor - row.proposal


def test_an_answer_measures_what_telemetry_can_not(empty: Plant) -> None:
    answer(empty, ANSWER.format(item="6.1"))

    readiness = assess_readiness(empty.settings).readiness

    assert (readiness.measured_items, readiness.score) == (1, Decimal("2.33"))


@pytest.mark.parametrize(("old", "new", "code"), [("6.1", "15.1", "maturity_unknown_item"), ("2025", "2018", "maturity_edition")])
def test_wrong_answers_stop_the_assessment_before_anything_is_written(empty: Plant, old: str, new: str, code: str) -> None:
    answer(empty, ANSWER.format(item="6.1").replace(old, new))

    with pytest.raises(DefinitionError) as caught:
        assess_readiness(empty.settings)

    assert caught.value.code == code
    assert versions(empty) == {}


def test_an_item_of_no_edition_and_a_lake_never_assessed_are_refused(empty: Plant) -> None:
    with pytest.raises(UsageError) as unknown:
        show_maturity(empty.settings, "15.1")
    with pytest.raises(UsageError) as early:
        show_maturity(empty.settings)

    assert (unknown.value.code, early.value.code) == ("maturity_item_not_there", "maturity_not_assessed")


@pytest.mark.exhaustive
def test_a_table_without_a_contract_counts_against_the_figure(plant: Plant) -> None:
    (plant.dataset / "contract.odcs.yaml").unlink()

    assess_readiness(plant.settings)

    contracts = show_item(plant, "8.1")["AM1"]
    assert (contracts.numerator, contracts.denominator, contracts.level) == (0, 1, Decimal("1.00"))
