"""The noise of a cube: how much is added to its figures, and how much of it readers get over all releases."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING, Any

from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

if TYPE_CHECKING:
    from lakeward.contracts.model import Column
    from lakeward.contracts.view import View

# Largest epsilon of a release: above it noise hides nothing.
MOST_EPSILON = Decimal(10)
# Steps that the largest sum of a unit has at least, where the column's type has no smallest step of its own.
_STEPS = 6
_PAIR = 2
NOISE_KEYS: Mapping[str, KeyDoc] = {
    "epsilon": KeyDoc(
        "number", f"Privacy loss of one release, above 0 and at most {MOST_EPSILON}: the smaller, the more noise.", required=True
    ),
    "budget": KeyDoc(
        "number", "Largest sum of the privacy losses of all releases; then the groups keep their figures.", required=True
    ),
    "bounds": KeyDoc(
        "mapping of column to [least, most]",
        "What one unit adds at least and at most to a sum; more is cut.",
        "none",
        required=False,
    ),
    "groups": KeyDoc("whole number", "Groups that one unit counts in; of more, so many are chosen at random.", "1"),
}


@dataclass(frozen=True, slots=True)
class UnitBounds:
    """What one unit adds to a sum of a group.

    Args:
        digits: Digits after the point of the step that figures are counted in.
    """

    least: Decimal
    most: Decimal
    digits: int

    @property
    def steps(self) -> int:
        """The largest change of a sum by one unit, in steps."""
        return int(max(abs(self.least), abs(self.most)).scaleb(self.digits).to_integral_value(rounding="ROUND_CEILING"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Noise of a cube's figures.

    Args:
        epsilon: Privacy loss of one release.
        budget: Largest sum over all releases.
        bounds: Measure -> its bounds.
        groups: Groups that one unit counts in.
    """

    epsilon: Decimal
    budget: Decimal
    bounds: Mapping[str, UnitBounds] = field(default_factory=dict, hash=False)
    groups: int = 1


def read_noise(view: "View", measures: Mapping[str, "Column"]) -> Noise:
    """The noise of a cube; faults are collected in `view`.

    Args:
        measures: Columns that the cube sums, by name.
    """
    view.allow_only(NOISE_KEYS)
    epsilon = view.entry("epsilon", Phrase("phrase_positive_up_to", most=MOST_EPSILON), _epsilon) or MOST_EPSILON
    budget = view.entry("budget", Phrase("phrase_at_least_epsilon", epsilon=epsilon), lambda v: _at_least(v, epsilon)) or epsilon
    given = view.mapping("bounds")
    given.allow_only(measures)
    bounds = {name: given.entry(name, Phrase("phrase_bounds"), partial(_bounds, column)) for name, column in measures.items()}
    return Noise(
        epsilon=epsilon,
        budget=budget,
        bounds={name: found for name, found in bounds.items() if found},
        groups=view.positive_integer("groups", 1),
    )


def _epsilon(value: Any) -> Decimal | None:
    found = _number(value)
    return found if found is not None and 0 < found <= MOST_EPSILON else None


def _at_least(value: Any, least: Decimal) -> Decimal | None:
    found = _number(value)
    return found if found is not None and found >= least else None


def _bounds(column: "Column", value: Any) -> UnitBounds | None:
    if not isinstance(value, list) or len(value) != _PAIR:
        return None
    least, most = map(_number, value)
    if least is None or most is None or least >= most:
        return None
    return UnitBounds(least, most, _digits(column, max(abs(least), abs(most))))


def _digits(column: "Column", largest: Decimal) -> int:
    """Digits of the step: those of the type; of a binary number so many that the largest sum has a million steps."""
    kind = str(column.type.kind)
    if kind == "integer":
        return 0
    return column.type.scale if kind == "decimal" else max(0, _STEPS - largest.adjusted())


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
