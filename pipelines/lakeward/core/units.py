"""Units of measure by their UCUM codes: which there are, how people spell them, and how one becomes another.

The facts lie in the catalogue `units_ucum_2.2.yaml`. Refuses to convert between kinds of quantity, and to guess from half a word.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from importlib import resources
from types import MappingProxyType

import yaml

CATALOGUE = "units_ucum_2.2.yaml"
# Factors that are no finite decimals (a minute in hours) are written with 29 digits; 28 are kept, so there and back is the same.
_CONTEXT = Context(prec=28)
# Units that a column's last word names only by chance: `device_a`, `column_c`, `phase_1`, `shift_d`.
_AMBIGUOUS_SUFFIXES = frozenset({"a", "c", "d", "g", "h", "j", "k", "l", "m", "n", "s", "t", "v", "w", "1", "in", "day", "days"})
# Of these one-letter units, the ones that a quantity before them makes sure: `current_a`, `vibration_g`.
_QUANTITIES = {
    "a": ("current", "amps", "i"),
    "c": ("temp", "temperature"),
    "g": ("accel", "acceleration", "vibration", "vib"),
    "h": ("duration", "runtime", "uptime"),
    "k": ("temp", "temperature"),
    "s": ("duration", "runtime", "uptime", "cycle", "time"),
    "v": ("voltage", "volt", "u"),
    "w": ("power",),
}
_BY_QUANTITY = {"c": "Cel", "a": "A", "g": "[g]", "h": "h", "k": "K", "s": "s", "v": "V", "w": "W"}


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit.

    Args:
        code: UCUM code, case-sensitive.
        kind: The kind of quantity; only units of one kind convert into each other.
        factor, offset: A value in the base of its kind is `value * factor + offset`.
        names: Other spellings, as met in files and column names.
    """

    code: str
    kind: str
    factor: Decimal
    offset: Decimal
    names: tuple[str, ...]


@functools.cache
def units() -> Mapping[str, Unit]:
    """All units of the catalogue, by UCUM code."""
    file = resources.files("lakeward") / "expectations" / "catalogues" / CATALOGUE
    entries = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["units"]
    return MappingProxyType(
        {
            code: Unit(code, e["kind"], Decimal(e["factor"]), Decimal(e.get("offset", "0")), tuple(e["names"]))
            for code, e in entries.items()
        }
    )


def unit(code: str) -> Unit:
    """The unit with this UCUM code.

    Raises:
        KeyError: The catalogue has no such code.
    """
    return units()[code]


def guess_unit(text: str) -> Unit | None:
    """The unit that a person who wrote `text` meant; None where none, or more than one, is spelled so.

    The spelling is looked up as it is, then without regard to case.
    """
    text = text.strip().strip("[]() ") if text.strip() not in units() else text.strip()
    exact, folded = _spellings()
    found = exact.get(text) or folded.get(text.casefold()) or frozenset()
    return unit(next(iter(found))) if len(found) == 1 else None


def guess_from_name(column: str) -> Unit | None:
    """The unit that a column's name ends with (`flow_m3_per_h`, `temp_degc`, `pressure_kpa`, `温度(℃)`); None where it does not say."""
    if match := re.search(r"[(\[（【]([^()\[\]（）【】]+)[)\]）】]\s*$", column):
        return guess_unit(match[1])
    words = [word for word in re.split(r"[_\s.\-]+", column.casefold()) if word]
    for start in range(1, len(words)):
        tail = words[start:]
        if "_".join(tail) in _AMBIGUOUS_SUFFIXES:
            return _beside_quantity(words[start - 1], tail[0])
        if found := guess_unit("_".join(tail)) or guess_unit("/".join("".join(tail).split("per"))):
            return found
    return None


def convert(value: Decimal, source: Unit, target: Unit) -> Decimal:
    """`value` in `source` as a value in `target`, to 28 digits.

    Raises:
        ValueError: They are units of different kinds of quantity.
    """
    if source.kind != target.kind:
        raise ValueError(f"{source.kind} is no {target.kind}")
    base = _CONTEXT.add(_CONTEXT.multiply(value, source.factor), source.offset)
    return _CONTEXT.divide(_CONTEXT.subtract(base, target.offset), target.factor)


def _beside_quantity(quantity: str, suffix: str) -> Unit | None:
    return unit(_BY_QUANTITY[suffix]) if quantity in _QUANTITIES.get(suffix, ()) else None


@functools.cache
def _spellings() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Spelling -> codes: as written, and without regard to case."""
    exact: dict[str, frozenset[str]] = {}
    folded: dict[str, frozenset[str]] = {}
    for one in units().values():
        for name in (one.code, *one.names):
            exact[name] = exact.get(name, frozenset()) | {one.code}
            folded[name.casefold()] = folded.get(name.casefold(), frozenset()) | {one.code}
    return exact, folded
