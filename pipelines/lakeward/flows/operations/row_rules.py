"""Which rules one row fails, of those that some row of its batch failed: it is judged again, by the texts that judged the batch."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lakeward.core.names import BatchId, Layer, Relation, TableName, new_run_id
from lakeward.engines.protocols import Engine
from lakeward.flows.base import pinning
from lakeward.flows.base.batch_context import BatchContext
from lakeward.flows.base.pinning import PinnedBatch
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.batch.batch_source import BatchSource
from lakeward.flows.batch.bronze_rows import bronze_rows
from lakeward.flows.batch.judge import Wanted, pinned_rules, run_plan
from lakeward.flows.batch.series import prior_state
from lakeward.quality.checks import RowCheck
from lakeward.quality.plan import JudgePlan, compile_plan
from lakeward.quality.rule import RECEIVED, Rule

Cells = Mapping[str, Any]


class RowOutcome(StrEnum):
    """Outcome of a rule on one row.

    PASS: it is none of the rows that failed. UNKNOWN: the rule did not look at it, or it can't be found out. HIDDEN: the role does not
    see a column of the rule in clear.
    """

    FAIL = "FAIL"
    PASS = "PASS"  # noqa: S105
    UNKNOWN = "UNKNOWN"
    HIDDEN = "HIDDEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRow:
    """A stored row with what is recorded of the batch that wrote it.

    Args:
        table: Table that holds the row.
        row: Its cells.
        run: Row of `governance.runs`; empty before the batch is finished.
        verdicts: Rows of `governance.verdicts` of that run's generation.
    """

    table: TableName
    row: Cells
    run: Cells
    verdicts: Sequence[Cells]

    @property
    def failed(self) -> dict[str, int]:
        """Rule -> number of rows of the batch that failed it. Rejects are no rows."""
        return {v["rule_id"]: v["failed"] for v in self.verdicts if v["failed"] and v["expectation"] != RECEIVED}

    @property
    def condition(self) -> str:
        """The condition that a row of its table, or of bronze, is this one."""
        return f"_file_seq = {self.row['_file_seq']} AND _row = {self.row['_row']}"

    @property
    def was_received(self) -> bool:
        """Whether the batch judged it as it was received, so that bronze has its neighbours."""
        return bool(self.run["flow"] == "ingest")


def row_outcomes(workspace: Workspace, engine: Engine, judged: JudgedRow, clear: Collection[str]) -> dict[str, RowOutcome]:
    """By rule that some row of the batch failed, the outcome on this row; empty if no row failed any.

    Args:
        clear: Columns that the reader sees in clear.
    """
    outcomes = dict.fromkeys(sorted(judged.failed), RowOutcome.UNKNOWN)
    definition = pinning.published_definition(engine, judged.run) if judged.run and outcomes else None
    if definition is not None:
        pinned = PinnedBatch(definition=definition, seq=judged.row["_batch_seq"], id=BatchId(""), start=0, end=0, inputs={})
        context = BatchContext.begin(workspace, engine, pinned, new_run_id())
        mapped = BatchSource.of_batch(context).limits.rules()
        rules = [rule for rule in (*pinned_rules(context), *mapped) if rule.id in outcomes]
        shown = [rule for rule in rules if set(rule.columns) <= set(clear)]
        outcomes |= {rule.id: RowOutcome.HIDDEN for rule in rules if rule not in shown}
        outcomes |= _judge_row(context, judged, shown)
    reasons = json.loads(judged.row.get("_reasons") or "[]")
    return outcomes | {id_: RowOutcome.FAIL for id_ in reasons if outcomes.get(id_) is RowOutcome.UNKNOWN}


def _judge_row(context: BatchContext, judged: JudgedRow, rules: Sequence[Rule]) -> dict[str, RowOutcome]:
    """The outcomes that the row shows: by itself, or, if a rule compares rows, among the received rows of its batch."""
    engine = context.engine
    if not rules or (judged.table.layer is Layer.QUARANTINE and not judged.was_received):
        return {}
    batch = engine.define("explained_batch", _rows(context, judged))
    row = engine.define("explained_row", f"SELECT * FROM {batch} WHERE {judged.condition}")
    if engine.fetch(f"SELECT count(*) AS n FROM {row}")[0]["n"] != 1:
        return {}
    types = engine.types(batch)
    alone = _by_itself(compile_plan(context.contract, rules, types))
    parts = {row: [rule for rule in rules if rule.id in alone]}
    if judged.was_received:
        parts[batch] = [rule for rule in rules if rule.id not in alone]
    found: dict[str, RowOutcome] = {}
    for relation, own in parts.items():
        if own:
            plan = compile_plan(context.contract, own, types)
            found |= _outcomes(context, judged, plan, relation, counted=relation == batch)
    return found


def _rows(context: BatchContext, judged: JudgedRow) -> str:
    """SELECT of the received rows of the batch; of a row that was not received, of the published one."""
    if judged.was_received:
        return bronze_rows(context)
    return f"SELECT * FROM {judged.table} WHERE _batch_seq = {judged.row['_batch_seq']} AND {judged.condition}"


def _by_itself(plan: JudgePlan) -> set[str]:
    """Rules that one row decides."""
    checks: Iterable[RowCheck] = (check for check in plan.checks if isinstance(check, RowCheck))
    return {check.rule.id for check in checks if not check.matches and not check.batch_aggregates}


def _outcomes(
    context: BatchContext, judged: JudgedRow, plan: JudgePlan, relation: Relation, *, counted: bool
) -> dict[str, RowOutcome]:
    """Outcomes of the plan's rules on the row.

    Args:
        counted: The relation is the whole batch. Where a rule fails another number of its rows than when the batch was published, what it
            was judged beside is no longer there, and the rule is left out.
    """
    result = run_plan(context.engine, plan, relation, wanted=Wanted.FAILING, prior=prior_state(context))
    kept = [v for v in result.verdicts if v.failed is not None and (not counted or v.failed == judged.failed[v.rule.id])]
    failing = frozenset(v.rule.id for v in kept if v.failed)
    outcomes = {v.rule.id: RowOutcome.PASS if v.evaluated else RowOutcome.UNKNOWN for v in kept}
    _, bad = plan.split(str(relation), failing, result.relations)
    rows = context.engine.fetch(f"SELECT _rules FROM ({bad}) WHERE {judged.condition}") if bad else []
    return outcomes | {id_: RowOutcome.FAIL for row in rows for id_ in json.loads(row["_rules"])}
