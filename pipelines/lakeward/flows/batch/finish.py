"""The end of a batch: its verdicts, its lineage and its row in `governance.runs`, which says that it is done."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from lakeward.core.names import RunId
from lakeward.flows.base import governance
from lakeward.flows.base.batch_context import Step, Work
from lakeward.flows.base.lineage import record_edges
from lakeward.flows.base.report import Counts, RunReport, Warnings
from lakeward.flows.batch.judge import Judged
from lakeward.flows.batch.scores import record_scores
from lakeward.flows.batch.series import record_series
from lakeward.quality.rule import Outcome, Severity, Verdict
from lakeward.quality.score import score
from lakeward.quality.score_sql import REWORKED
from lakeward.quality.weights import EQUAL, Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A batch that is done; or not, where rules of `halted` stopped it before its publish."""

    dataset: str
    flow: str
    seq: int
    run_id: RunId
    counts: Counts
    verdicts: tuple[Verdict, ...]
    warnings: Warnings
    seconds: float
    halted: tuple[str, ...] = ()

    def facts(self) -> dict[str, object]:
        """What the log says of it: counts, never values."""
        named = {"dataset": self.dataset, "flow": self.flow, "batch": self.seq, "run_id": self.run_id}
        return {**named, **self.counts.as_dict(), "seconds": self.seconds}


def finish(work: Work, flow: str, counts: Counts, judged: Judged, warnings: Warnings) -> Finished:
    """Record the verdicts, then the run; idempotent, so a resumed batch ends in the same rows."""
    record_verdicts(work, judged.verdicts)
    record_series(work, judged.plan, judged.series)
    work.on_step(Step.VERDICTS)
    if flow not in REWORKED:
        record_scores(work, judged.verdicts)
    work.on_step(Step.SCORES)
    record_edges(work)
    work.on_step(Step.LINEAGE)
    governance.record(work.engine, "runs", [_run(work, flow, counts, judged, warnings)], work.txn)
    work.on_step(Step.RUNS)
    seconds = (work.clock.now() - work.started_at).total_seconds()
    return Finished(
        dataset=work.contract.name,
        flow=flow,
        seq=work.pinned.seq,
        run_id=work.run_id,
        counts=counts,
        verdicts=judged.verdicts,
        warnings=warnings,
        seconds=seconds,
    )


def record_verdicts(work: Work, verdicts: Iterable[Verdict]) -> None:
    """Record what the rules said of the batch, once."""
    governance.record(work.engine, "verdicts", (verdict_row(work, verdict) for verdict in verdicts), work.txn)


def summary(dataset: str, run_id: RunId, finished: Sequence[Finished], warnings: Warnings, weights: Weights = EQUAL) -> RunReport:
    """One report of all batches of a run; its score is over all their verdicts."""
    verdicts = [verdict for batch in finished for verdict in batch.verdicts]
    return RunReport(
        dataset=dataset,
        run_id=run_id,
        batches=sum(not batch.halted for batch in finished),
        counts=sum((batch.counts for batch in finished), Counts()),
        score=score(verdicts, weights, dataset).value,
        failed=_rules(v for v in verdicts if v.outcome is Outcome.FAIL and v.rule.severity is not Severity.WARN),
        unknown=_rules(v for v in verdicts if v.outcome is Outcome.UNKNOWN),
        warnings=tuple(warning for batch in finished for warning in batch.warnings) + warnings,
        halted=next((batch.seq for batch in finished if batch.halted), None),
    )


def _rules(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(verdict.rule.id for verdict in verdicts))


def verdict_row(work: Work, verdict: Verdict) -> dict[str, Any]:
    """The verdict as the governance tables hold it."""
    rule = verdict.rule
    return {
        "run_id": work.run_id,
        "dataset": work.contract.name,
        "batch_seq": work.pinned.seq,
        "generation": work.pinned.definition.generation,
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
        "judged_at": work.clock.now(),
    }


def _run(work: Work, flow: str, counts: Counts, judged: Judged, warnings: Warnings) -> dict[str, Any]:
    outcomes = [verdict.outcome for verdict in judged.verdicts]
    measured = score(judged.verdicts, work.weights, work.contract.name)
    return {
        "run_id": work.run_id,
        "dataset": work.contract.name,
        "flow": flow,
        "batch_seq": work.pinned.seq,
        "batch_id": work.pinned.id,
        "generation": work.pinned.definition.generation,
        **counts.as_dict(),
        "score": measured.value,
        "coverage": measured.coverage,
        "failed_rules": outcomes.count(Outcome.FAIL),
        "unknown_rules": outcomes.count(Outcome.UNKNOWN),
        "warnings": json.dumps(warnings, ensure_ascii=False) if warnings else None,
        "contract_version": work.contract.version,
        **{name: value for name, value in work.pinned.definition.hashes.items() if name != "model_sha256"},
        "engine": f"{work.engine.name} / lakeward {metadata.version('lakeward')}",
        "started_at": work.started_at,
        "finished_at": work.clock.now(),
    }
