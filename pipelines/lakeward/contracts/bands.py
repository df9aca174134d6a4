"""The band of a column: how far its values are generalised for readers who may see it in bands only."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lakeward.core.messages import Phrase

if TYPE_CHECKING:
    from lakeward.contracts.model import DataType
    from lakeward.contracts.view import View

# Decimal places of a width, and the digits in front of them: with a value's 15 they can be computed exactly.
MAX_SCALE, MAX_DIGITS = 6, 9
# Least width of a band, in the smallest steps of the column's type: one step would show the value.
LEAST_STEPS = 2


class TimeBucket(StrEnum):
    """Length of time that a date or timestamp is shown as, in UTC."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class RegionLevel(StrEnum):
    """Administrative division that an address, or a code by GB/T 2260, is shown as."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"


@dataclass(frozen=True, slots=True)
class Band:
    """One of: the width of numeric bands, in the column's unit; a length of time; a level of regions."""

    width: Decimal | None = None
    bucket: TimeBucket | None = None
    region: RegionLevel | None = None


# Per kind of column, what its `band` may be, as messages name it.
_EXPECTED: Mapping[str, str | Phrase] = {
    "integer": Phrase("phrase_whole_such", low=2, example=50),
    "decimal": Phrase("phrase_steps", example=50),
    "double": Phrase("phrase_positive_decimals", digits=6, example="0.5"),
    "timestamp": ", ".join(TimeBucket),
    "date": ", ".join(list(TimeBucket)[2:]),
    "string": ", ".join(RegionLevel),
}


def read_band(properties: "View", type_: "DataType") -> Band | None:
    """The `band` of a column; None without one, or if it does not suit the column's type, which is collected as a fault."""
    value = properties.values.get("band")
    if value is None:
        return None
    kind = str(type_.kind)
    if kind not in _EXPECTED:
        properties.fail("band", "contract_band_of_other", found=str(type_), expected=", ".join(_EXPECTED))
        return None
    band = _word(value, kind) if kind in {"timestamp", "date", "string"} else _width(value, type_)
    if band is None:
        properties.fail_value("band", _EXPECTED[kind])
    return band


def _word(value: Any, kind: str) -> Band | None:
    if value not in str(_EXPECTED[kind]).split(", "):
        return None
    return Band(region=RegionLevel(value)) if kind == "string" else Band(bucket=TimeBucket(value))


def _width(value: Any, type_: "DataType") -> Band | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        width = Decimal(str(value)).normalize()
    except InvalidOperation:
        return None
    if not width.is_finite() or width <= 0 or width.adjusted() >= MAX_DIGITS:
        return None
    scale = max(0, -int(width.as_tuple().exponent))
    step = {"integer": 0, "decimal": type_.scale}.get(str(type_.kind))
    if scale > (MAX_SCALE if step is None else min(step, MAX_SCALE)):
        return None
    return None if step is not None and width < LEAST_STEPS * Decimal(10) ** -step else Band(width=width)
