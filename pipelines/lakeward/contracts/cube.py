"""The cube of a contract: the groups of a table that readers get instead of its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from lakeward.contracts.document import safe_repr
from lakeward.contracts.noise import Noise, read_noise
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.core.spelling import did_you_mean

if TYPE_CHECKING:
    from lakeward.contracts.model import Column
    from lakeward.contracts.view import View

# Units of a released group, and the least number that a contract may ask for.
DEFAULT_K, LEAST_K = 10, 3
DEFAULT_DOMINANCE = Decimal("0.5")
KEYS: Mapping[str, KeyDoc] = {
    "unit": KeyDoc("column", "Whom or what a group must hide: a person, a machine, a customer.", required=True),
    "dimensions": KeyDoc(
        "list of columns", "What groups are by; a number with a fraction, a date or a time needs a `band`.", required=True
    ),
    "measures": KeyDoc("list of columns", "Numbers that are summed per group.", "none: groups have the number of units alone"),
    "k": KeyDoc("whole number", f"Units that a group has at least, from {LEAST_K}.", f"{DEFAULT_K}"),
    "dominance": KeyDoc("share", "Largest share of a sum that one unit may have, above 0 and below 1.", f"{DEFAULT_DOMINANCE}"),
    "noise": KeyDoc("mapping", "Noise on the figures, with a budget; see below. It needs the extra `noise`.", "none"),
}
# Kinds of numbers, and of dimensions that would be values themselves without a band.
_NUMBERS, _FINE = ("integer", "decimal", "double"), ("decimal", "double", "date", "timestamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cube:
    """Groups of a table that may be released.

    Args:
        unit: Column of whom or what a group must hide.
        dimensions: Columns that groups are by, in their bands.
        measures: Columns that are summed.
        k: Units that a group has at least.
        dominance: Largest share of a sum that one unit may have.
        noise: Noise on its figures; None for none.
    """

    unit: str
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    k: int
    dominance: Decimal
    noise: Noise | None = None


def read_cube(view: "View", columns: Sequence["Column"]) -> Cube:
    """The cube of a contract; faults are collected in `view`."""
    view.allow_only(KEYS)
    by_name = {column.name: column for column in columns}
    cube = Cube(
        unit=view.text("unit", expected=Phrase("phrase_column")),
        dimensions=view.texts("dimensions"),
        measures=view.texts("measures"),
        k=view.entry("k", Phrase("phrase_whole_from", low=LEAST_K), _least_units, DEFAULT_K) or DEFAULT_K,
        dominance=view.entry("dominance", Phrase("phrase_open_share", example="0.5"), _share, DEFAULT_DOMINANCE)
        or DEFAULT_DOMINANCE,
        noise=_read_noise(view, by_name),
    )
    if not cube.dimensions:
        view.fail_value("dimensions", Phrase("phrase_columns"))
    listed = [
        ("unit", cube.unit),
        *(("dimensions", each) for each in cube.dimensions),
        *(("measures", each) for each in cube.measures),
    ]
    for at, (key, name) in enumerate(listed):
        if not name:
            continue
        if name not in by_name:
            view.fail(key, "contract_unknown_column", key=key, found=safe_repr(name), close=did_you_mean(name, by_name))
        elif name in [other for _, other in listed[:at]]:
            view.fail(key, "contract_column_twice", name=safe_repr(name))
        else:
            _check_kind(view, key, by_name[name])
    return cube


def _read_noise(view: "View", columns: Mapping[str, "Column"]) -> Noise | None:
    if view.values.get("noise") is None:
        return None
    measures = (name for name in view.texts("measures") if name in columns)
    return read_noise(view.mapping("noise"), {name: columns[name] for name in measures})


def _check_kind(view: "View", key: str, column: "Column") -> None:
    kind = str(column.type.kind)
    if key == "measures" and kind not in _NUMBERS:
        view.fail_value(key, Phrase("phrase_columns_of", types=", ".join(_NUMBERS), column=column.name, type=column.type))
    if key == "dimensions" and kind in _FINE and column.band is None:
        view.fail_value(key, Phrase("phrase_columns_with_band", column=column.name, type=column.type))


def _least_units(value: Any) -> int | None:
    return value if type(value) is int and value >= LEAST_K else None


def _share(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if 0 < found < 1 else None
