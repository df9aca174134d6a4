"""Proposes the share of filled values: all, or a share that is stable from batch to batch."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from lakeward.core.shares import percent
from lakeward.core.sql import identifier
from lakeward.flows.suggest.column_history import ColumnHistory
from lakeward.flows.suggest.history import HOLDOUT_EVERY, History
from lakeward.flows.suggest.proposal import RuleProposal, make_proposal
from lakeward.flows.suggest.ranges import ENOUGH_VALUES

NOT_NULL = "expect_column_values_to_not_be_null"
SHARE = "expect_column_proportion_of_non_null_values_to_be_between"
# Shares with a larger range are not stable.
MAX_SWING = Decimal("0.2")
# Observed shares are widened by half their range, and by at least this, because the next batch is another sample.
MARGIN, LEAST_MARGIN = Decimal("0.5"), Decimal("0.02")
DIGITS = Decimal("0.001")


def propose_fill(history: History, column: ColumnHistory) -> Iterator[RuleProposal]:
    """Not null if nothing was ever missing, else the share; nothing for a required column of the contract."""
    if column.column.required or column.name in history.contract.primary_key or history.row_count < ENOUGH_VALUES:
        return
    evidence = history.evidence(f"count(*) AS value, count({identifier(column.name)}) AS filled", history.row_count)
    if column.count == history.row_count:
        why = ("suggest_filled", {"rows": history.row_count})
        yield make_proposal("filled", NOT_NULL, {"column": column.name}, why, evidence)
        return
    bounds = stable_share(history.training_rows, column.filled_per_batch)
    if bounds:
        kwargs = {"column": column.name, "min_value": float(bounds[0]), "max_value": float(bounds[1])}
        facts = {
            "rows": history.row_count,
            "batches": len(history.training_rows),
            "share": percent(column.count / history.row_count),
        }
        yield make_proposal("share", SHARE, kwargs, ("suggest_share", facts), evidence)


def stable_share(rows: tuple[int, ...], filled: tuple[int, ...]) -> tuple[Decimal, Decimal] | None:
    """Bounds of the share in one batch; None if batches are few or small, the share varies, or the column is empty."""
    shares = [Decimal(count) / total for count, total in zip(filled, rows, strict=True)]
    if len(shares) < HOLDOUT_EVERY - 1 or min(rows) < ENOUGH_VALUES or not any(shares):
        return None
    low, high = min(shares), max(shares)
    if high - low > MAX_SWING:
        return None
    margin = max((high - low) * MARGIN, LEAST_MARGIN)
    least, most = (low - margin).quantize(DIGITS, ROUND_FLOOR), (high + margin).quantize(DIGITS, ROUND_CEILING)
    return max(least, Decimal(0)), min(most, Decimal(1))
