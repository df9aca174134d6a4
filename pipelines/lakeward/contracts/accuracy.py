"""The stated accuracy of a number: how far a copy of it may deviate, which is what a fingerprint lives in."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from lakeward.core.messages import Phrase

if TYPE_CHECKING:
    from lakeward.contracts.model import DataType
    from lakeward.contracts.view import View

# Least steps of resolution that a mark needs: one step is taken away by the next rounding.
LEAST_STEPS = 2
# Decimal places of a resolution, and digits in front of them: with a value's 15 they can be computed exactly.
MAX_SCALE, MAX_DIGITS = 6, 9
NUMBERS = ("integer", "decimal", "double")


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What the owner states of a column's values.

    Args:
        tolerance: Values are right within plus or minus this, in the column's unit.
        resolution: Smallest step of its readings, in the column's unit.
    """

    tolerance: Decimal
    resolution: Decimal

    @property
    def amplitude(self) -> Decimal | None:
        """How far a marked value is moved: whole steps, at least two, within half the tolerance; None if there are no such."""
        steps = (self.tolerance / 2 / self.resolution).to_integral_value(ROUND_FLOOR)
        return steps * self.resolution if steps >= LEAST_STEPS else None


def read_accuracy(properties: "View", type_: "DataType") -> Accuracy | None:
    """The `accuracy` and `resolution` of a column; None without an accuracy, or if one is not valid, which is collected as a fault."""
    given = properties.values
    if given.get("accuracy") is None and given.get("resolution") is None:
        return None
    kind = str(type_.kind)
    if kind not in NUMBERS:
        key = "resolution" if given.get("accuracy") is None else "accuracy"
        properties.fail(key, "contract_accuracy_of_other", key=key, found=str(type_), expected=", ".join(NUMBERS))
        return None
    resolution = _number(given["resolution"]) if given.get("resolution") is not None else _smallest_step(type_)
    if resolution is None or _scale(resolution) > _most_scale(type_):
        properties.fail_value("resolution", Phrase("phrase_positive_decimals", digits=_most_scale(type_), example="0.01"))
        return None
    if given.get("accuracy") is None:
        return None
    tolerance = _number(given["accuracy"])
    if tolerance is None:
        properties.fail_value("accuracy", Phrase("phrase_positive_such", example="0.05"))
    return Accuracy(tolerance, resolution) if tolerance else None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value)).normalize()
    except InvalidOperation:
        return None
    return found if found.is_finite() and found > 0 and found.adjusted() < MAX_DIGITS else None


def _smallest_step(type_: "DataType") -> Decimal | None:
    """The step of an exact type; a binary number has none."""
    return None if str(type_.kind) == "double" else Decimal(1).scaleb(-type_.scale)


def _most_scale(type_: "DataType") -> int:
    return MAX_SCALE if str(type_.kind) == "double" else min(type_.scale, MAX_SCALE)


def _scale(number: Decimal) -> int:
    return max(0, -int(number.as_tuple().exponent))
