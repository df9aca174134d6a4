"""A failed rule of severity `halt` stops the batch before its publish: bronze keeps it, the published table does not change.

The dataset waits there, since later batches correct earlier ones, until a steward releases the batch; then its rows are
published, and those on which the rule fails are set aside like those of any rule that diverts.
"""

import logging
from collections.abc import Iterable, Iterator

from lakeward.flows.base.batch_context import Step, Work
from lakeward.flows.base.report import Counts
from lakeward.flows.batch.finish import Finished, record_verdicts
from lakeward.flows.batch.scores import record_scores
from lakeward.flows.quarantine.events import released
from lakeward.quality.rule import Outcome, Severity, Verdict

log = logging.getLogger(__name__)


class BatchHalted(Exception):  # noqa: N818 (no error: it ends a step that must not go on)
    """The judged batch is not to be published.

    Args:
        verdicts: What all its rules say.
        rules: Ids of the rules that stop it.
    """

    def __init__(self, verdicts: tuple[Verdict, ...], rules: tuple[str, ...]) -> None:
        self.verdicts = verdicts
        self.rules = rules
        super().__init__(*rules)


def halting(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """Ids of the rules that stop the batch."""
    return tuple(v.rule.id for v in verdicts if v.outcome is Outcome.FAIL and v.rule.severity is Severity.HALT)


def check_halt(work: Work, verdicts: tuple[Verdict, ...]) -> None:
    """Let the batch pass.

    Raises:
        BatchHalted: A rule stops it, and no steward has released it.
    """
    rules = halting(verdicts)
    if rules and not released(work.engine, work.contract.name, work.pinned.seq):
        raise BatchHalted(verdicts, rules)


def held(work: Work, flow: str, counts: Counts, halted: BatchHalted) -> Finished:
    """Record why the batch was stopped; without a row in `governance.runs` it is not done, and the next run looks again."""
    record_verdicts(work, halted.verdicts)
    work.on_step(Step.VERDICTS)
    record_scores(work, halted.verdicts)
    work.on_step(Step.SCORES)
    seconds = (work.clock.now() - work.started_at).total_seconds()
    facts = {"dataset": work.contract.name, "batch": work.pinned.seq, "rules": ", ".join(halted.rules)}
    warnings = (("batch_halted", facts),)
    finished = Finished(
        dataset=work.contract.name,
        flow=flow,
        seq=work.pinned.seq,
        run_id=work.run_id,
        counts=counts,
        verdicts=halted.verdicts,
        warnings=warnings,
        seconds=seconds,
        halted=halted.rules,
    )
    log.warning("batch_halted", extra=finished.facts())
    return finished


def until_halted(batches: Iterable[Finished]) -> Iterator[Finished]:
    """The batches up to one that is halted: those after it are not begun."""
    for finished in batches:
        yield finished
        if finished.halted:
            return
