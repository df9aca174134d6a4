"""Each score opens to a query that gives it again, also after the lake went on; and they agree wherever they are shown."""

import json
from decimal import Decimal

import pytest

from lakeward.core.errors import DefinitionError, UsageError
from lakeward.flows import ingest_dataset, list_runs, project_status, read_scorecard
from lakeward.flows.base.workspace import WEIGHTS_FILE, open_workspace
from lakeward.flows.batch.scores import engine_versions
from lakeward.flows.scoring.answers import UnmeasuredDimension
from lakeward.flows.scoring.estate import store_estate_score
from lakeward.flows.scoring.show import score_history, show_scores
from support.command_line import run_command
from support.plant import SUITE, Plant, csv_line, make_plant

MEAN = {
    "type": "expect_column_mean_to_be_between",
    "kwargs": {"column": "temp_degc", "min_value": 0, "max_value": 30},
    "meta": {"lakeward": {"id": "mean_plausible", "dimension": "consistency"}},
}
HALT = {**MEAN, "meta": {"lakeward": {"id": "mean_plausible", "severity": "halt"}}}
HEAVY = "dimensions: {accuracy: 2}\ndatasets: {press_line: {weight: 3, rules: {temp_in_range: 2.5}}}\n"


def fill(root):
    """Two batches: one with a row out of range, one with a value that is no number."""
    made = make_plant(root)
    made.suite({**SUITE, "expectations": [*SUITE["expectations"], MEAN]})
    made.drop("a.csv", csv_line("A", 0, 20), csv_line("A", 1, 900), csv_line("A", 2, 21))
    ingest_dataset(made.settings, "press_line")
    made.drop("b.csv", csv_line("A", 3, "warm"), csv_line("A", 4, 22), csv_line("A", 5, 300))
    ingest_dataset(made.settings, "press_line")


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(fill, tmp_path / "p"))


def reopen_figures(plant, queries, versions):
    with open_workspace(plant.settings).engine() as engine:
        return [[row["value"] for row in engine.fetch(sql, at=engine_versions(versions))] for sql in queries]


def figures(shown):
    return [(each, level.versions) for level in shown.levels for each in level.figures]


def open_scores(plant, shown, step):
    """Open every so many figures of each level; returns how many there are."""
    for level in shown.levels:
        opened = level.figures[::step]
        assert reopen_figures(plant, [each.evidence.sql for each in opened], level.versions) == [[each.value] for each in opened]
    return len(figures(shown))


LATER = pytest.mark.exhaustive


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=LATER)])
@pytest.mark.parametrize("batches", [pytest.param(1, marks=LATER), pytest.param(2, marks=LATER), None])
@pytest.mark.parametrize(("name", "least"), [("press_line", 50), (None, 25)])
def test_every_number_of_every_level_opens_at_its_version_after_later_runs(plant, name, least, batches, step):
    shown = show_scores(plant.settings, name, batches=batches)
    plant.drop("c.csv", csv_line("A", 6, 5), csv_line("A", 7, "cold"))
    ingest_dataset(plant.settings, "press_line")
    assert open_scores(plant, shown, step) > least


@pytest.mark.exhaustive
def test_a_kept_score_is_given_again_by_its_query_after_later_runs_and_other_weights(plant):
    store_estate_score(plant.settings)
    weigh(plant)
    plant.drop("c.csv", csv_line("A", 6, 5), csv_line("A", 7, "cold"))
    ingest_dataset(plant.settings, "press_line")
    store_estate_score(plant.settings)
    for rows, count in ((score_history(plant.settings, "press_line"), 3), (score_history(plant.settings), 2)):
        assert len(rows) == count
        assert len({row.weights_sha256 for row in rows}) == 2
        assert [reopen_figures(plant, [row.sql], row.versions) for row in rows] == [[[row.score]] for row in rows]


def test_a_batch_scores_the_same_in_its_run_in_its_kept_score_and_now(plant):
    now = show_scores(plant.settings, "press_line").whole.mean
    kept = score_history(plant.settings, "press_line")[-1]
    assert list_runs(plant.settings)[0].score == now.score
    assert [getattr(kept, name) for name in ("score", "numerator", "denominator", "rules", "measured", "coverage")] == [
        getattr(now, name) for name in ("score", "numerator", "denominator", "rules", "measured", "coverage")
    ]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("policy", ["{}", HEAVY])
def test_page_status_and_command_show_the_same_scores(plant, policy):
    weigh(plant, policy)
    card, estate = read_scorecard(plant.settings).results, show_scores(plant.settings)
    own = show_scores(plant.settings, "press_line")
    assert card["totals"].single_row["score"] == estate.whole.mean.score
    assert card["datasets"].rows[0]["score"] == own.whole.mean.score == estate.parts[0].mean.score
    (status,) = project_status(plant.settings)
    assert status.score == own.whole.mean.score
    assert {row.key[1]: row["score"] for row in card["dataset_dimensions"].rows} == measured_counts(own)
    assert {row.key[0]: row["score"] for row in card["dimensions"].rows} == measured_counts(estate)


def measured_counts(shown):
    found = [row for row in shown.dimensions if not isinstance(row, UnmeasuredDimension)]
    return {row.dimension: row.mean.score for row in found if row.mean.rules}


def test_a_dimension_without_rules_is_unknown_and_never_zero(plant):
    row = show_scores(plant.settings, "press_line").dimensions[-1]
    assert (row.dimension, row.score, row.coverage, row.rules) == ("accessibility", None, None, 0)


def test_a_rule_shows_its_indicator_where_its_dimension_is_that_of_its_type(plant):
    told = {row.rule: row.indicator for row in show_scores(plant.settings, "press_line").parts}
    assert (told["temp_in_range"], told["type:ts"], told["mean_plausible"]) == ("0302", "0102", None)


def test_all_batches_count_their_rows_together(plant):
    rules = {row.rule: row for row in show_scores(plant.settings, "press_line", batches=None).parts}
    in_range = rules["temp_in_range"]
    assert (in_range.numerator, in_range.denominator, in_range.batches) == (3, 5, 2)
    assert in_range.score == Decimal("60.00")


def test_a_halted_batch_counts_since_its_rows_were_received(plant):
    plant.suite({**SUITE, "expectations": [HALT]})
    plant.drop("c.csv", csv_line("A", 6, 150))
    assert ingest_dataset(plant.settings, "press_line").halted == 3
    shown = show_scores(plant.settings, "press_line")
    assert {row.rule: row.score for row in shown.parts}["mean_plausible"] == Decimal("0.00")
    assert score_history(plant.settings, "press_line")[-1].score == shown.whole.mean.score


@pytest.mark.exhaustive
def test_a_replay_changes_no_score_since_its_rows_were_counted_when_they_came(plant, capsys):
    before, kept = show_scores(plant.settings), score_history(plant.settings, "press_line")
    plant.suite({**SUITE, "expectations": []})
    assert run_command(capsys, plant.root, "quarantine", "replay", "press_line", "--reason", "rule dropped").code in (0, 1)
    after = show_scores(plant.settings)
    assert list_runs(plant.settings)[0].batches == 3
    assert (after.whole, after.parts, score_history(plant.settings, "press_line")) == (before.whole, before.parts, kept)
    assert list_runs(plant.settings)[0].score == after.parts[0].mean.score
    assert read_scorecard(plant.settings).results["totals"].single_row["score"] == after.whole.mean.score


def test_an_unchanged_estate_is_kept_once(plant):
    assert store_estate_score(plant.settings)
    assert not store_estate_score(plant.settings)
    weigh(plant)
    assert store_estate_score(plant.settings)


def test_a_weight_of_a_rule_that_is_gone_stops_the_run_before_anything_is_received(plant):
    weigh(plant, "datasets: {press_line: {rules: {gone: 2}}}")
    plant.drop("c.csv", csv_line("A", 6, 5))
    for refused in (lambda: ingest_dataset(plant.settings, "press_line"), lambda: show_scores(plant.settings)):
        with pytest.raises(DefinitionError, match="gone"):
            refused()


def test_an_empty_lake_has_no_score(tmp_path):
    plant = make_plant(tmp_path / "p")
    shown = show_scores(plant.settings)
    assert (shown.whole, shown.levels, store_estate_score(plant.settings)) == (None, (), False)
    assert score_history(plant.settings) == []


def test_the_command_tells_estate_dataset_and_queries_in_both_languages(plant, capsys):
    estate = run_command(capsys, plant.root, "score")
    chinese = run_command(capsys, plant.root, "score", "press_line", "--open", "--lang", "zh")
    assert (estate.code, chinese.code) == (0, 0)
    assert "1 of 1 datasets scored" in estate.out
    assert "一致性" in chinese.out
    assert "governance.verdicts@1" in chinese.out
    assert "WITH batches AS" in chinese.out
    assert "levels" not in json.loads(run_command(capsys, plant.root, "score", "--json").out)
    assert json.loads(run_command(capsys, plant.root, "score", "--json", "--open").out)["levels"][0]["figures"]
    assert run_command(capsys, plant.root, "score", "--keep").code == 0
    assert "SELECT" in run_command(capsys, plant.root, "score", "press_line", "--history", "--open").out


@pytest.mark.parametrize("words", [("--batches", "0"), ("--batches", "few"), ("nothing",), ("--diff",), ("--rescore",)])
def test_the_command_refuses_what_it_can_not_mean(plant, capsys, words):
    assert run_command(capsys, plant.root, "score", *words).code == UsageError.exit_code


def weigh(plant, policy=HEAVY):
    file = plant.root / WEIGHTS_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(policy)
