"""Rules on what arrived, beside what its rows hold: the share of records that are rejects, and shares of NULLs against earlier batches.

They follow from the contract, and are judged from counts that are known already: no row is read for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lakeward.contracts.model import Contract
from lakeward.quality.catalogue import derived_dimension
from lakeward.quality.checks import NOTHING_TO_EVALUATE
from lakeward.quality.rule import RECEIVED, Outcome, Rule, Severity, Verdict, rule_version

NULLS = "nulls"
# Batches that a share of NULLs is held against: the newest ones, and the least of them before anything but "no value at all" is judged.
HISTORY, ENOUGH = 20, 5
# A batch is like an earlier one that has at most so much less NULLs; so few of these, as a share of all, make it unlike its history.
NEAR, FEW = 0.2, 0.1


@dataclass(frozen=True, slots=True)
class NullCount:
    """NULLs of a column in a batch."""

    rows: int
    nulls: int

    @property
    def share(self) -> float:
        """NULLs per row, 0 to 1; the batch has rows."""
        return self.nulls / self.rows


def nullable_columns(contract: Contract) -> tuple[str, ...]:
    """Columns that have rules on their NULLs: a required one has a rule of its own on each row."""
    return tuple(column.name for column in contract.columns if not column.required)


def received_verdict(contract: Contract, records: int, rejects: int) -> Verdict:
    """Whether as few records are rejects as the contract allows."""
    limit = contract.limits.rejected_share
    rule = Rule(
        id=f"{RECEIVED}:records",
        version=rule_version(RECEIVED, {"share": limit}),
        type=RECEIVED,
        kwargs={"share": limit},
        severity=Severity.QUARANTINE,
        dimension=derived_dimension(RECEIVED),
        columns=(),
    )
    if not records:
        return Verdict(rule, Outcome.UNKNOWN, evaluated=0, failed=0, reason=NOTHING_TO_EVALUATE)
    outcome = Outcome.FAIL if rejects > limit * records else Outcome.PASS
    return Verdict(rule, outcome, evaluated=records, failed=rejects)


def nulls_verdict(column: str, count: NullCount, history: Sequence[NullCount]) -> Verdict:
    """Whether the column's share of NULLs is far above that of earlier batches.

    FAIL: at most one in ten of the earlier batches had nearly as many (0.2 less, at most); of less than five batches, it is judged
    only whether all is NULL that never was.

    Args:
        history: The earlier batches, each with rows.
    """
    kwargs = {"column": column, "history": HISTORY, "enough": ENOUGH, "near": NEAR, "few": FEW}
    rule = Rule(
        id=f"{NULLS}:{column}",
        version=rule_version(NULLS, kwargs),
        type=NULLS,
        kwargs=kwargs,
        severity=Severity.WARN,
        dimension=derived_dimension(NULLS),
        columns=(column,),
    )
    if not count.rows or not history:
        reason = "no earlier batch" if count.rows else NOTHING_TO_EVALUATE
        return Verdict(rule, Outcome.UNKNOWN, evaluated=count.rows, reason=reason)
    shares = [earlier.share for earlier in history]
    outcome = Outcome.FAIL if _is_far(count.share, shares) else Outcome.PASS
    observed = f"{_ratio(count.share)}; before: {_ratio(min(shares))} to {_ratio(max(shares))}"
    return Verdict(rule, outcome, evaluated=count.rows, observed=observed)


def _ratio(share: float) -> str:
    """With four decimals; whole only if the share is."""
    return f"{share if share in {0, 1} else min(max(share, 0.0001), 0.9999):.4f}"


def _is_far(share: float, earlier: Sequence[float]) -> bool:
    if len(earlier) < ENOUGH:
        return share == 1 and max(earlier) < 1
    near = sum(before >= share - NEAR for before in earlier)
    return share > max(NEAR, sorted(earlier)[len(earlier) // 2] + NEAR) and near <= FEW * len(earlier)
