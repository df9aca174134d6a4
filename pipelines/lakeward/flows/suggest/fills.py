"""Proposes how much of a column is filled: always, or a share that has been stable from batch to batch."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from lakeward.core.sql import identifier
from lakeward.flows.suggest.measured import ColumnPast
from lakeward.flows.suggest.past import KEPT_BACK, Past
from lakeward.flows.suggest.proposal import Proposal, proposed
from lakeward.flows.suggest.ranges import ENOUGH_VALUES

NOT_NULL = "expect_column_values_to_not_be_null"
SHARE = "expect_column_proportion_of_non_null_values_to_be_between"
# Shares that lie further apart are not stable.
STABLE = Decimal("0.2")
# The seen shares are widened by half the distance between them, and by no less than this: the next batch is another sample.
MARGIN, LEAST_MARGIN = Decimal("0.5"), Decimal("0.02")
DIGITS = Decimal("0.001")


def propose_fill(past: Past, column: ColumnPast) -> Iterator[Proposal]:
    """Not null where nothing was ever missing, else the share; what the contract requires already is left to it."""
    if column.column.required or column.name in past.contract.primary_key or past.total < ENOUGH_VALUES:
        return
    evidence = past.evidence(f"count(*) AS value, count({identifier(column.name)}) AS filled", past.total)
    if column.count == past.total:
        why = ("suggest_filled", {"rows": past.total})
        yield proposed("filled", NOT_NULL, {"column": column.name}, why, evidence)
        return
    bounds = stable_share(past.rows, column.filled)
    if bounds:
        kwargs = {"column": column.name, "min_value": float(bounds[0]), "max_value": float(bounds[1])}
        facts = {"rows": past.total, "batches": len(past.rows), "share": f"{column.count / past.total:.1%}"}
        yield proposed("share", SHARE, kwargs, ("suggest_share", facts), evidence)


def stable_share(rows: tuple[int, ...], filled: tuple[int, ...]) -> tuple[Decimal, Decimal] | None:
    """Bounds of the share in one batch; None where batches are few or small, it swings, or the column is empty."""
    shares = [Decimal(count) / total for count, total in zip(filled, rows, strict=True)]
    if len(shares) < KEPT_BACK - 1 or min(rows) < ENOUGH_VALUES or not any(shares):
        return None
    low, high = min(shares), max(shares)
    if high - low > STABLE:
        return None
    margin = max((high - low) * MARGIN, LEAST_MARGIN)
    least, most = (low - margin).quantize(DIGITS, ROUND_FLOOR), (high + margin).quantize(DIGITS, ROUND_CEILING)
    return max(least, Decimal(0)), min(most, Decimal(1))
