"""Readings in the units that a contract names, as SQL over the reading and the column of its unit; bronze keeps both as received.

A unit that is not known, or of a quantity that the contract names no unit of, stays as it is, and so does its reading; these are
counted. A reading that is no number, or too large for one, in the contract's unit does not convert.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Context, Decimal

from lakeward.contracts.model import Column, Contract
from lakeward.core.sql import literal
from lakeward.core.units import Unit, spellings_of, unit, units
from lakeward.quality.convert import ConvertedColumn

# More digits than a double holds, and fewer than the catalogue's factors have, whose last ones are rounded.
_DIGITS = Context(prec=17)
_BLANKS = " \t\u00a0\u3000_"


def in_units(contract: Contract, columns: Mapping[str, ConvertedColumn]) -> dict[str, ConvertedColumn]:
    """The columns, with readings in the contract's units where it names them, and what says their units."""
    found = dict(columns)
    places = {column.name: place for place, column in enumerate(contract.columns)}
    for reading in (column for column in contract.columns if column.units):
        unit_place = places[reading.unit_column]
        named = _unit(columns[reading.unit_column], reading, unit_place)
        found[named.column.name] = named
        found[reading.name] = _reading(columns[reading.name], named, places[reading.name], unit_place)
    return found


def _unit(named: ConvertedColumn, reading: Column, place: int) -> ConvertedColumn:
    """The unit of the reading: `_unit` is its UCUM code, NULL where it is none of the contract's quantities."""
    plain, key, code = f"_plain{place}", f"_key{place}", f"_unit{place}"
    codes = _listed(source.code for _, sources in _sources(reading) for source in sources)
    folded = folded_unit(plain)

    def uncoded(text: str, changed: str) -> str:
        # Most units are written by their codes, and changing a text costs ten times as much as comparing it.
        return f"CASE WHEN {text} IN {codes} THEN {text} ELSE {changed} END"

    layers = (
        *named.layers,
        {plain: uncoded(named.value, plain_unit(named.value))},
        {key: uncoded(plain, folded)},
        {code: _code(plain, key, reading)},
    )
    cases = " ".join(
        f"WHEN {code} IN {_listed([source.code for source in sources])} THEN {literal(target.code)}"
        for target, sources in _sources(reading)
    )
    output, value = (f"CASE {cases} ELSE {text} END" for text in (named.output, named.value))
    return replace(named, layers=layers, output=output, value=value, native=False)


def _reading(reading: ConvertedColumn, named: ConvertedColumn, place: int, unit_place: int) -> ConvertedColumn:
    """The reading in the contract's units: a number, or NULL where it does not convert; one that keeps its unit is as it came."""
    converted, value, code, plain = f"_converted{place}", f"_in_unit{place}", f"_unit{unit_place}", f"_plain{unit_place}"
    empty: tuple[dict[str, str], ...] = ({},) * (len(named.layers) - len(reading.layers))
    finite = (
        f"CASE WHEN {code} IS NULL OR {code} IN {_listed(reading.column.units)} OR isfinite({converted}) THEN {converted} END"
    )
    layers = (*reading.layers, *empty, {converted: _cases(reading.value, code, reading.column)}, {value: finite})
    lost = f"{reading.value} IS NOT NULL AND {value} IS NULL"
    unknown = f"{value} IS NOT NULL AND {code} IS NULL AND {plain} <> ''"
    return replace(
        reading,
        layers=layers,
        output=value
        if reading.output == reading.value
        else f"CASE WHEN {reading.value} IS NULL THEN {reading.output} ELSE {value} END",
        value=value,
        unconverted=f"({reading.unconverted}) OR ({lost})" if reading.unconverted else lost,
        native=False,
        other_unit=unknown,
    )


def plain_unit(text: str) -> str:
    """SQL of a unit's text without what says nothing: blanks around it and a stroke, and marks of powers."""
    plain = f"replace(replace(trim({text}, {literal(_BLANKS)}), ' /', '/'), '/ ', '/')"
    return f"replace(replace({plain}, '^', ''), '**', '')"


def folded_unit(plain: str) -> str:
    """SQL of a plain unit as a key of folded spellings."""
    return f"substr({plain}, 1, 1) || lower(substr({plain}, 2))"


def _code(plain: str, key: str, reading: Column) -> str:
    """SQL of the UCUM code of a spelling; codes come first, since most units are written so."""
    known = {source.code: spellings_of(source) for _, sources in _sources(reading) for source in sources}
    cases = [
        *((plain, [code], code) for code in known),
        *((plain, texts.exact, code) for code, texts in known.items() if texts.exact),
        *((key, texts.folded, code) for code, texts in known.items() if texts.folded),
    ]
    return f"CASE {' '.join(f'WHEN {text} IN {_listed(texts)} THEN {literal(code)}' for text, texts, code in cases)} END"


def _cases(value: str, code: str, reading: Column) -> str:
    cases = [
        f"WHEN {literal(source.code)} THEN {_converted(value, source, target)}"
        for target, sources in _sources(reading)
        for source in sources
        if source.code != target.code
    ]
    return f"CASE {code} {' '.join(cases)} ELSE {value} END" if cases else value


def _sources(reading: Column) -> Iterator[tuple[Unit, list[Unit]]]:
    """Each unit that the reading has, and those of the same quantity, which become it."""
    for code in reading.units:
        target = unit(code)
        yield target, [source for source in units().values() if source.kind == target.kind]


def _converted(value: str, source: Unit, target: Unit) -> str:
    """SQL of the value; of the two ways to write it the one whose numbers are short: (x - 32) / 1.8, and x * 1.8 + 32."""
    ratio, shift = source.factor / target.factor, source.offset - target.offset
    if ratio >= 1:
        return f"({value} * {_number(ratio)} + {_number(shift / target.factor)})"
    return f"(({value} + {_number(shift / source.factor)}) / {_number(target.factor / source.factor)})"


def _number(number: Decimal) -> str:
    rounded = _DIGITS.create_decimal(number)
    return f"CAST({literal(str(float(rounded)))} AS DOUBLE)"


def _listed(texts: Iterable[str]) -> str:
    return f"({', '.join(map(literal, texts))})"
