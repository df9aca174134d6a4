"""What patterns are made of: a shape and a check, as SQL over one column `t`; and the arithmetic of check digits."""

from collections.abc import Sequence
from dataclasses import dataclass

from lakeward.core.sql import literal

# ISO/IEC 7812-1: a card number has at most 19 digits; leading zeros do not change the sum.
_LONGEST = 19


@dataclass(frozen=True, slots=True)
class Pattern:
    """SQL predicates over a text `t`, without blanks at its ends and in half-width digits."""

    shape: str
    check: str

    @property
    def valid(self) -> str:
        """Condition: `t` is valid; never NULL, and checked only if it has the shape."""
        return f"CASE WHEN {self.shape} THEN coalesce({self.check}, FALSE) ELSE FALSE END"


def full_match(pattern: str, text: str = "t") -> str:
    """Condition: the whole `text` matches the regular expression (RE2)."""
    return f"regexp_full_match({text}, {literal(pattern)})"


def weighted_sum(weights: Sequence[int], value: str) -> str:
    """Sum of the values of the places from 1, each times its weight; `value` holds `{0}` for the place."""
    return " + ".join(f"{weight} * {value.format(place)}" for place, weight in enumerate(weights, 1))


def digit_at(text: str = "t") -> str:
    """The digit of `text` at the place `{0}`."""
    return f"(ascii(substr({text}, {{0}}, 1)) - 48)"


def luhn() -> str:
    """Condition: the digits of `t` pass the check of ISO/IEC 7812-1 annex B."""
    padded = f"lpad(t, {_LONGEST}, '0')"
    digits = [digit_at(padded).format(place) for place in range(1, _LONGEST + 1)]
    # The check digit is the last, so with 19 digits the even ones count double.
    terms = [f"2 * {d} - 9 * CAST({d} > 4 AS INTEGER)" if place % 2 == 0 else d for place, d in enumerate(digits, 1)]
    return f"({' + '.join(terms)}) % 10 = 0"
