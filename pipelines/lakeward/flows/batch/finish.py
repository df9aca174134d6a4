"""Ends a batch: stores verdicts, scores, lineage and its row in `governance.runs`, which marks it as finished."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lakeward.core.names import RunId
from lakeward.flows.base import governance
from lakeward.flows.base.batch_context import BatchContext, BatchStep
from lakeward.flows.base.lineage_events import append_edges
from lakeward.flows.base.report import Counts, RunReport, Warnings
from lakeward.flows.batch.judge import JudgedBatch
from lakeward.flows.batch.scores import append_scores
from lakeward.flows.batch.series import append_series_state
from lakeward.flows.batch.verdicts import append_verdicts
from lakeward.flows.batch.warn_notes import warn_notes
from lakeward.quality.rule import Outcome, Severity, Verdict
from lakeward.quality.score import score
from lakeward.quality.score_sql import LATE_FLOWS, REWORK_FLOWS
from lakeward.quality.weights import EQUAL_WEIGHTS, Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """The result of a batch.

    Args:
        verdicts: What the rules say of what they speak of: they make its score.
        halted: The rules that stopped it before publishing.
        reported: What they say of the batch's own rows, where its verdicts are of more than these.
    """

    dataset: str
    flow: str
    seq: int
    run_id: RunId
    counts: Counts
    verdicts: tuple[Verdict, ...]
    warnings: Warnings
    seconds: float
    halted: tuple[str, ...] = ()
    reported: tuple[Verdict, ...] | None = None

    def log_fields(self) -> dict[str, object]:
        """Fields for the log: counts, never values."""
        named = {"dataset": self.dataset, "flow": self.flow, "batch": self.seq, "run_id": self.run_id}
        return {**named, **self.counts.as_dict(), "seconds": self.seconds}


def finish_batch(context: BatchContext, flow: str, counts: Counts, judged: JudgedBatch, warnings: Warnings) -> BatchResult:
    """Store the verdicts, then the run. Idempotent, so a resumed batch stores the same rows."""
    with context.span("records"):
        _store_records(context, flow, counts, judged, warnings)
    context.account(flow)
    seconds = (context.clock.now() - context.started_at).total_seconds()
    return BatchResult(
        dataset=context.contract.name,
        flow=flow,
        seq=context.pinned.seq,
        run_id=context.run_id,
        counts=counts,
        verdicts=judged.verdicts,
        warnings=warnings,
        seconds=seconds,
    )


def _store_records(context: BatchContext, flow: str, counts: Counts, judged: JudgedBatch, warnings: Warnings) -> None:
    append_verdicts(context, judged.verdicts)
    append_series_state(context, judged.plan, judged.series)
    context.on_step(BatchStep.VERDICTS)
    if flow not in LATE_FLOWS:
        append_scores(context, judged.verdicts)
    context.on_step(BatchStep.SCORES)
    append_edges(context)
    context.on_step(BatchStep.LINEAGE)
    governance.append_rows(context.engine, "runs", [_run_row(context, flow, counts, judged, warnings)], context.txn)
    context.on_step(BatchStep.RUNS)


def summarise_run(
    dataset: str, run_id: RunId, results: Sequence[BatchResult], warnings: Warnings, weights: Weights = EQUAL_WEIGHTS
) -> RunReport:
    """One report of all batches of a run; its score is over all their verdicts."""
    verdicts = [verdict for batch in results for verdict in batch.verdicts]
    reported = [verdict for batch in results for verdict in (batch.verdicts if batch.reported is None else batch.reported)]
    return RunReport(
        dataset=dataset,
        run_id=run_id,
        batches=sum(not batch.halted for batch in results),
        counts=_sum_counts(results),
        score=score(verdicts, weights, dataset).value,
        failed=_rule_ids(v for v in reported if v.outcome is Outcome.FAIL and v.rule.severity is not Severity.WARN),
        unknown=_rule_ids(v for v in reported if v.outcome is Outcome.UNKNOWN),
        warnings=tuple(warning for batch in results for warning in batch.warnings) + warn_notes(dataset, reported) + warnings,
        halted=next((batch.seq for batch in results if batch.halted), None),
    )


def _sum_counts(results: Sequence[BatchResult]) -> Counts:
    """Rows of all batches. Beside deliveries, as in a rebuild, a replay receives nothing: its rows leave quarantine."""
    if all(batch.flow in REWORK_FLOWS for batch in results):
        return sum((batch.counts for batch in results), Counts())
    moved = (
        replace(batch.counts, rows_in=0, bronze=0, quarantine=batch.counts.quarantine - batch.counts.bronze)
        if batch.flow in REWORK_FLOWS
        else batch.counts
        for batch in results
    )
    return sum(moved, Counts())


def _rule_ids(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(verdict.rule.id for verdict in verdicts))


def _run_row(context: BatchContext, flow: str, counts: Counts, judged: JudgedBatch, warnings: Warnings) -> dict[str, Any]:
    outcomes = [verdict.outcome for verdict in judged.verdicts]
    measured = score(judged.verdicts, context.weights, context.contract.name)
    return {
        "run_id": context.run_id,
        "dataset": context.contract.name,
        "flow": flow,
        "batch_seq": context.pinned.seq,
        "batch_id": context.pinned.id,
        "generation": context.pinned.definition.generation,
        **counts.as_dict(),
        "score": measured.value,
        "coverage": measured.coverage,
        "failed_rules": outcomes.count(Outcome.FAIL),
        "unknown_rules": outcomes.count(Outcome.UNKNOWN),
        "warnings": json.dumps(warnings, ensure_ascii=False) if warnings else None,
        "contract_version": context.contract.version,
        **{name: value for name, value in context.pinned.definition.hashes.items() if name != "model_sha256"},
        "engine": f"{context.engine.name} / lakeward {governance.program_version()}",
        "started_at": context.started_at,
        "finished_at": context.clock.now(),
    }
