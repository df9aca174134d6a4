"""A failed rule of severity `halt` stops the batch before publishing: its rows stay in bronze only.

Later batches of the dataset wait, since they can correct earlier rows, until a steward releases the batch. Then its rows are
published, and rows that fail the rule are quarantined as for severity `quarantine`.
"""

import logging
from collections.abc import Iterable, Iterator

from lakeward.flows.base.batch_context import BatchContext, BatchStep
from lakeward.flows.base.report import Counts
from lakeward.flows.batch.finish import BatchResult
from lakeward.flows.batch.scores import append_scores
from lakeward.flows.batch.verdicts import append_verdicts
from lakeward.flows.quarantine.events import is_batch_released
from lakeward.quality.batch_rules import MISSING_COLUMNS, REPLACED_SHARE
from lakeward.quality.rule import Outcome, Severity, Verdict

log = logging.getLogger(__name__)


class BatchHalted(Exception):  # noqa: N818 (no error: it ends a step that must not go on)
    """The judged batch must not be published.

    Args:
        verdicts: Verdicts of all rules.
        rules: Ids of the rules that halt the batch.
    """

    def __init__(self, verdicts: tuple[Verdict, ...], rules: tuple[str, ...]) -> None:
        self.verdicts = verdicts
        self.rules = rules
        super().__init__(*rules)


def halting_verdicts(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts that halt the batch."""
    return tuple(v for v in verdicts if v.outcome is Outcome.FAIL and v.rule.severity is Severity.HALT)


def check_halt(context: BatchContext, verdicts: tuple[Verdict, ...]) -> None:
    """Check that no rule halts the batch.

    Raises:
        BatchHalted: A rule halts it, and no steward has released it.
    """
    rules = tuple(verdict.rule.id for verdict in halting_verdicts(verdicts))
    if rules and not is_batch_released(context.engine, context.contract.name, context.pinned.seq):
        raise BatchHalted(verdicts, rules)


def record_halt(context: BatchContext, flow: str, counts: Counts, halt: BatchHalted) -> BatchResult:
    """Record why a batch was halted. Without a row in `governance.runs` it stays open, and the next run checks it again."""
    append_verdicts(context, halt.verdicts)
    context.on_step(BatchStep.VERDICTS)
    append_scores(context, halt.verdicts)
    context.on_step(BatchStep.SCORES)
    seconds = (context.clock.now() - context.started_at).total_seconds()
    facts = {"dataset": context.contract.name, "batch": context.pinned.seq, "rules": ", ".join(halt.rules)}
    warnings = (("batch_halted", facts), *_batch_warnings(context, halt.verdicts))
    finished = BatchResult(
        dataset=context.contract.name,
        flow=flow,
        seq=context.pinned.seq,
        run_id=context.run_id,
        counts=counts,
        verdicts=halt.verdicts,
        warnings=warnings,
        seconds=seconds,
        halted=halt.rules,
    )
    log.info("batch halted", extra=finished.log_fields())
    return finished


def _batch_warnings(context: BatchContext, verdicts: Iterable[Verdict]) -> Iterator[tuple[str, dict[str, object]]]:
    """What a rule on the batch as a whole found, with the key of the contract that allows it."""
    for verdict in halting_verdicts(verdicts):
        facts = {"dataset": context.contract.name, "batch": context.pinned.seq, "rows": verdict.evaluated}
        if verdict.rule.id == REPLACED_SHARE:
            limit = context.contract.limits.replaced_share
            yield "batch_replaces_rows", {**facts, "replaced": int(verdict.observed or 0), "limit": limit}
        elif verdict.rule.id == MISSING_COLUMNS:
            yield (
                "batch_lacks_columns",
                {**facts, "values": int(verdict.observed or 0), "columns": ", ".join(verdict.rule.columns)},
            )


def take_until_halted(batches: Iterable[BatchResult]) -> Iterator[BatchResult]:
    """Yield batches up to and including the first halted one."""
    for finished in batches:
        yield finished
        if finished.halted:
            return
