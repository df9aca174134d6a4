"""Suggested rules, from real batches to the suite and back into the next verdict (issue: suggestion and learned bounds)."""

import json
import shutil
from pathlib import Path

import pytest

from lakeward.core.errors import MachineError, UsageError
from lakeward.flows import (
    Acceptance,
    RuleProposal,
    SuggestionReport,
    accept_rules,
    grade_dataset,
    ingest_dataset,
    list_verdicts,
    suggest_rules,
)
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.plant import SUITE, Plant, make_plant
from support.press_line_history import HEADER, PEOPLE, ROWS, deliver, make_press_line_history, reading

# A rule that fails in every clean batch.
WRONG = {
    "type": "expect_column_values_to_be_between",
    "kwargs": {"column": "load_kw", "min_value": 1000, "max_value": 2000},
    "meta": {"lakeward": {"id": "wrong", "severity": "warn"}},
}
YES = Acceptance(("all",), "checked with maintenance", "li.wei")


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return make_press_line_history(
        tmp_path_factory.mktemp("past") / "plant", suite={**SUITE, "expectations": [*SUITE["expectations"], WRONG]}
    )


@pytest.fixture(scope="module")
def found(clean: Plant) -> SuggestionReport:
    return suggest_rules(clean.settings, "press_line")


@pytest.fixture
def plant(clean: Plant, tmp_path: Path) -> Plant:
    return Plant(Path(shutil.copytree(clean.root, tmp_path / "plant")))


def suggest(plant: Plant) -> dict[str, RuleProposal]:
    return {one.id.partition("#")[0]: one for one in suggest_rules(plant.settings, "press_line").proposals}


def suite(plant: Plant) -> dict:
    return json.loads((plant.dataset / "suite.json").read_text())


def test_every_kind_of_rule_is_learned_from_clean_batches(found: SuggestionReport) -> None:
    kinds = {proposal.id.partition("#")[0].partition(":")[0] for proposal in found.proposals}

    assert {"learned_range", "learned_values", "learned_filled", "learned_share", "learned_form", "learned_length"} <= kinds
    assert {"learned_unique", "learned_volume"} <= kinds


def test_nothing_that_is_proposed_fires_on_the_clean_batches_it_was_learned_from(found: SuggestionReport) -> None:
    assert (found.learned, found.held, found.rows) == ((1, 2, 3, 4), (5,), 4 * ROWS)
    assert [p.id for p in found.proposals if p.firing.training.share != 0 or p.firing.holdout.share != 0] == []


def test_a_load_that_depends_on_the_state_gets_a_range_for_each_state(found: SuggestionReport) -> None:
    ranges = [p for p in found.proposals if p.kwargs.get("column") == "load_kw"]
    by_state = {p.kwargs["row_condition"]["parameter"]: p.kwargs for p in ranges if "row_condition" in p.kwargs}

    assert set(by_state) == {"RUN", "STOP"}
    assert by_state["STOP"]["max_value"] < by_state["RUN"]["min_value"]
    assert [p.id for p in ranges if "RUN" in p.id or "STOP" in p.id] == []


def test_the_evidence_gives_its_number_again(clean: Plant, found: SuggestionReport) -> None:
    with open_workspace(clean.settings).engine() as engine:
        for proposal in found.proposals:
            evidence = proposal.evidence
            assert engine.fetch(evidence.sql)[0]["value"] == evidence.value, proposal.id


@pytest.mark.parametrize("column", ["operator", "field7"])
def test_what_tells_a_person_is_in_no_proposal_be_it_by_name_or_by_values(found: dict, column: str) -> None:
    about = {proposal.type for proposal in found.proposals if proposal.kwargs.get("column") == column}

    assert about <= {"expect_column_values_to_not_be_null", "expect_column_value_lengths_to_be_between"}
    assert [value for value in (*PEOPLE, "138") if value in json.dumps(found.as_dict()["proposals"])] == []


def test_an_accepted_rule_fails_a_corrupt_batch(plant: Plant) -> None:
    accepted = accept_rules(plant.settings, "press_line", YES)
    deliver(plant, 9, *(reading(9, row, load=0.5, state="BROKEN") for row in range(ROWS)))
    failed = {v.rule_id for v in list_verdicts(plant.settings, "press_line") if v.outcome == "FAIL"}

    assert "learned_values:state" in failed & set(accepted)


@pytest.mark.exhaustive
def test_a_load_out_of_its_state_fails_the_rule_of_that_state(plant: Plant) -> None:
    accept_rules(plant.settings, "press_line", YES)
    deliver(plant, 9, *(reading(9, row, load=45) for row in range(ROWS)))
    failed = [v for v in list_verdicts(plant.settings, "press_line") if v.outcome == "FAIL"]

    assert [(v.expectation, v.failed, v.evaluated) for v in failed if v.rule_id != "wrong"] == [
        ("expect_column_values_to_be_between", ROWS // 3, ROWS // 3)
    ]


def test_an_accepted_rule_says_who_why_and_from_what_it_was_learned(plant: Plant) -> None:
    accept_rules(plant.settings, "press_line", Acceptance(("learned_volume",), "as planned", "li.wei"))
    ours = suite(plant)["expectations"][-1]["meta"]["lakeward"]

    assert (ours["id"], ours["severity"], ours["reason"], ours["by"]) == ("learned_volume", "warn", "as planned", "li.wei")
    assert set(ours["learned_from"]) == {"table", "version", "rows", "from", "to"}


@pytest.mark.exhaustive
def test_accepting_again_changes_no_byte(plant: Plant) -> None:
    accept_rules(plant.settings, "press_line", YES)
    before = (plant.dataset / "suite.json").read_bytes()

    assert accept_rules(plant.settings, "press_line", YES) == []
    assert accept_rules(plant.settings, "press_line", Acceptance(("learned_volume",), "again")) == []
    assert (plant.dataset / "suite.json").read_bytes() == before
    assert suggest(plant) == {}


@pytest.mark.exhaustive
def test_a_person_s_own_rule_is_left_alone_and_not_proposed_again(plant: Plant) -> None:
    mine = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "state", "mostly": 0.5}}
    plant.suite({"name": "press_line", "expectations": [mine]})

    assert "learned_filled:state" not in suggest(plant)
    accept_rules(plant.settings, "press_line", YES)
    assert suite(plant)["expectations"][0] == mine


def test_a_rule_that_nobody_believes_is_told(found: SuggestionReport) -> None:
    assert [one.facts for one in found.findings if one.code == "suggest_rule_fires"] == [
        {"rule": "wrong", "fired": 5, "batches": 5, "failed": 5 * ROWS}
    ]


def test_what_moves_in_the_batches_kept_back_is_told_and_not_proposed(plant: Plant) -> None:
    deliver(plant, 9, *(reading(9, row, temp=90) for row in range(ROWS)))
    found = suggest_rules(plant.settings, "press_line")

    assert "learned_range:temp_degc" not in {p.id for p in found.proposals}
    assert "learned_range:temp_degc" in [one.facts["id"] for one in found.findings if one.code == "suggest_unsettled"]


def test_a_column_whose_values_are_another_s_key_gets_that_whole_key(plant: Plant) -> None:
    other = plant.dataset.parent / "machines"
    text = (plant.dataset / "contract.odcs.yaml").read_text().replace("press_line", "machines")
    other.mkdir()
    (other / "contract.odcs.yaml").write_text(text.replace(", primaryKey: true, primaryKeyPosition: 2", ""))
    rows = [reading(0, row, machine=f"M{row}") for row in range(8)]
    (plant.root / "inbox" / "machines").mkdir()
    (plant.root / "inbox" / "machines" / "a.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    ingest_dataset(plant.settings, "machines")
    assert "learned_refers:machine" not in suggest(plant)

    grade_dataset(plant.settings, "machines")
    rule = suggest(plant)["learned_refers:machine"]
    assert rule.kwargs["value_set"] == [f"M{row}" for row in range(8)]
    assert rule.facts["table"] == "silver.machines"
    with open_workspace(plant.settings).engine() as engine:
        read = governance.read_rows(engine, "access_log", order="asked_at")[-1]["objects"]
    assert json.loads(read) == ["silver.machines", "silver.press_line"]


def test_without_a_past_the_message_says_to_run_first(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lakeward run press_line"):
        suggest_rules(make_plant(tmp_path / "plant").settings, "press_line")


@pytest.mark.exhaustive
def test_an_unknown_proposal_is_refused_and_nothing_is_written(plant: Plant) -> None:
    before = (plant.dataset / "suite.json").read_bytes()

    with pytest.raises(UsageError, match="learned_nothing"):
        accept_rules(plant.settings, "press_line", Acceptance(("learned_nothing", "learned_volume"), "why not"))
    assert (plant.dataset / "suite.json").read_bytes() == before


def test_no_rule_is_accepted_without_a_reason(plant: Plant) -> None:
    with pytest.raises(UsageError, match="--reason"):
        accept_rules(plant.settings, "press_line", Acceptance(("all",), " "))


@pytest.mark.exhaustive
def test_a_suite_that_can_t_be_written_is_named(plant: Plant) -> None:
    (plant.dataset / "suite.json").unlink()
    (plant.dataset / "suite.json").mkdir()

    with pytest.raises(MachineError, match=r"expectations/datasets/press_line/suite\.json"):
        accept_rules(plant.settings, "press_line", YES)
