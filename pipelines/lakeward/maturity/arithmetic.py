"""Computes levels from measured values, in Decimal, rounded half up at each stage. Unknown values stay unknown.

There are two schemes: the published one of clauses (GB/T 36073, as used by consultants) for an assessor's answers, and our own
    of indicators for live evidence. Every limit is an argument from the catalogue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

# Two decimals at each stage, as in the published scheme.
HUNDREDTH = Decimal("0.01")
FIRST, LAST = Decimal(1), Decimal(5)


@dataclass(frozen=True, slots=True)
class TargetHistory:
    """History of an indicator against a stored target.

    Args:
        months: Number of months with figures.
        on_target: Share of periods on target, 0 to 1.
        improving: Whether the trend improves, or is at its best, and a corrective action ran automatically.
    """

    months: int
    on_target: Decimal
    improving: bool = False


@dataclass(frozen=True, slots=True)
class IndicatorLevel:
    """One indicator's level, 1 to 5; None if not measured. A `must` limits the score of its item."""

    level: Decimal | None
    weight: Decimal = Decimal(1)
    must: bool = False


@dataclass(frozen=True, slots=True)
class ItemProposal:
    """The proposal of live evidence for one item.

    Args:
        score: 0 to 5, two decimals; None if the evidence is insufficient.
        coverage: Weight of the measured indicators, 0 to 1, two decimals (kappa).
        reason: Message code of why there is no score.
    """

    score: Decimal | None
    coverage: Decimal
    reason: str | None = None


def half_up(value: Decimal) -> Decimal:
    """Round to two decimals, half away from zero."""
    return value.quantize(HUNDREDTH, ROUND_HALF_UP)


def mean(values: Sequence[Decimal | None]) -> Decimal | None:
    """The mean of the known values, rounded half up; None if there are none."""
    known = [value for value in values if value is not None]
    return half_up(sum(known, Decimal(0)) / len(known)) if known else None


def interpolate_level(value: Decimal, steps: Sequence[Decimal], *, lower: bool = False) -> Decimal:
    """The level of a measured value, 1 to 5, linear between the steps and not rounded.

    Args:
        steps: The values of levels 2, 3, 4 and 5, strictly better from one to the next.
        lower: Whether less is better.
    """
    sign = -1 if lower else 1
    marks = [sign * step for step in steps]
    if sign * value < marks[0]:
        return FIRST
    for at, (low, high) in enumerate(pairwise(marks), start=2):
        if sign * value < high:
            return at + (sign * value - low) / (high - low)
    return LAST


def highest_level(history: TargetHistory | None, months: int, share: Decimal) -> Decimal:
    """The highest level that a value can show: a high value without history stops at 3.

    Args:
        months, share: History required for level 4.
    """
    if history is None or history.months < months or history.on_target < share:
        return Decimal(3)
    return LAST if history.improving else Decimal(4)


def propose_item(readings: Sequence[IndicatorLevel], ceiling: Decimal, min_coverage: Decimal) -> ItemProposal:
    """An item's score from its indicators: their weighted mean, limited by its ceiling and by each `must`.

    Args:
        ceiling: Highest score that live evidence can propose, 0 to 5.
        min_coverage: Coverage below which the evidence is insufficient, 0 to 1.
    """
    measured = [(r.level, r.weight) for r in readings if r.level is not None]
    weight = sum((w for _, w in measured), Decimal(0))
    kappa = weight / sum((r.weight for r in readings), Decimal(0))
    if kappa < min_coverage:
        return ItemProposal(None, half_up(kappa), "maturity_insufficient")
    if any(r.must and r.level is None for r in readings):
        return ItemProposal(None, half_up(kappa), "maturity_must_unknown")
    musts = [Decimal(int(r.level) + 1) for r in readings if r.must and r.level is not None]
    total = sum((value * w for value, w in measured), Decimal(0))
    return ItemProposal(half_up(min(ceiling, *musts, total / weight)), half_up(kappa))


def clause_score(conformities: Sequence[Sequence[Decimal]]) -> Decimal:
    """An item's score, 0 to 5, from the conformities (1, 0.7, 0.5, 0) of the clauses of its five levels."""
    return half_up(sum((mean(clauses) or Decimal(0) for clauses in conformities), Decimal(0)))


def overall_level(score: Decimal, bands: Sequence[Decimal]) -> int:
    """The level 1 to 5 of an overall score; `bands` are the least scores of levels 2 to 5."""
    return 1 + sum(score >= least for least in bands)


def indicative_level(score: Decimal, domains: Sequence[Decimal], bands: Sequence[Decimal], max_gap: int) -> int:
    """The total level: that of the score, but at most `apart` levels above the lowest domain."""
    return min(overall_level(score, bands), *(overall_level(domain, bands) + max_gap for domain in domains))
