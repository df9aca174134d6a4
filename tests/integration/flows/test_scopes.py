"""What rules speak of: a computed window or a repaired row never replaces what is known of the table and of its deliveries."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from lakeward.core.errors import UsageError
from lakeward.engines.tables import Txn
from lakeward.flows import (
    compare_scores,
    curate_dataset,
    ingest_dataset,
    rebuild,
    rejudge_batches,
    score_history,
)
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.quarantine.selection import Selection
from lakeward.flows.scoring.current import current_scores
from lakeward.flows.suggest.history import open_history
from lakeward.maturity.catalogue import default_catalogue
from lakeward.portal.export import build_scorecard
from support.command_line import run_command
from support.plant import SUITE as PRESS_SUITE
from support.plant import Plant, csv_line, make_plant
from support.quarantine_line import FIRST, make_quarantine_plant

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:temp_hourly
name: temp_hourly
version: 1.0.0
status: active
domain: production
description: {purpose: Mean temperature per hour}
team: {name: plant-data, members: [{username: li.wei, role: owner}]}
schema:
  - name: temp_hourly
    logicalType: object
    properties:
      - {name: hour_start, logicalType: timestamp, physicalType: timestamp, required: true, primaryKey: true}
      - {name: readings, logicalType: integer, physicalType: bigint}
      - {name: mean_degc, logicalType: number, physicalType: double}
customProperties:
  - property: model
    value: {sql: models/temp_hourly.sql, inputs: [silver.press_line], window: hour_start, grain: hour,
            timezone: Asia/Shanghai, times: {silver.press_line: ts}}
  - {property: timeColumn, value: hour_start}
  - {property: dataClass, value: production}
"""
MODEL = """\
SELECT date_trunc('hour', ts) AS hour_start, count(*) AS readings, round(avg(temp_degc), 4) AS mean_degc
FROM silver.press_line GROUP BY date_trunc('hour', ts)
"""


def rule(kind, id_, severity="warn", **kwargs):
    return {"type": kind, "kwargs": kwargs, "meta": {"lakeward": {"id": id_, "severity": severity}}}


ROWS = rule("expect_table_row_count_to_be_between", "rows", min_value=3, max_value=100)
MEAN = rule("expect_column_mean_to_be_between", "mean", column="temp_degc", min_value=50, max_value=60)
SUITE = {
    "name": "temp_hourly",
    "expectations": [
        rule("expect_column_mean_to_be_between", "usual_mean", column="mean_degc", min_value=10, max_value=40),
        rule("expect_table_row_count_to_be_between", "hours_of_a_shift", min_value=4, max_value=100),
        rule("expect_column_values_to_be_between", "hour_fits", "quarantine", column="mean_degc", max_value=90),
    ],
    "meta": {"great_expectations_version": "1.24.1"},
}


def at(hour, minute, temp):
    return csv_line("M1", minute, temp).replace("T06", f"T{hour:02d}")


def make_hours(root) -> None:
    """Six hours, of which one is too hot for its rule."""
    plant = make_plant(root)
    folder = plant.dataset.parent / "temp_hourly"
    (folder / "models").mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(CONTRACT)
    (folder / "models" / "temp_hourly.sql").write_text(MODEL)
    (folder / "suite.json").write_text(json.dumps(SUITE))
    plant.drop("a.csv", *(at(hour, 0, 20) for hour in range(6, 11)), at(11, 0, 100))
    ingest_dataset(plant.settings, "press_line")
    report = curate_dataset(plant.settings, "temp_hourly")
    assert report.failed == ("hour_fits",)


@pytest.fixture
def plant(copy_of, tmp_path) -> Plant:
    return Plant(copy_of(make_hours, tmp_path / "plant"))


def counts(plant, *ids):
    """Outcome, evaluated and failed of each rule in the newest judgement of the gold table."""
    with open_workspace(plant.settings).engine() as engine:
        found = engine.fetch("SELECT * FROM governance.verdicts WHERE dataset = 'temp_hourly' ORDER BY batch_seq")
    newest = {row["rule_id"]: (row["outcome"], row["evaluated"], row["failed"]) for row in found}
    return [newest[id_] for id_ in ids]


def score(plant, name="temp_hourly"):
    workspace = open_workspace(plant.settings)
    with workspace.engine() as engine:
        return current_scores(workspace, engine)[name].mean.score


def run(plant, name, *lines):
    plant.drop(name, *lines)
    ingest_dataset(plant.settings, "press_line")
    return curate_dataset(plant.settings, "temp_hourly")


def test_rules_of_a_gold_table_speak_of_all_its_windows(plant):
    before = score(plant)
    ids = ("usual_mean", "hours_of_a_shift", "hour_fits")
    assert counts(plant, *ids) == [("PASS", 6, None), ("PASS", 1, None), ("FAIL", 6, 1)]
    report = run(plant, "b.csv", at(10, 30, 60))
    # One window of one row: alone, its mean and its number of rows would be too low or too high.
    assert (report.counts.bronze, report.failed, report.score) == (1, (), before)
    assert counts(plant, *ids) == [("PASS", 6, None), ("PASS", 1, None), ("FAIL", 6, 1)]
    assert score(plant) == before


@pytest.mark.exhaustive
def test_a_wide_table_is_judged_whole_too(plant):
    folder, names = plant.dataset.parent / "temp_hourly", [f"c{number}" for number in range(301)]
    wide = "".join(f"      - {{name: {name}, logicalType: number, physicalType: double}}\n" for name in names)
    (folder / "contract.odcs.yaml").write_text(CONTRACT.replace("customProperties:", wide + "customProperties:"))
    columns = "".join(f", {number} AS {name}" for number, name in enumerate(names))
    (folder / "models" / "temp_hourly.sql").write_text(MODEL.replace(" AS mean_degc", " AS mean_degc" + columns))
    assert curate_dataset(plant.settings, "temp_hourly").counts.silver == 5
    plant.drop("b.csv", at(12, 0, 21))
    ingest_dataset(plant.settings, "press_line")
    assert curate_dataset(plant.settings, "temp_hourly").counts.silver == 1


@pytest.mark.exhaustive
def test_quarantined_hour_counts_until_it_is_computed_again(plant):
    run(plant, "b.csv", at(11, 30, 20))
    assert counts(plant, "hour_fits") == [("PASS", 6, 0)]
    assert run(plant, "c.csv", at(6, 30, 300), at(6, 40, 160)).failed == ()
    run(plant, "d.csv", at(6, 50, 199), at(6, 51, 199), at(6, 52, 199), at(7, 30, 20))
    assert counts(plant, "hour_fits") == [("FAIL", 6, 1)]
    run(plant, "e.csv", at(8, 30, 20))
    assert counts(plant, "hour_fits") == [("FAIL", 6, 1)]


@pytest.mark.exhaustive
def test_gold_of_a_delivery_that_brings_no_row_keeps_its_verdicts(plant):
    before = score(plant)
    report = run(plant, "b.csv", at(12, 0, 999))
    assert (report.counts.bronze, score(plant)) == (0, before)
    assert counts(plant, "usual_mean", "hour_fits") == [("PASS", 6, None), ("FAIL", 6, 1)]
    assert before < Decimal(100)


@pytest.mark.exhaustive
def test_scores_keep_their_scope_and_the_history_marks_its_change(plant, capsys):
    with open_workspace(plant.settings).engine() as engine:
        stored = governance.read_rows(engine, "scores", level="dataset", dataset="temp_hourly")[0]
        assert stored["scope"] == 2
        # As the version before wrote it.
        earlier = {**stored, "scope": None, "seq": 0, "scored_at": stored["scored_at"] - timedelta(days=1)}
        governance.append_rows(engine, "scores", [earlier], Txn("test", 1))
    run(plant, "b.csv", at(12, 0, 20))
    shown = run_command(capsys, plant.root, "score", "temp_hourly", "--history").out

    assert [score.scope for score in score_history(plant.settings, "temp_hourly")] == [1, 2, 2]
    assert f"Scores before {stored['scored_at'].astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M:%S}" in shown
    assert {score.scope for score in score_history(plant.settings, "press_line")} == {2}
    assert "earlier scope" not in run_command(capsys, plant.root, "score", "press_line", "--history").out


@pytest.mark.exhaustive
def test_the_page_marks_where_the_scope_changed(plant):
    with open_workspace(plant.settings).engine() as engine:
        stored = governance.read_rows(engine, "scores", level="dataset", dataset="temp_hourly")[0]
    unmarked = build_scorecard(plant.settings).with_name("scorecard.en.html").read_text(encoding="utf-8")
    with open_workspace(plant.settings).engine() as engine:
        earlier = {**stored, "scope": None, "seq": 0, "scored_at": stored["scored_at"] - timedelta(days=1)}
        governance.append_rows(engine, "scores", [earlier], Txn("test", 1))
        runs = governance.read_rows(engine, "runs", dataset="temp_hourly")[0]
        governance.append_rows(engine, "runs", [{**runs, "batch_seq": 0, "score": Decimal(50)}], Txn("test", 1))
    marked = build_scorecard(plant.settings).with_name("scorecard.en.html").read_text(encoding="utf-8")

    note = f"The line in the trend: since {stored['scored_at'].astimezone(UTC):%Y-%m-%d} the rules"
    assert [(page.count('class="divider"'), note in page) for page in (unmarked, marked)] == [(0, False), (1, True)]


@pytest.mark.exhaustive
def test_gold_is_judged_again_as_it_stands(plant, capsys):
    run(plant, "b.csv", at(12, 0, 20))
    assert rejudge_batches(plant.settings, "temp_hourly").as_dict() | {"run_id": ""} == {
        "dataset": "temp_hourly", "run_id": "", "batches": 2, "judged": 0, "published": 2, "lost": 0,
    }  # fmt: skip
    warm = rule("expect_column_values_to_be_between", "warm", column="mean_degc", min_value=30)
    fits = rule("expect_column_values_to_be_between", "hour_fits", "quarantine", column="mean_degc", max_value=150)
    suite = {**SUITE, "expectations": [*SUITE["expectations"][:2], fits, warm]}
    (plant.dataset.parent / "temp_hourly" / "suite.json").write_text(json.dumps(suite))

    shown = run_command(capsys, plant.root, "score", "temp_hourly", "--rescore").out
    with open_workspace(plant.settings).engine() as engine:
        found = governance.read_rows(engine, "rejudged", order="rule_id", dataset="temp_hourly")
    judged = {row["rule_id"]: (row["batch_seq"], row["outcome"], row["evaluated"], row["failed"]) for row in found}
    assert "1 of 2 batches re-judged" in shown
    assert "1 earlier batches of temp_hourly can't be judged again" in shown
    # Six published hours, and the one that waits in quarantine.
    assert (judged["hour_fits"], judged["warm"]) == ((2, "PASS", 7, 0), (2, "FAIL", 7, 6))

    diff = compare_scores(plant.settings, "temp_hourly")
    assert (diff.first, diff.last, diff.whole.data_part) == (2, 2, Decimal(0))
    assert {each.rule: str(each.status) for each in diff.rules if each.rule in ("warm", "hour_fits")} == {
        "warm": "added", "hour_fits": "changed",
    }  # fmt: skip
    with pytest.raises(UsageError) as refused:
        compare_scores(plant.settings, "temp_hourly", 1)
    assert refused.value.code == "score_rescore_gold"


def test_gold_is_scored_anew_by_a_rebuild(plant):
    rebuild(plant.settings, "temp_hourly")
    assert [score.scope for score in score_history(plant.settings, "temp_hourly")] == [2, 2]


@pytest.mark.exhaustive
def test_file_with_a_header_only_keeps_what_is_known(plant):
    before = score(plant, "press_line"), score(plant)
    run(plant, "b.csv")
    assert (score(plant, "press_line"), score(plant)) == before


@pytest.mark.exhaustive
def test_repaired_row_leaves_the_score_of_its_delivery_and_of_its_gold(tmp_path):
    aside = make_quarantine_plant(tmp_path / "plant")
    suite = {**PRESS_SUITE, "expectations": [*PRESS_SUITE["expectations"], ROWS, MEAN]}
    aside.plant.suite(suite)
    aside.plant.drop("b.csv", *(csv_line("A", minute, 20) for minute in range(10, 20)), csv_line("A", 20, 400))
    ingest_dataset(aside.settings, "press_line")
    before = score(aside.plant, "press_line")
    aside.repair(Selection(rows=(FIRST,)))
    report = aside.replay(Selection(rows=(FIRST,)))
    assert (report.counts.silver, report.unknown, report.failed) == (1, (), ())
    judged = aside.fetch("SELECT batch_seq, rule_id FROM governance.verdicts WHERE rule_id IN ('rows', 'mean', 'temp_in_range')")
    assert sorted((row["batch_seq"], row["rule_id"]) for row in judged) == [
        (1, "temp_in_range"),
        (2, "mean"),
        (2, "rows"),
        (2, "temp_in_range"),
        (3, "temp_in_range"),
    ]
    assert score(aside.plant, "press_line") == before


@pytest.mark.exhaustive
def test_replay_is_no_batch_of_the_history_that_rules_are_learned_from(tmp_path):
    aside = make_quarantine_plant(tmp_path / "plant")
    aside.repair(Selection(rows=(FIRST,)))
    aside.replay(Selection(rows=(FIRST,)))
    workspace = open_workspace(aside.settings)
    with workspace.engine() as engine:
        history = open_history(engine, workspace.project.contract("press_line"))
        assert (history.training_batches, history.row_count) == ((1,), 1)
        evaluated = next(indicator for indicator in default_catalogue().indicators if indicator.id == "QC1")
        row = engine.fetch(evaluated.sql(datetime.now(UTC)))[0]
        own = engine.fetch("SELECT count(*) AS n FROM governance.verdicts WHERE batch_seq = 1")[0]["n"]
    assert row["denominator"] == own
