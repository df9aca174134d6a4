"""A plant's life with its data, flow by flow; and what a flow said, to be compared."""

import json

from lakeward import flows
from lakeward.flows import suggest_rules
from lakeward.flows.base.text_key import project_text_key
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.scoring.estate import store_estate_score
from lakeward.flows.scoring.rejudge import rejudge_batches
from lakeward.flows.scoring.show import score_history, show_scores
from lakeward.portal.export import build_scorecard
from support.plant import SUITE, Plant, csv_line, make_plant
from support.quarantine_line import BY, EVERY_ROW, HOT_ROWS, STEWARD, TENTHS

NAME = "press_line"
# Whose run, when, and where.
OWN = {
    "run_id",
    "run",
    "path",
    "last_run",
    "finished_at",
    "since",
    "oldest",
    "received_at",
    "judged_at",
    "scored_at",
    "assessed_at",
    "days",
    "age_p50",
    "age_p90",
}
# Items of readiness that differ: 9.2 counts costs, which are measured of one engine alone (`engines/gaps.py`), 11.4 the hours until a release.
OWN_ITEMS = {"9.2", "11.4"}
CHECKS = {
    "name": "mine",
    "expectations": [
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "Temp", "min_value": 0, "max_value": 100}},
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "Time"}},
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "Machine", "regex": "^[AB]$"}},
    ],
}


def make_received_plant(root):
    """One good row, one correction of it, two that are too hot, one that is no number; both engines get the same key of hashes."""
    plant = make_plant(root)
    assert project_text_key(open_workspace(plant.settings))
    plant.drop(
        "a.csv",
        csv_line("A", 0, 20),
        csv_line("A", 1, 215),
        csv_line("A", 2, 300),
        csv_line("A", 3, "warm"),
        csv_line("B", 1, 30),
        csv_line("B", 2, 31),
    )
    return plant.settings


def deliver_more(settings):
    """Another delivery: a duplicate, a correction, a new row."""
    Plant(settings.start).drop("b.csv", csv_line("A", 0, 20), csv_line("B", 1, 33), csv_line("C", 1, 40))
    return flows.ingest_dataset(settings, NAME)


def widen_rule_and_rejudge(settings):
    """A rule of tomorrow, and what it makes of yesterday's batches."""
    rule = SUITE["expectations"][0]
    Plant(settings.start).suite({**SUITE, "expectations": [{**rule, "kwargs": {**rule["kwargs"], "max_value": 250}}]})
    return rejudge_batches(settings, NAME)


def check_external_data(settings):
    """Data outside the lake, judged by a suite."""
    return flows.check_data(settings.start / "inbox" / NAME / "a.csv", CHECKS, settings)["statistics"]


STORY = {
    "ingest": lambda s: flows.ingest_dataset(s, NAME),
    "a second delivery": deliver_more,
    "nothing new": lambda s: flows.ingest_dataset(s, NAME),
    "quarantine, shown": lambda s: flows.show_quarantine(s, NAME, 10, include_closed=True),
    "quarantine, counted": flows.list_quarantine,
    "repair": lambda s: flows.repair_rows(s, NAME, HOT_ROWS, TENTHS, BY),
    "replay": lambda s: flows.replay_rows(s, NAME, HOT_ROWS, BY),
    "release": lambda s: flows.release_rows(s, NAME, EVERY_ROW, STEWARD),
    "figures of quarantine": flows.quarantine_figures,
    "grade": flows.grade_all,
    "grades, listed": flows.list_grades,
    "score": show_scores,
    "score of the estate, kept": store_estate_score,
    "rescore": widen_rule_and_rejudge,
    "score, since": lambda s: score_history(s, NAME),
    "rebuild": lambda s: flows.rebuild(s, NAME),
    "suggest": lambda s: suggest_rules(s, NAME),
    "explain": lambda s: flows.explain_row(s, f"silver.{NAME}", "machine=B"),
    "lineage": lambda s: flows.show_lineage(s, f"silver.{NAME}", up=True, down=True),
    "check": check_external_data,
    "verdicts": lambda s: flows.list_verdicts(s, NAME, all_batches=True),
    "runs": flows.list_runs,
    "status": flows.project_status,
    "tables": flows.list_tables,
    "assess": lambda s: flows.assess_readiness(s).changed,
    "maturity": lambda s: [item for item in flows.show_maturity(s) if item.item not in OWN_ITEMS],
    "scorecard": lambda s: build_scorecard(s).stat().st_size > 0,
}


def comparable_output(said):
    """What a flow said, without whose run it was, and when."""
    if hasattr(said, "as_dict"):
        return comparable_output(said.as_dict())
    if isinstance(said, dict):
        return {key: comparable_output(value) for key, value in said.items() if key not in OWN}
    if isinstance(said, list | tuple):
        return [comparable_output(one) for one in said]
    return json.loads(json.dumps(said, default=str))
