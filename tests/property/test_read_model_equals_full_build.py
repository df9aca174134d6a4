"""The portal's read model after any steps is the one that a full build makes, and its numbers are the scorecard's."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from lakeward.contracts.model import Kind
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.engines.tables import Txn
from lakeward.flows import create_project, read_scorecard
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.portal.figures import TIMED_FAMILY
from lakeward.flows.portal.read_model import ReadModel
from lakeward.quality.rule import Dimension
from support.examples import examples

pytestmark = pytest.mark.slow
DATASETS = ("line_a", "line_b", "line_c")
DIMENSIONS = tuple(map(str, Dimension))[:3]
START = datetime(2026, 3, 2, 6, tzinfo=UTC)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("batch"), st.sampled_from(DATASETS), st.integers(0, 40), st.integers(0, 9)),
        st.tuples(st.just("verdicts alone"), st.sampled_from(DATASETS), st.integers(0, 40), st.integers(0, 9)),
        st.tuples(st.just("late run"), st.sampled_from(DATASETS), st.integers(0, 40), st.integers(0, 9)),
        st.tuples(st.just("replay"), st.sampled_from(DATASETS), st.integers(0, 40), st.integers(0, 9)),
        st.tuples(st.just("rebuild"), st.sampled_from(DATASETS), st.integers(0, 40), st.integers(0, 9)),
        st.tuples(st.just("grades"), st.sampled_from(DATASETS), st.integers(0, 3), st.integers(0, 9)),
        st.tuples(st.just("decision"), st.sampled_from(DATASETS), st.integers(0, 3), st.integers(0, 9)),
        st.tuples(st.just("closed rows"), st.sampled_from(DATASETS), st.integers(0, 3), st.integers(0, 9)),
        st.tuples(st.just("lineage"), st.sampled_from(DATASETS), st.integers(0, 3), st.integers(0, 9)),
        st.tuples(st.just("compact"), st.sampled_from(("verdicts", "runs")), st.just(0), st.just(0)),
        st.tuples(st.just("rewrite"), st.sampled_from(("verdicts", "runs")), st.just(0), st.just(0)),
        st.tuples(st.just("look"), st.just(""), st.just(0), st.just(0)),
    ),
    min_size=1,
    max_size=12,
)


def filler(column):
    """A value of a column that a step does not name."""
    return (
        None
        if column.nullable
        else {Kind.STRING: "-", Kind.INTEGER: 0, Kind.BOOLEAN: False, Kind.TIMESTAMP: START}[column.type.kind]
    )


class Lake:
    """Governance tables that are written row by row, as flows write them."""

    def __init__(self, root: Path) -> None:
        create_project(root)
        self.settings = Settings(start=root)
        self.workspace = open_workspace(self.settings)
        self.seqs = dict.fromkeys(DATASETS, 0)
        self.generations = dict.fromkeys(DATASETS, 1)
        self.waiting = []
        self.txn = 0

    def append(self, name, *rows):
        self.txn += 1
        columns = {column.name: filler(column) for column in governance.table_spec(name).columns}
        with self.workspace.engine() as engine:
            governance.append_rows(engine, name, [columns | row for row in rows], Txn(f"test/{name}", self.txn))

    def do(self, step):
        kind, dataset, day, share = step
        at = START + timedelta(days=day, hours=share)
        if kind in {"compact", "rewrite"}:
            self.rewrite(kind, dataset)
        elif kind in {"batch", "verdicts alone", "replay", "rebuild"}:
            self.batch(kind, dataset, at, share)
        elif kind == "late run" and self.waiting:
            self.append("runs", self.waiting.pop())
        elif kind == "grades":
            self.append("grade_proposals", *(self.proposal(dataset, column, share, at) for column in ("a", "b")))
        elif kind == "decision":
            self.append("grade_decisions", self.decision(dataset, "a", at))
        elif kind == "closed rows":
            self.append("quarantine_events", self.closing(dataset, at))
        elif kind == "lineage":
            edge = {
                "from_table": f"bronze.{dataset}",
                "to_table": f"silver.{dataset}",
                "from_column": "a",
                "to_column": f"c{share}",
            }
            self.append(
                "lineage_edges", {**edge, "kind": "direct", "run_id": "r", "job": "j", "dataset": dataset, "recorded_at": at}
            )

    def rewrite(self, kind, name):
        table = TableName(Layer.GOVERNANCE, name)
        with self.workspace.engine() as engine:
            if engine.info(table) is None:
                return
            if kind == "compact":
                while engine.compact(table, ("dataset",)):
                    pass
            else:
                self.txn += 1
                engine.overwrite(
                    governance.table_spec(name), f"SELECT * FROM governance.{name}", "TRUE", Txn(f"test/{name}", self.txn)
                )

    def batch(self, kind, dataset, at, share):
        if kind == "rebuild":
            self.generations[dataset] += 1
        self.seqs[dataset] += 1
        key = {"dataset": dataset, "batch_seq": self.seqs[dataset], "generation": self.generations[dataset]}
        self.append("verdicts", *(self.verdict(key, number, at, share) for number in range(4)))
        run = {
            **key, "run_id": f"{dataset}-{self.seqs[dataset]}", "flow": "replay" if kind == "replay" else "ingest", "batch_id": "b",
            "rows_in": 100, "bronze": 100, "rejects": 0, "silver": 100 - share, "quarantine": share, "duplicates": 0, "corrections": 0,
            "score": 100 - share, "coverage": 100, "failed_rules": int(share > 0), "unknown_rules": 0, "contract_version": "1.0.0",
            "contract_sha256": "0", "suite_sha256": "0", "engine": "embedded", "started_at": at, "finished_at": at,
        }  # fmt: skip
        if kind == "verdicts alone":
            self.waiting.append({**run, "flow": "replay"})
        else:
            self.append("runs", run)

    def verdict(self, key, number, at, share):
        unknown = (number + share) % 5 == 4
        failed = share if number < 2 else 0
        judged = {"evaluated": None, "failed": None} if unknown else {"evaluated": 100, "failed": failed}
        outcome = "UNKNOWN" if unknown else "FAIL" if failed else "PASS"
        return {
            **key, **judged, "run_id": f"{key['dataset']}-{key['batch_seq']}", "rule_id": f"rule_{number}", "rule_version": "1",
            "expectation": "expect_x", "columns": "[]", "severity": "quarantine" if number else "halt",
            "dimension": DIMENSIONS[number % len(DIMENSIONS)], "outcome": outcome, "judged_at": at,
        }  # fmt: skip

    def proposal(self, dataset, column, share, at):
        self.txn += 1
        grade = ("general", "important", "core")[share % 3]
        return {
            "seq": self.txn, "dataset": dataset, "column": column, "column_type": "string", "grade": grade, "level": share % 4 + 1,
            "category": None, "detector": "d", "rule_version": "1", "catalogue": "c", "why": "w", "basis": "b", "run_id": "r",
            "proposed_at": at,
        }  # fmt: skip

    def decision(self, dataset, column, at):
        self.txn += 1
        return {
            "seq": self.txn, "dataset": dataset, "column": column, "column_type": "string", "action": "confirm", "grade": "general",
            "level": 1, "seen_grade": "general", "seen_level": 1, "decided_by": "a", "reason": "r", "decided_at": at, "verified": True,
        }  # fmt: skip

    def closing(self, dataset, at):
        self.txn += 1
        return {
            "event_id": str(self.txn), "dataset": dataset, "event": "expire", "upto_seq": self.seqs[dataset], "file_seq": 1,
            "file_row": self.txn, "from_seq": max(self.seqs[dataset], 1), "batch_seq": self.seqs[dataset], "done_by": "a", "done_as": "steward",
            "reason": "r", "done_at": at,
        }  # fmt: skip


def everything(model):
    """Every figure and every copied row, as sorted texts."""
    with model.read() as reading:
        tables = reading._reading.fetch("SELECT table_schema AS s, table_name AS t FROM information_schema.tables ORDER BY ALL")
        names = [(row["s"], row["t"]) for row in tables if row["s"] in {"figures", "governance", "catalogue"}]
        found = {}
        for schema, name in names:
            rows = reading._reading.fetch(f'SELECT CAST(to_json(t) AS VARCHAR) AS line FROM {schema}."{name}" AS t')
            found[f"{schema}.{name}"] = sorted(json.dumps(json.loads(row["line"]), sort_keys=True) for row in rows)
        found["families"] = reading._reading.fetch("FROM families ORDER BY name")
        found["versions"] = dict(reading.versions())
    return found


@settings(
    max_examples=examples(6), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(todo=steps)
def test_after_any_steps_the_read_model_is_that_of_a_full_build(tmp_path_factory, todo):
    lake = Lake(tmp_path_factory.mktemp("steps") / "plant")
    model = ReadModel(lake.workspace, tmp_path_factory.mktemp("model"))
    for step in todo:
        lake.do(step)
        if step[0] == "look":
            model.refresh()
            assert model.fault is None
    model.refresh()
    assert model.fault is None
    fresh = ReadModel(lake.workspace, tmp_path_factory.mktemp("fresh"))
    fresh.refresh()

    assert everything(model) == everything(fresh)
    assert numbers_of(model) == card_numbers(lake.settings)
    model.close()
    fresh.close()


def numbers_of(model):
    """Family -> its rows, of every family of the scorecard that is measured."""
    with model.read() as reading:
        names = [row["name"] for row in reading._reading.fetch("SELECT name FROM families")]
        results = {name: reading.family(name) for name in names}
    own = {"failures", "column_grades", "open_rows", "halted"}
    return {name: rows_of(found) for name, found in results.items() if found and name not in own}


def card_numbers(settings):
    results = read_scorecard(settings).results
    return {name: rows_of(found) for name, found in results.items() if found and name != TIMED_FAMILY}


def rows_of(found):
    return sorted((row.key, [(column, row[column]) for column in found.family.numbers]) for row in found.rows)
