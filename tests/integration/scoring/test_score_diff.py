"""What a changed suite does to old data: judged again without a publish, and told apart from what the data did."""

import json
from decimal import Decimal

import pytest

from lakeward.core.errors import UsageError
from lakeward.flows import ingest_dataset, list_tables
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.batch.scores import engine_versions
from lakeward.flows.scoring.compare import ScoreChange, compare_scores
from lakeward.flows.scoring.rejudge import rejudge_batches
from lakeward.flows.scoring.show import show_scores
from support.command_line import run_command
from support.plant import SUITE, Plant, csv_line, make_plant


def between(id_, most, column="temp_degc"):
    kwargs = {"column": column, "min_value": -50, "max_value": most}
    return {"type": "expect_column_values_to_be_between", "kwargs": kwargs, "meta": {"lakeward": {"id": id_}}}


OLD = (between("same", 200), between("tightened", 200), between("dropped", 100))
NEW = (between("same", 200), between("tightened", 50), between("brought", 25))


def fill(root):
    """Two batches by old rules, one by new ones; the data move, too."""
    made = make_plant(root)
    made.suite({**SUITE, "expectations": list(OLD)})
    made.drop("a.csv", csv_line("A", 0, 20), csv_line("A", 1, 30), csv_line("A", 2, 60))
    ingest_dataset(made.settings, "press_line")
    made.drop("b.csv", csv_line("A", 3, 20), csv_line("A", 4, 55), csv_line("A", 5, 900))
    ingest_dataset(made.settings, "press_line")
    made.suite({**SUITE, "expectations": list(NEW)})
    made.drop("c.csv", csv_line("A", 6, 20), csv_line("A", 7, 40), csv_line("A", 8, "warm"), csv_line("A", 9, 21))
    ingest_dataset(made.settings, "press_line")


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(fill, tmp_path / "p"))


def versions(plant):
    return {str(row.table): row.version for row in list_tables(plant.settings)}


def test_old_batches_are_judged_again_once_and_nothing_is_published(plant):
    before, shown = versions(plant), show_scores(plant.settings, "press_line", batches=None)
    done = rejudge_batches(plant.settings, "press_line")
    assert (done.batches, done.judged, done.published) == (3, 2, 1)
    assert rejudge_batches(plant.settings, "press_line").judged == 0
    after = versions(plant)
    assert {name for name in after if after[name] != before.get(name)} == {"governance.rejudged"}
    assert show_scores(plant.settings, "press_line", batches=None) == shown


def test_what_the_rules_moved_and_what_the_data_moved_sum_up(plant):
    rejudge_batches(plant.settings, "press_line")
    for first, last in ((None, None), (1, 3), (1, 2), (2, 1), (3, 3)):
        found = compare_scores(plant.settings, "press_line", first, last)
        changes = [found.whole, *(each.moved for each in (*found.dimensions, *found.rules))]
        told = [each for each in changes if each.rule_part is not None and each.data_part is not None]
        assert len(told) > 6
        assert all(each.rule_part + each.data_part == each.change for each in told)
        assert isinstance(found.whole.change, Decimal)


def test_rules_are_told_as_added_removed_changed_and_unchanged(plant):
    rejudge_batches(plant.settings, "press_line")
    found = compare_scores(plant.settings, "press_line")
    rules = {row.rule: row for row in found.rules}
    assert (found.first, found.last) == (2, 3)
    assert {name: rules[name].status for name in ("same", "tightened", "dropped", "brought", "type:ts")} == {
        "same": "unchanged",
        "tightened": "changed",
        "dropped": "removed",
        "brought": "added",
        "type:ts": "unchanged",
    }
    moved = {name: rule.moved for name, rule in rules.items()}
    assert moved["tightened"] == ScoreChange(Decimal("66.67"), Decimal("33.33"), Decimal("100.00"))
    assert (moved["same"].rule_part, moved["brought"].rule_part, moved["dropped"].data_part) == (0, None, None)


@pytest.mark.exhaustive
def test_data_that_did_not_move_have_no_part_in_the_change(plant):
    rejudge_batches(plant.settings, "press_line")
    whole = compare_scores(plant.settings, "press_line", 1, 1).whole
    assert whole.data_part == 0
    assert whole.rule_part == whole.change < 0


def test_rules_that_did_not_move_have_no_part_in_the_change(plant):
    whole = compare_scores(plant.settings, "press_line", 3, 3).whole
    assert (whole.rule_part, whole.data_part, whole.change) == (0, 0, 0)


SILENCE = {"type": "expect_series_no_gap", "kwargs": {"max_gap_seconds": 90}, "meta": {"lakeward": {"id": "silence"}}}


@pytest.mark.exhaustive
def test_a_new_rule_that_needs_the_batches_before_is_unknown_in_hindsight_and_an_old_one_stands(plant):
    plant.suite({**SUITE, "expectations": [*NEW, SILENCE]})
    rejudge_batches(plant.settings, "press_line")
    point = compare_scores(plant.settings, "press_line", 1, 1).levels["between"][0].figures
    assert next(each.value for each in point if each.id.endswith("coverage")) < 100
    plant.drop("d.csv", csv_line("A", 10, 20), csv_line("A", 15, 20))
    ingest_dataset(plant.settings, "press_line")
    plant.suite({**SUITE, "expectations": [SILENCE]})
    rejudge_batches(plant.settings, "press_line")
    rules = {row.rule: row for row in compare_scores(plant.settings, "press_line", 4, 4).rules}
    assert rules["silence"].moved.before == rules["silence"].moved.between < 100
    assert (rules["silence"].status, rules["brought"].status) == ("unchanged", "removed")


@pytest.mark.exhaustive
def test_a_diff_opens_too(plant):
    rejudge_batches(plant.settings, "press_line")
    found = compare_scores(plant.settings, "press_line")
    with open_workspace(plant.settings).engine() as engine:
        for levels in found.levels.values():
            for level in levels:
                for figure in level.figures:
                    (row,) = engine.fetch(figure.evidence.sql, at=engine_versions(level.versions))
                    assert row["value"] == figure.value
    assert set(found.levels["between"][0].versions) == {"governance.rejudged"}


def test_a_batch_that_was_not_judged_again_has_no_rule_part(plant):
    with pytest.raises(UsageError, match="--rescore"):
        compare_scores(plant.settings, "press_line")


def test_a_batch_that_is_not_there_is_refused(plant):
    with pytest.raises(UsageError, match="from 1 to 3"):
        compare_scores(plant.settings, "press_line", 7)


@pytest.mark.exhaustive
def test_a_suite_that_changes_again_is_judged_anew_beside_the_earlier_ones(plant):
    rejudge_batches(plant.settings, "press_line")
    plant.suite({**SUITE, "expectations": list(OLD)})
    assert rejudge_batches(plant.settings, "press_line").judged == 1
    assert compare_scores(plant.settings, "press_line", 1, 3).whole.rule_part == 0
    plant.suite({**SUITE, "expectations": list(NEW)})
    assert rejudge_batches(plant.settings, "press_line").judged == 0


@pytest.mark.exhaustive
def test_the_command_tells_both_parts_in_both_languages(plant, capsys):
    assert "--diff" in run_command(capsys, plant.root, "score", "press_line", "--rescore").out
    english = run_command(capsys, plant.root, "score", "press_line", "--diff", "--from", "1", "--open")
    chinese = run_command(capsys, plant.root, "score", "press_line", "--diff", "--lang", "zh")
    assert "change by rules" in english.out
    assert "governance.rejudged@" in english.out
    assert "规则引起" in chinese.out
    found = json.loads(run_command(capsys, plant.root, "score", "press_line", "--diff", "--json").out)
    assert (found["from"], found["to"], "levels" in found) == (2, 3, False)
