"""Checks of numbers and sets of the whole batch: no row of theirs fails, so that they divert none."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lakeward.core.clock import instant_of
from lakeward.quality.bounds import Bounds
from lakeward.quality.checks import NOTHING_TO_EVALUATE, ROW_VALUE_EXPECTATIONS
from lakeward.quality.rule import Outcome, Rule, Verdict
from lakeward.quality.scope import RelationSql

# As many as Great Expectations lists of what it did not expect.
MAX_EXAMPLES = 20
# How near an end of its range a quantile passes, as Great Expectations (and numpy) have it: relative, absolute.
TOLERANCES = (1e-4, 1e-8)


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateCheck:
    """One number of the whole batch against an interval.

    Args:
        aggregate: The number.
        evaluated: Aggregate that counts what the number is made of; None: it is a measurement even over no rows.
        elements: Aggregate that counts the rows of its domain.
        empty: The number of nothing, as Great Expectations has it.
    """

    rule: Rule
    aggregate: str
    bounds: Bounds
    evaluated: str | None
    elements: str
    empty: Any = None

    def measures(self) -> Mapping[str, str]:
        """The number, and over how many values."""
        return {"elements": self.elements, "value": self.aggregate} | ({"evaluated": self.evaluated} if self.evaluated else {})

    def verdict(self, measures: Mapping[str, Any]) -> Verdict:
        """UNKNOWN over nothing: no values, or no number (the deviation of one value)."""
        value, evaluated, elements = measures["value"], measures.get("evaluated", 1), measures["elements"]
        if not evaluated or value is None:
            return _unknown_verdict(self.rule, evaluated, elements, self.empty if not evaluated else None)
        outcome = Outcome.PASS if self.bounds.contains(value) else Outcome.FAIL
        known = None if isinstance(value, float) and math.isnan(value) else value
        shown = None if self.rule.type in ROW_VALUE_EXPECTATIONS else str(value)
        return Verdict(self.rule, outcome, evaluated=evaluated, observed=shown, elements=elements, value=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class DistinctCheck:
    """The set of a column's values against a given one.

    Args:
        counts: Aggregates `evaluated` and `elements`; lists of instants are of microseconds since 1970, in `instants`.
        others: Aggregates of the values outside the set: how many, and some of them; empty: they may be there.
        held: Aggregate that lists the places in `wanted` of the values that are there; None: they may be missing.
        wanted: The given set.
    """

    rule: Rule
    counts: Mapping[str, str]
    unexpected: Mapping[str, str]
    present: str | None
    value_set: Sequence[Any]
    instants: bool = False

    def measures(self) -> Mapping[str, str]:
        """What is there and should not be, and what of the set is there."""
        return {**self.counts, **self.unexpected, **({"held": self.present} if self.present else {})}

    def verdict(self, measures: Mapping[str, Any]) -> Verdict:
        """PASS when nothing is there that should not be and nothing is missing; `value` has the counts, and examples of both."""
        value: dict[str, Any] = {}
        if self.unexpected:
            value |= {
                "unexpected_count": measures["others"],
                "partial_unexpected_list": _listed(measures["examples"], self.instants),
            }
        if self.present:
            there = set(measures["held"] or ())
            missing = [item for index, item in enumerate(self.value_set) if index not in there]
            value |= {"missing_count": len(missing), "partial_missing_list": missing[:MAX_EXAMPLES]}
        evaluated, elements = measures["evaluated"], measures["elements"]
        if not evaluated:
            return _unknown_verdict(self.rule, evaluated, elements, value)
        wrong = {name: count for name, count in value.items() if name.endswith("_count")}
        shown = ", ".join(f"{name} {count}" for name, count in wrong.items())
        outcome = Outcome.FAIL if any(wrong.values()) else Outcome.PASS
        return Verdict(self.rule, outcome, evaluated=evaluated, observed=shown, elements=elements, value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonCheck:
    """The most common values of a column, which should be in a given set.

    Args:
        counts: Aggregates `evaluated` and `elements`.
        moments: The most common values and their number, by name; `listed` and `counted` are those names.
        known: Aggregate that counts those of the list that are in the set.
    """

    rule: Rule
    counts: Mapping[str, str]
    batch_aggregates: Mapping[str, RelationSql]
    values_column: str
    count_column: str
    count_in_set: str
    instants: bool = False

    def measures(self) -> Mapping[str, str]:
        """The most common values, how many there are, and how many of them are in the set."""
        values = engine_list(f"any_value({self.values_column})", instants=self.instants)
        return {**self.counts, "value": values, "ties": f"any_value({self.count_column})", "known": self.count_in_set}

    def verdict(self, measures: Mapping[str, Any]) -> Verdict:
        """PASS when there is one and it is in the set; with `ties_okay`, when one of them is."""
        evaluated, elements = measures["evaluated"], measures["elements"]
        if not evaluated:
            return _unknown_verdict(self.rule, evaluated, elements, [])
        passed = measures["known"] > 0 if self.rule.kwargs.get("ties_okay") else measures["ties"] == measures["known"] == 1
        outcome = Outcome.PASS if passed else Outcome.FAIL
        shown = f"{measures['ties']} most common, {measures['known']} in the set"
        return Verdict(
            self.rule,
            outcome,
            evaluated=evaluated,
            observed=shown,
            elements=elements,
            value=_listed(measures["value"], self.instants),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileCheck:
    """Quantiles of a column, each against a range.

    Args:
        counts: Aggregates `evaluated` and `elements`.
        moments: Each quantile on a straight line between its two neighbours, by name.
        neighbours: For each quantile, aggregates of the value below and the value above that line's point.
        between: Which of the two is taken: `nearest`, `lower`, `higher`, `midpoint` or `linear` (the point itself).
    """

    rule: Rule
    counts: Mapping[str, str]
    interpolation: str
    neighbours: Mapping[str, str]
    batch_aggregates: Mapping[str, RelationSql] = field(default_factory=dict)

    def measures(self) -> Mapping[str, str]:
        """For quantile 0 `low0`, `high0`, `line0`, and so on."""
        return {**self.counts, **self.neighbours}

    def verdict(self, measures: Mapping[str, Any]) -> Verdict:
        """PASS when each quantile lies in its range, or nearly on an end of it."""
        evaluated, elements, ranges = measures["evaluated"], measures["elements"], self.rule.kwargs["quantile_ranges"]
        shares = ranges["quantiles"]
        if not evaluated:
            return _unknown_verdict(self.rule, evaluated, elements, {"quantiles": shares, "values": [None] * len(shares)})
        values = [self._select(index, (evaluated - 1) * float(share), measures) for index, share in enumerate(shares)]
        passed = all(_within(value, *ends) for value, ends in zip(values, ranges["value_ranges"], strict=True))
        value = {"quantiles": shares, "values": values}
        return Verdict(self.rule, Outcome.PASS if passed else Outcome.FAIL, evaluated=evaluated, elements=elements, value=value)

    def _select(self, number: int, position: float, measures: Mapping[str, Any]) -> float:
        low, high, line = (float(measures[f"{side}{number}"]) for side in ("low", "high", "line"))
        if self.interpolation == "linear":
            return line
        if self.interpolation == "midpoint":
            return low if position.is_integer() else (low + high) / 2
        nearest = {"lower": math.floor, "higher": math.ceil}.get(self.interpolation, round)
        return low if nearest(position) == math.floor(position) else high


def engine_list(values: str, *, instants: bool) -> str:
    """A list as the engine gives it: instants inside a list need a package that we do not install."""
    return f"list_transform({values}, lambda moment: epoch_us(moment))" if instants else values


def _listed(values: Sequence[Any] | None, instants: bool) -> list[Any]:  # noqa: FBT001 (a field of the check)
    return [instant_of(value) if instants else value for value in values or ()]


def _within(value: float, low: float | None, high: float | None) -> bool:
    ends = Bounds(low, high)
    relative, absolute = TOLERANCES
    near = any(end is not None and abs(value - end) <= absolute + relative * abs(end) for end in (low, high))
    return near or ends.contains(value)


def _unknown_verdict(rule: Rule, evaluated: int, elements: int, value: Any) -> Verdict:
    return Verdict(rule, Outcome.UNKNOWN, evaluated=evaluated, reason=NOTHING_TO_EVALUATE, elements=elements, value=value)
