"""Quality score from 0 to 100 by the dimensions of GB/T 36344-2018; unmeasured rules lower the coverage, not the score.

The standard gives X = A / B per indicator, and no weights. So each rule has one ratio (passed by evaluated rows; an aggregate or
schema rule is one element, 1 or 0), a dimension is the weighted mean of its rules, a dataset that of its measured dimensions, and
an estate that of its datasets' displayed scores. Ratios and means are whole trillionths, rounded half up, so that SQL
(`score_sql.py`) gives the same number to the last digit. Coverage is an unweighted count of rules: a rule of low weight that could
not be judged counts as much as one of high weight. It is multiplied by the share of received records that are not rejects.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from lakeward.quality.rule import RECEIVED, Dimension, Outcome, Verdict
from lakeward.quality.weights import EQUAL_WEIGHTS, UNIT_WEIGHT, Weights

# Scale of stored ratios. Products with row counts and sums of weights fit 128 bits.
RATIO_UNIT = 10**12
# Ratios lose their last three digits before the last rounding, so that halves made of thirds are exact halves again.
GUARD_DIGITS = 10**3
# Full score in hundredths: two decimals, as in GB/T scorecards.
FULL_SCORE = 10_000
# Sums of ratios have six decimals.
SUM_UNIT = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePart:
    """A weighted mean with its parts.

    Args:
        value: 0.00 to 100.00, rounded half up; None if nothing was measured.
        numerator: Sum of the ratios times their weights; six decimals.
        denominator: Sum of these weights.
        rules: Number of rules.
        measured: Number of rules that could be judged.
        judged: `measured` in trillionths, times the share of received records that are not rejects.
    """

    value: Decimal | None
    numerator: Decimal
    denominator: Decimal
    rules: int
    measured: int
    judged: int

    @property
    def coverage(self) -> Decimal | None:
        """Measured rules per 100 rules, times the share of records that are not rejects; None without rules."""
        return _hundredths(half_up(FULL_SCORE * self.judged, RATIO_UNIT * self.rules)) if self.rules else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(ScorePart):
    """The score of a dataset: the weighted mean of its dimensions."""

    dimensions: Mapping[Dimension, ScorePart]


def score(verdicts: Iterable[Verdict], weights: Weights = EQUAL_WEIGHTS, dataset: str = "") -> Score:
    """The score of these verdicts; verdicts of one rule on several batches are added up.

    Args:
        dataset: Name of the dataset, for its weights.
    """
    by_rule: dict[tuple[Dimension, str], list[Verdict]] = {}
    for verdict in verdicts:
        by_rule.setdefault((verdict.rule.dimension, verdict.rule.id), []).append(verdict)
    ratios = {key: (weights.of_rule(dataset, key[1]), _ratio(of_rule)) for key, of_rule in by_rule.items()}
    received = _received(verdict for of_rule in by_rule.values() for verdict in of_rule)
    means, parts = {}, {}
    for dimension in Dimension:
        own = [pair for (of, _), pair in ratios.items() if of is dimension]
        if own:
            means[dimension] = (weights.of_dimension(dataset, dimension), _mean(own))
            parts[dimension] = _score_part(own, own, _judged(own, received))
    whole = _score_part(list(means.values()), list(ratios.values()), sum(part.judged for part in parts.values()))
    return Score(
        value=whole.value,
        numerator=whole.numerator,
        denominator=whole.denominator,
        rules=whole.rules,
        measured=whole.measured,
        judged=whole.judged,
        dimensions=parts,
    )


def half_up(part: int, whole: int) -> int:
    """`part / whole` as an integer, rounded half up; neither is negative."""
    return (2 * part + whole) // (2 * whole)


# A weight, and a ratio in trillionths; None if not measured.
WeightedRatio = tuple[int, int | None]


def _ratio(verdicts: Sequence[Verdict]) -> int | None:
    measured = [_elements(verdict) for verdict in verdicts if verdict.outcome is not Outcome.UNKNOWN]
    evaluated = sum(evaluated for _, evaluated in measured)
    return half_up(RATIO_UNIT * sum(passed for passed, _ in measured), evaluated) if evaluated else None


def _elements(verdict: Verdict) -> tuple[int, int]:
    if verdict.failed is None or verdict.evaluated is None:
        return int(verdict.outcome is Outcome.PASS), 1 if verdict.evaluated != 0 else 0
    return verdict.evaluated - verdict.failed, verdict.evaluated


def _sums(ratios: Sequence[WeightedRatio]) -> tuple[int, int]:
    measured = [(weight, ratio) for weight, ratio in ratios if ratio is not None]
    return sum(weight * ratio for weight, ratio in measured), sum(weight for weight, _ in measured)


def _mean(ratios: Sequence[WeightedRatio]) -> int | None:
    total, weight = _sums(ratios)
    return half_up(total, weight) if weight else None


def _received(verdicts: Iterable[Verdict]) -> tuple[int, int]:
    """Records that are no rejects, and all that were received; of nothing received, one of one."""
    known = [
        _elements(verdict) for verdict in verdicts if verdict.rule.type == RECEIVED and verdict.outcome is not Outcome.UNKNOWN
    ]
    records = sum(evaluated for _, evaluated in known)
    return (sum(accepted for accepted, _ in known), records) if records else (1, 1)


def _judged(rules: Sequence[WeightedRatio], received: tuple[int, int]) -> int:
    accepted, records = received
    return half_up(accepted * sum(ratio is not None for _, ratio in rules) * RATIO_UNIT, records)


def _score_part(ratios: Sequence[WeightedRatio], rules: Sequence[WeightedRatio], judged: int) -> ScorePart:
    (total, weight), mean = _sums(ratios), _mean(ratios)
    value = None if mean is None else _hundredths(_cents(mean))
    shown = Decimal(half_up(total, UNIT_WEIGHT * RATIO_UNIT // SUM_UNIT)) / SUM_UNIT
    return ScorePart(
        value=value,
        numerator=shown,
        denominator=Decimal(weight) / UNIT_WEIGHT,
        rules=len(rules),
        measured=sum(ratio is not None for _, ratio in rules),
        judged=judged,
    )


def _cents(ratio: int) -> int:
    """The score of a ratio: full only if nothing failed."""
    rounded = half_up(half_up(ratio, GUARD_DIGITS), RATIO_UNIT // GUARD_DIGITS // FULL_SCORE)
    return min(rounded, FULL_SCORE - 1) if ratio < RATIO_UNIT else rounded


def _hundredths(value: int) -> Decimal:
    return Decimal(value).scaleb(-2)
