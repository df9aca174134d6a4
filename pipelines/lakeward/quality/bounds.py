"""Intervals in suites."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Bounds:
    """An interval; None is unbounded."""

    low: Any = None
    high: Any = None
    strict_low: bool = False
    strict_high: bool = False

    def contains(self, value: Any) -> bool:
        """Whether `value` is within; NaN is in no interval."""
        if value != value:  # noqa: PLR0124 -- NaN, of any type of number
            return False
        above = self.low is None or (value > self.low if self.strict_low else value >= self.low)
        below = self.high is None or (value < self.high if self.strict_high else value <= self.high)
        return above and below


def bounds_of(kwargs: Mapping[str, Any]) -> Bounds:
    """The interval in the arguments of an expectation: `value`, or the ends with their strictness."""
    argument = kwargs.get
    if "value" in kwargs:
        return Bounds(argument("value"), argument("value"))
    return Bounds(argument("min_value"), argument("max_value"), bool(argument("strict_min")), bool(argument("strict_max")))


def outside(value: str, kwargs: Mapping[str, Any], write: Callable[[Any], str]) -> str:
    """SQL condition: `value` is outside the bounds of `kwargs`."""
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    sides = []
    if low is not None:
        sides.append(f"{value} {'<=' if kwargs.get('strict_min') else '<'} {write(low)}")
    if high is not None:
        sides.append(f"{value} {'>=' if kwargs.get('strict_max') else '>'} {write(high)}")
    return " OR ".join(sides)
