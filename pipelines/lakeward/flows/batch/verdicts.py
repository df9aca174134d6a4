"""Verdicts of a batch in `governance.verdicts`: stored once, and read back by a run that takes the batch up after a kill."""

import json
from collections.abc import Iterable
from typing import Any

from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.batch_context import BatchContext
from lakeward.quality.batch_rules import BATCH, DIMENSIONS, restore_verdict
from lakeward.quality.rule import Verdict


def append_verdicts(context: BatchContext, verdicts: Iterable[Verdict]) -> None:
    """Record what the rules said of the batch, once. Those on the batch as a whole are stored before its publish, under a txn of their own."""
    rows = [verdict_row(context, verdict) for verdict in verdicts]
    on_rows, on_batch = ([row for row in rows if (row["expectation"] == BATCH) is own] for own in (False, True))
    governance.append_rows(context.engine, "verdicts", on_rows, context.txn)
    governance.append_rows(context.engine, "verdicts", on_batch, Txn(f"{context.txn.app}/{BATCH}", context.txn.version))


def read_batch_verdicts(context: BatchContext) -> tuple[Verdict, ...]:
    """What was said of the batch as a whole before its publish."""
    own: dict[str, str | int] = {
        "dataset": context.contract.name,
        "batch_seq": context.pinned.seq,
        "generation": context.pinned.definition.generation,
        "expectation": BATCH,
    }
    found = {row["rule_id"]: row for row in governance.read_rows(context.engine, "verdicts", "", "1", **own)}
    return tuple(restore_verdict(found[id_], tuple(json.loads(found[id_]["columns"]))) for id_ in DIMENSIONS if id_ in found)


def verdict_row(context: BatchContext, verdict: Verdict) -> dict[str, Any]:
    """The verdict as the governance tables hold it."""
    rule = verdict.rule
    return {
        "run_id": context.run_id,
        "dataset": context.contract.name,
        "batch_seq": context.pinned.seq,
        "generation": context.pinned.definition.generation,
        "rule_id": rule.id,
        "rule_version": rule.version,
        "expectation": rule.type,
        "columns": json.dumps(rule.columns, ensure_ascii=False),
        "severity": str(rule.severity),
        "dimension": str(rule.dimension),
        "outcome": str(verdict.outcome),
        "evaluated": verdict.evaluated,
        "failed": verdict.failed,
        "observed": verdict.observed,
        "reason": verdict.reason,
        "proof": verdict.proof,
        "judged_at": context.clock.now(),
    }
