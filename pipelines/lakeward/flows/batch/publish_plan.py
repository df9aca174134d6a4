"""What publishing a judged batch would do to the stored rows, and whether that may be: asked before anything is written.

A run that takes the batch up after its silver landed reads the verdicts, since the rows that it replaced are gone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lakeward.core.names import Layer, Relation
from lakeward.flows.base.batch_context import BatchContext
from lakeward.flows.batch.duplicates import DuplicateCounts, count_duplicates, count_values_of_missing_columns
from lakeward.flows.batch.judge import JudgedBatch
from lakeward.flows.batch.verdicts import read_batch_verdicts
from lakeward.quality.batch_rules import REPLACED_SHARE, judge_missing_columns, judge_replaced_share
from lakeward.quality.identity import RowIdentity, row_identity
from lakeward.quality.rule import Severity, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPlan:
    """What publishing the batch would do.

    Args:
        rows: The batch's good rows.
        failing: SELECT of the rows to set aside; None: there are none.
        counts: None: silver of this batch landed before a kill.
        verdicts: What the rules on the batch as a whole say; none where it replaces nothing.
    """

    rows: Relation
    failing: str | None
    row_key: RowIdentity | None
    counts: DuplicateCounts | None
    verdicts: tuple[Verdict, ...]

    @property
    def corrections(self) -> int:
        """Stored rows that the batch replaces, or has replaced."""
        return next((int(v.observed or 0) for v in self.verdicts if v.rule.id == REPLACED_SHARE), 0)


def plan_publish(context: BatchContext, judged: JudgedBatch, received: Relation, *, can_halt: bool) -> PublishPlan:
    """Look for duplicates and corrections, and judge them.

    Args:
        received: The batch's rows as they were received.
        can_halt: What it replaces may stop the batch. Not so for rows that were set aside, since a person chose each of them to be
            published, and not for a batch that was published before: a rebuild was asked for, and to stop half-way would leave less.
    """
    row_key, failing = row_identity(context.contract), judged.failing
    rows = context.engine.define("good_rows", judged.passing)
    if context.engine.txn(context.table(Layer.SILVER), context.txn.app) >= context.pinned.seq:
        return PublishPlan(rows=rows, failing=failing, row_key=row_key, counts=None, verdicts=read_batch_verdicts(context))
    counts = count_duplicates(context, row_key, judged, rows) if row_key else DuplicateCounts()
    verdicts: tuple[Verdict, ...] = ()
    if counts.corrections and row_key:
        good = judged.rows
        if failing:  # counted once, and written from the same relation
            aside = context.engine.materialise("set_aside", failing)
            failing, good = f"SELECT * FROM {aside}", good - _count_rows(context, aside)
        brought = good - counts.superseded
        batch = Replacement(row_key=row_key, rows=rows, received=received, counts=counts, brought=brought)
        severity = Severity.HALT if can_halt else Severity.WARN
        verdicts = tuple(_judge(context, batch, severity))
    return PublishPlan(rows=rows, failing=failing, row_key=row_key, counts=counts, verdicts=verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A batch that replaces stored rows.

    Args:
        brought: Its good rows, without those for which a later one of the batch stands.
    """

    row_key: RowIdentity
    rows: Relation
    received: Relation
    counts: DuplicateCounts
    brought: int


def _judge(context: BatchContext, batch: Replacement, severity: Severity) -> Iterator[Verdict]:
    yield judge_replaced_share(context.contract.limits, severity, rows=batch.brought, replaced=batch.counts.corrections)
    if not batch.counts.emptied or context.pinned.reprocess:  # a row that was repaired is no longer as its file brought it
        return
    lost = count_values_of_missing_columns(context, batch.row_key, batch.rows, batch.received, batch.counts)
    if lost:
        yield judge_missing_columns(severity, rows=batch.brought, values=sum(lost.values()), columns=tuple(lost))


def _count_rows(context: BatchContext, relation: Relation) -> int:
    return int(context.engine.fetch(f"SELECT count(*) AS n FROM {relation}")[0]["n"])
