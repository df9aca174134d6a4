"""What publishing a judged batch would do to the stored rows, and whether that may be: asked before anything is written.

A run that takes the batch up after its silver landed reads the verdicts, since the rows that it replaced are gone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lakeward.contracts.model import Limits
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
        failing: SELECT of the rows to quarantine; None if there are none.
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
        can_halt: What it replaces may stop the batch. Not so for quarantined rows, since a person chose each of them to be
            published, and not for a batch that was published before: a rebuild was asked for, and to stop half-way would leave less.
    """
    row_key, failing = row_identity(context.contract), judged.failing
    rows = context.engine.define("good_rows", judged.passing)
    if context.engine.txn(context.table(Layer.SILVER), context.txn.app) >= context.pinned.seq:
        return PublishPlan(rows=rows, failing=failing, row_key=row_key, counts=None, verdicts=read_batch_verdicts(context))
    counts = count_duplicates(context, row_key, judged, rows) if row_key else DuplicateCounts()
    # A row that was repaired is no longer as its file brought it.
    is_repaired = context.pinned.reprocess is not None
    lost = count_values_of_missing_columns(context, row_key, rows, received, counts) if row_key and not is_repaired else {}
    verdicts: tuple[Verdict, ...] = ()
    if counts.corrections or lost:
        good = judged.rows
        if failing:  # counted once, and written from the same relation
            aside = context.engine.materialise("set_aside", failing)
            failing, good = f"SELECT * FROM {aside}", good - _count_rows(context, aside)
        severity = Severity.HALT if can_halt else Severity.WARN
        verdicts = tuple(_judge(context.contract.limits, severity, good - counts.superseded, counts.corrections, lost))
    return PublishPlan(rows=rows, failing=failing, row_key=row_key, counts=counts, verdicts=verdicts)


def _judge(limits: Limits, severity: Severity, brought: int, replaced: int, lost: Mapping[str, int]) -> Iterator[Verdict]:
    """The verdicts on a batch that brings so many rows, of which so many replace a stored one."""
    if replaced:
        yield judge_replaced_share(limits, severity, rows=brought, replaced=replaced)
    if lost:
        yield judge_missing_columns(severity, rows=brought, values=sum(lost.values()), columns=tuple(lost))


def _count_rows(context: BatchContext, relation: Relation) -> int:
    return int(context.engine.fetch(f"SELECT count(*) AS n FROM {relation}")[0]["n"])
