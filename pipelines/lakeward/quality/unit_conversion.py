"""Readings in the units that a contract names, as SQL over the reading and the column of its unit; bronze keeps both as received.

A unit that is not known, or of a quantity that the contract names no unit of, stays as it is, and so does its reading.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Context, Decimal

from lakeward.contracts.model import Column, Contract
from lakeward.contracts.record_format import FileFormat
from lakeward.core.sql import identifier, literal
from lakeward.core.units import Unit, spellings_of, unit, units
from lakeward.quality.convert import ConvertedColumn

# More digits than a double holds, and fewer than the catalogue's factors have, whose last ones are rounded.
_DIGITS = Context(prec=17)


def with_units(converted: ConvertedColumn, contract: Contract, index: int) -> ConvertedColumn:
    """The column in the contract's units, where it has readings in others, or says in which unit they are."""
    column = contract.columns[index]
    if column.units:
        named = _unit_text(contract, column)
        output, value = (_reading(text, named, column) for text in (converted.output, converted.value))
        return replace(converted, output=output, value=value, native=False)
    reading = next((one for one in contract.columns if one.unit_column == column.name), None)
    if reading is None:
        return converted
    output, value = (_unit(text, reading) for text in (converted.output, converted.value))
    return replace(converted, output=output, value=value, native=False)


def _unit_text(contract: Contract, column: Column) -> str:
    """SQL of the unit of the column's reading, without nulls."""
    at = next(at for at, one in enumerate(contract.columns) if one.name == column.unit_column)
    return identifier(column.unit_column) if contract.record_format.format is FileFormat.PARQUET else f"_v{at}"


def _reading(value: str, named: str, column: Column) -> str:
    cases = (
        f"WHEN {named} IN {_listed(spellings_of(source))} THEN {_converted(value, source, target)}"
        for target, source in _pairs(column)
        if source.code != target.code
    )
    return f"CASE {' '.join(cases)} ELSE {value} END"


def _unit(named: str, column: Column) -> str:
    cases = (f"WHEN {named} IN {_listed(spellings_of(source))} THEN {literal(target.code)}" for target, source in _pairs(column))
    return f"CASE {' '.join(cases)} ELSE {named} END"


def _pairs(column: Column) -> Iterator[tuple[Unit, Unit]]:
    """Each unit that the column has, and each of the same quantity that becomes it."""
    for code in column.units:
        target = unit(code)
        yield from ((target, source) for source in units().values() if source.kind == target.kind)


def _converted(value: str, source: Unit, target: Unit) -> str:
    """SQL of the value; of the two ways to write it the one whose numbers are short: (x - 32) / 1.8, and x * 1.8 + 32."""
    ratio, shift = source.factor / target.factor, source.offset - target.offset
    if ratio >= 1:
        return f"({value} * {_number(ratio)} + {_number(shift / target.factor)})"
    return f"(({value} + {_number(shift / source.factor)}) / {_number(target.factor / source.factor)})"


def _number(number: Decimal) -> str:
    rounded = _DIGITS.create_decimal(number)
    return f"CAST({literal(str(float(rounded)))} AS DOUBLE)"


def _listed(texts: tuple[str, ...]) -> str:
    return f"({', '.join(map(literal, texts))})"
