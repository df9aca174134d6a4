"""Units of measure by UCUM code: catalogue, spellings and conversion.

The data is in the catalogue `units_ucum_2.2.yaml`. Units of different quantities are not converted, and partial words not
matched.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from importlib import resources
from itertools import product
from types import MappingProxyType
from typing import Any

import yaml

CATALOGUE = "units_ucum_2.2.yaml"
# Factors that are not finite decimals (a minute in hours) have 29 digits; results have 28, so that a round trip is exact.
_CONTEXT = Context(prec=28)
# Last words that are a unit only with the matching quantity: `current_a` is in amperes, `phase_a` is not; `temp_min` is a
# minimum.
_TEMPERATURE = {"c": "Cel", "f": "[degF]", "k": "K"}
_TIME = {"d": "d", "h": "h", "min": "min", "day": "d", "days": "d"}
_MASS = {"g": "g", "t": "t"}
_FORCE_OF_GRAVITY = {"g": "[g]"}
_LENGTH = {"m": "m", "in": "[in_i]"}
_UNITS_BY_QUANTITY = {
    **dict.fromkeys(("temp", "temperature"), _TEMPERATURE),
    **dict.fromkeys(("cycle", "duration", "run", "runtime", "time", "uptime"), _TIME),
    **dict.fromkeys(("mass", "weight"), _MASS),
    **dict.fromkeys(("depth", "distance", "height", "length", "level"), _LENGTH),
    **dict.fromkeys(("acc", "accel", "acceleration", "vib", "vibration"), _FORCE_OF_GRAVITY),
    "current": {"a": "A"},
    "power": {"w": "W"},
    "voltage": {"v": "V"},
}
_AMBIGUOUS = {"b", "j", "l", "n", "1"}.union(*_UNITS_BY_QUANTITY.values())
# A unit in brackets in a column's name, as spreadsheets have it: the last ones count.
_BRACKETS = re.compile(r"[(\[（【<]([^()\[\]（）【】<>]+)[)\]）】>]")
# A unit that ends a name without a blank: no letter of a word is one.
_SIGN = re.compile(r"(°C|℃|°F|℉|°|%|‰|Ω|µm|μm)\s*$")
# What loggers write behind the unit: how the value came about.
_STATISTICS = frozenset({"avg", "mean", "std", "max", "min", "sum", "tot", "smp", "value", "act", "actual", "raw"})
_DEGREES = re.compile(r"deg(?:rees?)?[\s._]*([CF])(?:elsius|ahrenheit)?", re.IGNORECASE)
_HUMIDITY = re.compile(r"%\s*r\.?h\.?|r\.?h\.?\s*%", re.IGNORECASE)
# `W m-2`, `m s^-1`: a quotient as a product.
_PRODUCT = re.compile(r"(\S+)[\s.·*]+([A-Za-z]+)\s*-(\d)")
_QUOTIENT = re.compile(r"([^/]+)/([A-Za-z]+)(\d?)")
_DEGREE_WORDS = {"°C": "celsius", "°F": "fahrenheit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit.

    Args:
        code: UCUM code, case-sensitive.
        kind: The quantity; only units of the same quantity can be converted.
        factor, offset: A value in the base of its kind is `value * factor + offset`.
        names: Other spellings in files and column names.
        guesses: Spellings that are taken for the unit in a draft, and say more or can mean another one: no value is converted by them.
    """

    code: str
    kind: str
    factor: Decimal
    offset: Decimal
    names: tuple[str, ...]
    guesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spellings:
    """The spellings by which values in a unit are converted.

    Args:
        exact: Texts that mean the unit as they stand: single letters, and those that are another unit in other letters.
        folded: The others, small but for the first letter, which is as it stands where `m` and `M` are two units.
    """

    exact: tuple[str, ...]
    folded: tuple[str, ...]


@functools.cache
def units() -> Mapping[str, Unit]:
    """All units of the catalogue, by UCUM code."""
    return MappingProxyType(
        {
            code: Unit(
                code=code,
                kind=e["kind"],
                factor=Decimal(e["factor"]),
                offset=Decimal(e.get("offset", "0")),
                names=tuple(e["names"]),
                guesses=tuple(e.get("guesses", ())),
            )
            for code, e in _catalogue()["units"].items()
        }
    )


@functools.cache
def _catalogue() -> dict[str, Any]:
    file = resources.files("lakeward") / "expectations" / "catalogues" / CATALOGUE
    found: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return found


def unit(code: str) -> Unit:
    """The unit with this UCUM code.

    Raises:
        KeyError: The catalogue has no such code.
    """
    return units()[code]


def guess_unit(text: str) -> Unit | None:
    """The unit spelled `text`; None if no unit, or more than one, has this spelling.

    The spelling is looked up exactly, then ignoring case; a single letter only exactly.
    """
    return _look_up(text.strip()) or _look_up(_normalise(text))


def spellings_of(found: Unit) -> Spellings:
    """The spellings of this unit alone, without the guesses; those that fold also as degrees (`deg F`) and products (`m s-1`)."""
    exact, folded = _spellings()
    decided = {text.casefold() for text in _catalogue()["case_decides"]}
    own = [name for name in (found.code, *found.names) if exact[name] == {found.code}]
    folding = [n for n in own if len(n) > 1 and folded[n.casefold()] == {found.code} and n.casefold() not in decided]
    forms = (form for name in folding for form in (name, *_other_forms(name)))
    keys = (first + form[1:].lower() for form in forms for first in _first_letters(found.code, form[0]))
    return Spellings(tuple(name for name in own if name not in folding), tuple(dict.fromkeys(keys)))


def _other_forms(name: str) -> Iterator[str]:
    """What `_normalise` writes as `name`."""
    if name in _DEGREE_WORDS:
        degrees = product(("deg", "degree", "degrees"), ("", " ", ".", "_"), (name[1], _DEGREE_WORDS[name]))
        yield from ("".join(parts) for parts in degrees)
    if match := _QUOTIENT.fullmatch(name):
        yield from (f"{match[1]}{dot}{match[2]}-{match[3] or 1}" for dot in (" ", ".", "·", "*"))


def _first_letters(code: str, letter: str) -> tuple[str, ...]:
    """Cases of a spelling's first letter: that in which it stands, where it is milli or mega."""
    tail = code[1:]
    is_prefixed = code[0] in "mM" and tail[:1].isalpha() and any(tail in {other, other[1:]} for other in units() if other != code)
    return (letter,) if is_prefixed else (letter.lower(), letter.upper())


def _look_up(text: str) -> Unit | None:
    exact, folded = _spellings()
    codes = exact.get(text) or (folded.get(text.casefold()) if len(text) > 1 else None) or frozenset()
    return unit(next(iter(codes))) if len(codes) == 1 else None


def _normalise(text: str) -> str:
    """The spelling without what says nothing: marks of powers, blanks around a stroke, `deg` for a sign."""
    plain = re.sub(r"\s*/\s*", "/", text.strip().strip("_")).replace("^", "").replace("**", "")
    if match := _DEGREES.fullmatch(plain):
        return f"°{match[1].upper()}"
    if match := _PRODUCT.fullmatch(plain):
        return f"{match[1]}/{match[2]}{match[3] if match[3] != '1' else ''}"
    return "%" if _HUMIDITY.fullmatch(plain) else plain


def guess_unit_from_name(column: str) -> Unit | None:
    """The unit that a column's name ends with (`flow_m3_per_h`, `temp_degc`, `压力(kPa)`); None where it does not say."""
    if found := _BRACKETS.findall(column):
        return guess_unit(found[-1])
    if match := _SIGN.search(column):
        return guess_unit(match[1])
    words = [word for word in re.split(r"[_\s.\-]+", column.casefold()) if word]
    return _unit_of_tail(words) or (_unit_of_tail(words[:-1]) if words and words[-1] in _STATISTICS else None)


def _unit_of_tail(words: list[str]) -> Unit | None:
    tails = (words[start:] for start in range(1, len(words)))
    return next((found for tail in tails if (found := _unit_of_words(words[-len(tail) - 1], tail))), None)


def convert(value: Decimal, source: Unit, target: Unit) -> Decimal:
    """`value` in `source` as a value in `target`, to 28 digits.

    Raises:
        ValueError: The units have different quantities.
    """
    if source.kind != target.kind:
        raise ValueError(f"{source.kind} is no {target.kind}")
    base = _CONTEXT.add(_CONTEXT.multiply(value, source.factor), source.offset)
    return _CONTEXT.divide(_CONTEXT.subtract(base, target.offset), target.factor)


def _unit_of_words(quantity_word: str, words: list[str]) -> Unit | None:
    """The unit spelled by the words of `tail`, directly or as a quotient (`m3_per_h`, `l_min`)."""
    if len(words) == 1 and words[0] in _AMBIGUOUS:
        code = _UNITS_BY_QUANTITY.get(quantity_word, {}).get(words[0])
        return unit(code) if code else None
    return guess_unit("_".join(words)) or guess_unit("/".join(word for word in words if word != "per"))


@functools.cache
def _spellings() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Spelling -> codes: exact, and ignoring case."""
    exact: dict[str, frozenset[str]] = {}
    folded: dict[str, frozenset[str]] = {}
    for entry in units().values():
        for name in (entry.code, *entry.names, *entry.guesses):
            exact[name] = exact.get(name, frozenset()) | {entry.code}
            folded[name.casefold()] = folded.get(name.casefold(), frozenset()) | {entry.code}
    return exact, folded
