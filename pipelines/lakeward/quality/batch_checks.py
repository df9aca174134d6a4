"""Checks of numbers and sets of the whole batch: they have no failing rows, so they quarantine none."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lakeward.core.clock import instant_of
from lakeward.quality.bounds import Bounds
from lakeward.quality.checks import NOTHING_TO_EVALUATE, ROW_VALUE_EXPECTATIONS
from lakeward.quality.rule import Outcome, Rule, Verdict
from lakeward.quality.scope import RelationSql

# Maximum number of unexpected values, as in Great Expectations.
MAX_EXAMPLES = 20
# Tolerance of a quantile at the ends of its range, as in Great Expectations (and numpy): relative, absolute.
TOLERANCES = (1e-4, 1e-8)


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateCheck:
    """Compares one number of the whole batch with an interval.

    Args:
        aggregate: The number.
        evaluated: Aggregate that counts the values of the number; None if the number is valid without rows.
        elements: Aggregate that counts the rows of its domain.
        empty: The number without rows, as in Great Expectations.
    """

    rule: Rule
    aggregate: str
    bounds: Bounds
    evaluated: str | None
    elements: str
    empty: Any = None

    def measures(self) -> Mapping[str, str]:
        """The number and its count of values."""
        return {"elements": self.elements, "value": self.aggregate} | ({"evaluated": self.evaluated} if self.evaluated else {})

    def verdict(self, measures: Mapping[str, Any]) -> Verdict:
        """UNKNOWN without values or without a number (the deviation of one value)."""
        value, evaluated, elements = measures["value"], measures.get("evaluated", 1), measures["elements"]
        if not evaluated or value is None:
            return _unknown_verdict(self.rule, evaluated, elements, self.empty if not evaluated else None)
        outcome = Outcome.PASS if self.bounds.contains(value) else Outcome.FAIL
        known = None if isinstance(value, float) and math.isnan(value) else value
        shown = None if self.rule.type in ROW_VALUE_EXPECTATIONS else str(value)
        return Verdict(self.rule, outcome, evaluated=evaluated, observed=shown, elements=elements, value=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class DistinctCheck:
    """Compares the set of a column's values with a given set.

    Args:
        counts: Aggregates `evaluated` and `elements`; lists of times are microseconds since 1970, if `instants`.
        unexpected: Aggregates of the values outside the set: number and examples; empty if they are allowed.
        present: Aggregate of the positions in `value_set` of the values found; None if values may be missing.
        value_set: The given set.
    """

    rule: Rule
    counts: Mapping[str, str]
    unexpected: Mapping[str, str]
    present: str | None
    value_set: Sequence[Any]
    instants: bool = False

    def measures(self) -> Mapping[str, str]:
        """The values outside the set, and the found values of the set."""
        return {**self.counts, **self.unexpected, **({"held": self.present} if self.present else {})}

    def verdict(self, measures: Mapping[str, Any]) -> Verdict:
        """PASS if no value is unexpected and none is missing; `value` has the counts and examples of both."""
        value: dict[str, Any] = {}
        if self.unexpected:
            value |= {
                "unexpected_count": measures["others"],
                "partial_unexpected_list": _list_items(measures["examples"], self.instants),
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
    """Checks that the most common values of a column are in a given set.

    Args:
        counts: Aggregates `evaluated` and `elements`.
        batch_aggregates: The most common values and their number, by name; `listed` and `counted` are those names.
        count_in_set: Aggregate that counts the listed values in the set.
    """

    rule: Rule
    counts: Mapping[str, str]
    batch_aggregates: Mapping[str, RelationSql]
    values_column: str
    count_column: str
    count_in_set: str
    instants: bool = False

    def measures(self) -> Mapping[str, str]:
        """The most common values, their number, and the number of them in the set."""
        values = engine_list(f"any_value({self.values_column})", instants=self.instants)
        return {**self.counts, "value": values, "ties": f"any_value({self.count_column})", "known": self.count_in_set}

    def verdict(self, measures: Mapping[str, Any]) -> Verdict:
        """PASS if there is one and it is in the set; with `ties_okay`, if one of them is."""
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
            value=_list_items(measures["value"], self.instants),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileCheck:
    """Compares quantiles of a column with ranges.

    Args:
        counts: Aggregates `evaluated` and `elements`.
        batch_aggregates: Each quantile, linearly interpolated, by name.
        neighbours: For each quantile, aggregates of the values below and above it.
        interpolation: Interpolation: `nearest`, `lower`, `higher`, `midpoint` or `linear`.
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
        """PASS if each quantile is in its range, ends included with a tolerance."""
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
    """Expression of a list; times in a list become numbers, since the engine needs pytz to return them."""
    return f"list_transform({values}, lambda moment: epoch_us(moment))" if instants else values


def _list_items(values: Sequence[Any] | None, instants: bool) -> list[Any]:  # noqa: FBT001 (a field of the check)
    return [instant_of(value) if instants else value for value in values or ()]


def _within(value: float, low: float | None, high: float | None) -> bool:
    ends = Bounds(low, high)
    relative, absolute = TOLERANCES
    near = any(end is not None and abs(value - end) <= absolute + relative * abs(end) for end in (low, high))
    return near or ends.contains(value)


def _unknown_verdict(rule: Rule, evaluated: int, elements: int, value: Any) -> Verdict:
    return Verdict(rule, Outcome.UNKNOWN, evaluated=evaluated, reason=NOTHING_TO_EVALUATE, elements=elements, value=value)
