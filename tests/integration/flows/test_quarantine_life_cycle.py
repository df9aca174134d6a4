"""The life of a row that a rule set aside: repaired, judged again, released or given up; each exactly once, each recorded."""

import pytest

from lakeward.core.errors import ProtectionError, UsageError
from lakeward.flows import (
    expire_rows,
    explain_row,
    grade_dataset,
    ingest_dataset,
    list_quarantine,
    list_runs,
    quarantine_figures,
    read_scorecard,
    rebuild,
    release_rows,
    repair_rows,
    show_lineage,
    show_quarantine,
)
from lakeward.flows.quarantine.events import Signature
from lakeward.flows.quarantine.selection import Selection, parse_duration
from lakeward.flows.steward.repair import Repair
from support.plant import Plant, csv_line
from support.quarantine_line import (
    BY,
    EVERY_ROW,
    FIRST,
    HOT_ROWS,
    SECOND,
    STEWARD,
    TENTHS,
    WORD,
    QuarantinePlant,
    make_quarantine_plant,
)


@pytest.fixture
def aside(copy_of, tmp_path) -> QuarantinePlant:
    return QuarantinePlant(Plant(copy_of(make_quarantine_plant, tmp_path / "plant")))


def test_repaired_rows_wait_for_a_replay_and_reach_silver_by_it(aside):
    assert aside.repair() == 2
    assert aside.temperatures() == {0: 20.0}
    counts = aside.replay(HOT_ROWS).counts
    assert (counts.rows_in, counts.bronze, counts.silver, counts.quarantine) == (2, 2, 2, 0)
    assert aside.temperatures() == {0: 20.0, 1: 21.5, 2: 30.0}


def test_second_replay_finds_nothing_and_commits_to_no_table(aside):
    aside.repair()
    aside.replay()
    before = aside.versions()
    report = aside.replay()
    assert (report.batches, report.warnings[0][0]) == (0, "quarantine_nothing_open")
    assert aside.versions() == before


def test_row_that_fails_again_is_open_again_with_what_it_was_judged_by(aside):
    report = aside.replay(EVERY_ROW)
    assert (report.counts.silver, report.counts.quarantine) == (0, 3)
    rows = show_quarantine(aside.settings, "press_line", 10)
    assert [(row.id, row.batch, row.state) for row in rows] == [
        ("1:3", 2, "open"),
        ("1:4", 2, "open"),
        ("1:5", 2, "open"),
    ]


def test_replay_of_all_that_is_open_does_nothing_while_neither_rows_nor_rules_changed(aside):
    before = aside.versions()
    assert aside.replay().batches == 0
    assert aside.versions() == before


def test_replay_under_a_new_rule_takes_what_passes_now(aside):
    aside.widen(250)
    report = aside.replay(HOT_ROWS)
    assert (report.counts.silver, report.counts.quarantine) == (1, 1)
    assert aside.temperatures() == {0: 20.0, 1: 215.0}


def test_edited_row_comes_with_what_a_person_typed_and_the_value_is_in_no_event(aside):
    aside.repair(Selection(rows=(WORD,)), Repair(texts={"temp_degc": "23.75"}))
    aside.replay(Selection(rows=(WORD,)))
    assert aside.temperatures()[3] == 23.75
    event = aside.fetch("SELECT * FROM governance.quarantine_events WHERE event = 'repair'")[0]
    assert event["expression"] == "temp_degc"
    assert "23.75" not in str(event)


@pytest.mark.exhaustive
def test_second_repair_works_on_the_first(aside):
    aside.repair()
    assert (
        aside.repair(Selection(where="CAST(temp_degc AS DOUBLE) > 25"), Repair({"temp_degc": "CAST(temp_degc AS DOUBLE) + 1"}))
        == 1
    )
    aside.replay(HOT_ROWS)
    assert aside.temperatures() == {0: 20.0, 1: 21.5, 2: 31.0}


def test_repair_that_fails_on_a_row_repairs_none_and_tells_no_value(aside):
    with pytest.raises(UsageError) as refused:
        aside.repair(Selection(where="TRUE"))
    assert (refused.value.code, refused.value.facts) == ("repair_fails_on_rows", {"failed": 1, "rows": 3})
    assert "repairs.press_line" not in aside.versions()


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "expression",
    ["(SELECT max(temp_degc) FROM silver.press_line)", "max(temp_degc)", "read_text('a.csv')", "1, 2", "nothing + 1"],
)
def test_repair_is_an_expression_over_the_row_alone(aside, expression):
    with pytest.raises(ProtectionError):
        aside.repair(HOT_ROWS, Repair({"temp_degc": expression}))


def test_repair_names_who_why_rows_and_columns(aside):
    settings = aside.settings
    codes = []
    for selection, repair, signature in (
        (HOT_ROWS, TENTHS, Signature("li.wei", None, " ")),
        (Selection(), TENTHS, BY),
        (HOT_ROWS, Repair({"nothing": "1"}), BY),
        (HOT_ROWS, Repair(texts={"temp_degc": "1"}), BY),
    ):
        with pytest.raises(UsageError) as refused:
            repair_rows(settings, "press_line", selection, repair, signature)
        codes.append(refused.value.code)
    assert codes == ["quarantine_unsigned", "quarantine_selection_needed", "repair_columns", "repair_texts_need_rows"]


def test_release_publishes_a_row_though_its_rule_fails(aside):
    report = release_rows(aside.settings, "press_line", Selection(rows=(SECOND,)), STEWARD)
    assert (report.counts.silver, report.counts.quarantine) == (1, 0)
    assert aside.temperatures() == {0: 20.0, 2: 300.0}


def test_row_that_is_no_number_can_not_be_released(aside):
    report = release_rows(aside.settings, "press_line", Selection(rows=(WORD,)), STEWARD)
    assert (report.counts.silver, report.counts.quarantine) == (0, 1)
    assert report.warnings == (("release_impossible", {"dataset": "press_line", "rows": 1}),)
    assert show_quarantine(aside.settings, "press_line", 1)[0].reasons == ("type:temp_degc",)


@pytest.mark.parametrize("decide", [release_rows, expire_rows])
def test_release_and_expiry_take_a_steward_a_reason_and_named_rows(aside, decide):
    with pytest.raises(ProtectionError, match="steward"):
        decide(aside.settings, "press_line", HOT_ROWS, BY)
    with pytest.raises(UsageError, match="needs a name and a reason"):
        decide(aside.settings, "press_line", HOT_ROWS, Signature("wang.fang", "steward"))
    with pytest.raises(UsageError, match="needs a selection of rows"):
        decide(aside.settings, "press_line", Selection(), STEWARD)


def test_expired_rows_are_closed_and_never_taken_again(aside):
    assert expire_rows(aside.settings, "press_line", Selection(), STEWARD, older_than=parse_duration("1d")) == 0
    assert expire_rows(aside.settings, "press_line", HOT_ROWS, STEWARD) == 2
    aside.widen(500)
    assert aside.replay().counts.rows_in == 1
    assert aside.temperatures() == {0: 20.0}
    states = {
        row.id: row.state for row in show_quarantine(aside.settings, "press_line", 9, include_closed=True) if row.batch == 1
    }
    assert states == {"1:3": "expired", "1:4": "expired", "1:5": "replayed"}


def test_stale_row_does_not_overwrite_what_a_newer_delivery_corrected(aside):
    aside.plant.drop("b.csv", csv_line("A", 1, 22))
    ingest_dataset(aside.settings, "press_line")
    aside.repair()
    counts = aside.replay(HOT_ROWS).counts
    assert (counts.silver, counts.duplicates) == (1, 1)
    assert aside.temperatures() == {0: 20.0, 1: 22.0, 2: 30.0}


def test_replayed_row_corrects_an_older_one(aside):
    aside.plant.drop("b.csv", csv_line("A", 0, 999))
    ingest_dataset(aside.settings, "press_line")
    aside.repair(Selection(rows=((2, 2),)))
    aside.replay(Selection(rows=((2, 2),)))
    assert aside.temperatures() == {0: 99.9}


@pytest.mark.parametrize("rebuilds", [1, pytest.param(2, marks=pytest.mark.exhaustive)])
def test_work_of_a_steward_survives_a_rebuild(aside, rebuilds):
    aside.repair(Selection(rows=(FIRST,)))
    aside.replay(Selection(rows=(FIRST,)))
    release_rows(aside.settings, "press_line", Selection(rows=(SECOND,)), STEWARD)
    expire_rows(aside.settings, "press_line", Selection(rows=(WORD,)), STEWARD)
    before, silver = aside.temperatures(), "SELECT * EXCLUDE (_run_id) FROM silver.press_line ORDER BY ts"
    rows = aside.fetch(silver)
    for _ in range(rebuilds):
        counts = rebuild(aside.settings, "press_line").counts
        assert (counts.rows_in, counts.silver, counts.quarantine) == (4, 3, 1)
        assert aside.fetch(silver) == rows
    assert before == {0: 20.0, 1: 21.5, 2: 300.0}
    assert show_quarantine(aside.settings, "press_line", 9) == []


@pytest.mark.exhaustive
def test_rebuild_by_a_better_rule_leaves_nothing_to_take_again(aside):
    aside.repair()
    aside.replay(HOT_ROWS)
    aside.widen(500)
    rebuild(aside.settings, "press_line")
    assert aside.temperatures() == {0: 20.0, 1: 215.0, 2: 300.0}
    last = aside.fetch("SELECT rows_in, silver FROM governance.runs WHERE generation = 2 AND flow = 'replay'")
    assert last == [{"rows_in": 0, "silver": 0}]


@pytest.mark.exhaustive
def test_law_of_the_batch_holds_for_each_replay(aside):
    aside.widen(250)
    aside.replay()
    aside.repair(HOT_ROWS, Repair({"temp_degc": "'22'"}))
    aside.replay()
    for run in aside.fetch("SELECT * FROM governance.runs WHERE flow = 'replay'"):
        assert run["rows_in"] == run["bronze"] == run["silver"] + run["quarantine"] + run["duplicates"]


def test_explain_tells_the_life_of_a_row_that_came_back(aside):
    aside.repair()
    aside.replay(HOT_ROWS)
    grade_dataset(aside.settings, "press_line")
    told = explain_row(aside.settings, "silver.press_line", "temp_degc=21.5")[0].as_dict()
    assert (told["file"], told["row"], told["flow"], told["batch"]) == ("a.csv", 3, "replay", 2)
    assert [(event["event"], event.get("by"), event.get("expression")) for event in told["life"]] == [
        ("set aside", None, None),
        ("repair", "li.wei", "temp_degc = CAST(temp_degc AS DOUBLE) / '…'"),
        ("replay", "li.wei", None),
    ]


@pytest.mark.exhaustive
def test_lineage_follows_a_row_through_quarantine_and_repair(aside):
    aside.repair()
    aside.replay(HOT_ROWS)
    told = [show_lineage(aside.settings, f"{name}.press_line.temp_degc", up=True, down=False) for name in ("silver", "repairs")]
    edges = {(str(row.edge.source), str(row.edge.target), row.edge.job) for rows in told for row in rows}
    assert ("repairs.press_line.temp_degc", "silver.press_line.temp_degc", "replay.press_line.silver") in edges
    assert ("quarantine.press_line.temp_degc", "repairs.press_line.temp_degc", "repair.press_line") in edges


@pytest.mark.exhaustive
def test_figures_say_what_is_open_and_how_it_is_worked_off(aside):
    nothing = quarantine_figures(aside.settings)[0]
    assert (nothing.open, nothing.repair_rate, nothing.failed_again) == (3, 0.0, None)
    aside.repair()
    aside.replay()
    found = {row.dataset: row for row in quarantine_figures(aside.settings)}
    assert set(found) == {"press_line", "*"}
    assert (found["*"].open, found["*"].repair_rate, found["*"].failed_again) == (1, 0.6667, 0.3333)
    rules = {row.rule: (row.open, row.owner, row.rows) for row in list_quarantine(aside.settings)}
    assert rules == {"temp_in_range": (0, "li.wei", 2), "type:temp_degc": (1, "li.wei", 2)}


@pytest.mark.exhaustive
def test_rows_keep_their_age_through_failures_and_rebuilds(aside):
    oldest = list_quarantine(aside.settings)[0].oldest
    aside.replay(EVERY_ROW)
    rebuild(aside.settings, "press_line")
    assert {row.oldest for row in list_quarantine(aside.settings)} == {oldest}


@pytest.mark.exhaustive
def test_totals_of_a_dataset_count_a_row_that_came_back_once(aside):
    aside.repair()
    aside.replay()
    total = list_runs(aside.settings)[0]
    counts = total.counts
    assert (total.batches, counts.rows_in, counts.bronze, counts.silver, counts.quarantine) == (2, 4, 4, 3, 1)


@pytest.mark.exhaustive
def test_scorecard_ages_only_what_is_open(aside):
    aside.repair()
    aside.replay()
    card = read_scorecard(aside.settings)
    ageing, totals = card.results["ageing"].single_row, card.results["totals"].single_row
    assert (ageing.number("day"), totals.number("quarantine"), totals.number("rows_in"), totals.number("balanced")) == (
        1,
        1,
        4,
        2,
    )
