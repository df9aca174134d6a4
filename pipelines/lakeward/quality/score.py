"""How good a batch is, from 0 to 100, by the dimensions of GB/T 36344-2018; what was not measured lowers the coverage, not the score.

The standard gives X = A / B per indicator, and no weights. So each rule has one ratio (passed by evaluated rows; an aggregate or
schema rule is one element, 1 or 0), a dimension is the mean of its rules, and a dataset the mean of its measured dimensions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from lakeward.quality.rule import Dimension, Outcome, Verdict

# Two digits, as GB/T scorecards print them.
STEP = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Part:
    """A mean, with what it is made of.

    Args:
        value: 0.00 to 100.00, half up; None: nothing was measured.
        numerator: Sum of the ratios that the mean is taken of.
        denominator: How many ratios these are.
        coverage: Rules measured per 100 rules; None: there are no rules.
    """

    value: Decimal | None
    numerator: Fraction
    denominator: int
    coverage: Decimal | None


@dataclass(frozen=True, slots=True)
class Score(Part):
    """The score of a dataset; its ratios are the means of the dimensions."""

    dimensions: Mapping[Dimension, Part]


def score(verdicts: Iterable[Verdict]) -> Score:
    """The score of these verdicts; several of one rule (of several batches) count as one, their rows together."""
    by_rule: dict[tuple[Dimension, str], list[Verdict]] = {}
    for verdict in verdicts:
        by_rule.setdefault((verdict.rule.dimension, verdict.rule.id), []).append(verdict)
    ratios = {key: _ratio(of_rule) for key, of_rule in by_rule.items()}
    parts = {
        dimension: _part([ratio for (of, _), ratio in ratios.items() if of is dimension])
        for dimension in Dimension
        if any(of is dimension for of, _ in ratios)
    }
    whole = _part([part.numerator / part.denominator for part in parts.values() if part.denominator])
    return Score(whole.value, whole.numerator, whole.denominator, _coverage(list(ratios.values())), parts)


def _ratio(verdicts: Sequence[Verdict]) -> Fraction | None:
    measured = [_elements(verdict) for verdict in verdicts if verdict.outcome is not Outcome.UNKNOWN]
    evaluated = sum(evaluated for _, evaluated in measured)
    return Fraction(sum(passed for passed, _ in measured), evaluated) if evaluated else None


def _elements(verdict: Verdict) -> tuple[int, int]:
    if verdict.failed is None or verdict.evaluated is None:
        return int(verdict.outcome is Outcome.PASS), 1
    return verdict.evaluated - verdict.failed, verdict.evaluated


def _part(ratios: Sequence[Fraction | None]) -> Part:
    measured = [ratio for ratio in ratios if ratio is not None]
    total = sum(measured, Fraction(0))
    value = _percent(total, len(measured)) if measured else None
    return Part(value, total, len(measured), _coverage(ratios))


def _coverage(ratios: Sequence[Fraction | None]) -> Decimal | None:
    measured = sum(ratio is not None for ratio in ratios)
    return _percent(Fraction(measured), len(ratios)) if ratios else None


def _percent(total: Fraction, count: int) -> Decimal:
    share = total * 100 / count
    return (Decimal(share.numerator) / Decimal(share.denominator)).quantize(STEP, ROUND_HALF_UP)
