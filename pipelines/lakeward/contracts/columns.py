"""Columns of a contract: names, types, keys, units."""

import re
from collections.abc import Mapping
from dataclasses import replace

from lakeward.contracts.accuracy import read_accuracy
from lakeward.contracts.bands import read_band
from lakeward.contracts.column_keys import CUSTOM, LOGICAL
from lakeward.contracts.column_units import check_units
from lakeward.contracts.document import safe_repr
from lakeward.contracts.model import COUNTED_TIMES, Column, DataType, Kind
from lakeward.contracts.view import View, custom_properties
from lakeward.contracts.words import read_terms
from lakeward.core.messages import Phrase
from lakeward.core.spelling import did_you_mean
from lakeward.core.units import guess_unit, units

# Letters of any script; a leading underscore is reserved for Lakeward's columns (`_file`, `_row`, …).
COLUMN_NAME = re.compile(r"[^\W\d_]\w{0,126}")
# Delta Lake's decimal has at most 38 digits.
DIGITS = 38
# Keys of the standard that Lakeward does not evaluate. They are errors, because a rule that is not evaluated must not pass.
UNJUDGED = ("quality", "unique", "enum", "logicalTypeOptions")

_DECIMAL = re.compile(r"(?:decimal|numeric)\s*\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", re.IGNORECASE)
_DIRECTIVE = re.compile(r"%-?[aAbBcdDfgGhHIjmMnpSTuUVwWxXyYzZ%]|%(.?)")


def read_columns(table: View) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """The columns of a schema object, and the names of its key in key order."""
    properties = table.mappings("properties")
    if not properties:
        table.fail_value("properties", Phrase("phrase_list_of_one_column"))
    columns = tuple(_column(view) for view in properties)
    own = [pair for pair in zip(properties, columns, strict=True) if not (pair[1].quality_of or pair[1].delay_of)]
    views, read = [view for view, _ in own], tuple(column for _, column in own)
    named = _check_distinct(properties, "name", [column.name.casefold() for column in columns])
    if named and _check_distinct(views, "physicalName", [column.source_name for column in read]):
        _check_alternatives(views, read)
    return _with_readings(properties, columns), _key_names(properties)


def _with_readings(views: list[View], columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns, those that tell the quality of a reading with the names of the reading in files."""
    for view, column in zip(views, columns, strict=True):
        if column.delay_of:
            _check_delay(view, column, columns)
        if column.units or column.unit_column:
            check_units(view, column, columns)
    readings = {column.name: column for column in columns if not column.quality_of and not column.joined_names}
    return tuple(_with_reading(view, column, readings) for view, column in zip(views, columns, strict=True))


def _with_reading(view: View, column: Column, readings: Mapping[str, Column]) -> Column:
    if not column.quality_of:
        return column
    reading = readings.get(column.quality_of)
    if column.type.kind is not Kind.INTEGER:
        view.fail_value("logicalType", Phrase("phrase_type_for", type="integer", key="qualityOf"))
    if reading is None:
        facts = {"found": safe_repr(column.quality_of), "close": did_you_mean(column.quality_of, readings)}
        view.fail("customProperties", "contract_unknown_column", key="qualityOf", **facts)
        return column
    return replace(column, source_name=reading.source_name, alternative_names=reading.alternative_names)


def _check_delay(view: View, column: Column, columns: tuple[Column, ...]) -> None:
    """That a delay is a number, and the column that it refers to one of times."""
    times = [one.name for one in columns if one.type.kind is Kind.TIMESTAMP]
    if column.type.kind is not Kind.DOUBLE:
        view.fail_value("logicalType", Phrase("phrase_type_for", type="number", key="delayOf"))
    if column.delay_of not in times:
        facts = {"found": safe_repr(column.delay_of), "close": did_you_mean(column.delay_of, times)}
        view.fail("customProperties", "contract_unknown_column", key="delayOf", **facts)


def collect_unjudged(view: View) -> None:
    """Collect a fault for each key that Lakeward does not evaluate."""
    for key in UNJUDGED:
        if view.values.get(key):
            view.fail(key, "contract_unjudged", key=key)


def _column(view: View) -> Column:
    name = view.text("name")
    if name and not COLUMN_NAME.fullmatch(name):
        view.fail_value("name", Phrase("phrase_column_name", most=127))
    collect_unjudged(view)
    properties = custom_properties(view, CUSTOM)
    kind = _type(view)
    joined = properties.texts("joins")
    if len(joined) == 1:
        properties.fail_value("joins", Phrase("phrase_list_of_two_names"))
    return Column(
        name=name,
        type=kind,
        source_name=view.text("physicalName", " ".join(joined) or name),
        required=_flag(view, "required"),
        unit=_unit(properties, kind),
        time_format=_time_format(properties, kind),
        nulls=properties.texts("nulls"),
        joined_names=joined,
        unit_column=properties.text("unitColumn", ""),
        units=_units(properties),
        quality_of=properties.text("qualityOf", ""),
        delay_of=properties.text("delayOf", ""),
        business_name=view.text("businessName", ""),
        description=view.text("description", ""),
        terms=read_terms(view),
        classification=view.text("classification", "") or None,
        alternative_names=properties.texts("alternativeNames"),
        band=read_band(properties, kind),
        accuracy=read_accuracy(properties, kind),
    )


def _type(view: View) -> DataType:
    logical = view.text("logicalType", expected=", ".join(LOGICAL))
    physical = view.text("physicalType", "")
    kind = LOGICAL.get(logical, Kind.STRING)
    if logical and logical not in LOGICAL:
        view.fail_value("logicalType", ", ".join(LOGICAL))
    if not physical.lower().startswith(("decimal", "numeric")):
        return DataType(kind)
    match = _DECIMAL.fullmatch(physical.strip())
    precision, scale = map(int, match.groups()) if match else (0, 0)
    if kind is not Kind.DOUBLE or not 0 <= scale <= precision <= DIGITS or not precision:
        view.fail_value("physicalType", Phrase("phrase_decimal_type", most=DIGITS))
    return DataType(Kind.DECIMAL, precision, scale)


def _flag(view: View, key: str) -> bool:
    return view.flag(key)


def _unit(properties: View, kind: DataType) -> str | None:
    code = properties.text("unit", "")
    if not code:
        return None
    if code not in units():
        guess = guess_unit(code)
        properties.fail(
            "unit", "contract_unknown_unit", found=safe_repr(code), close=guess.code if guess else did_you_mean(code, units())
        )
    if kind.kind not in {Kind.INTEGER, Kind.DOUBLE, Kind.DECIMAL}:
        properties.fail("unit", "contract_unit_of_text", found=str(kind))
    return code


def _units(properties: View) -> tuple[str, ...]:
    listed = properties.texts("units")
    if properties.values.get("units") == []:
        properties.fail_value("units", Phrase("phrase_ucum_list"))
    for code in listed:
        if code not in units():
            close = guess.code if (guess := guess_unit(code)) else did_you_mean(code, units())
            properties.fail("units", "contract_unknown_unit", found=safe_repr(code), close=close)
    return listed


def _time_format(properties: View, kind: DataType) -> str | None:
    pattern = properties.text("timeFormat", "")
    if not pattern:
        return None
    found = _DIRECTIVE.findall(pattern)
    counted = pattern in COUNTED_TIMES
    if not counted and (not found or any(found)):
        properties.fail_value(
            "timeFormat", Phrase("phrase_time_format", example="%d/%m/%Y %H:%M", names=", ".join(COUNTED_TIMES))
        )
    if kind.kind not in {Kind.DATE, Kind.TIMESTAMP} or (counted and kind.kind is Kind.DATE):
        properties.fail("timeFormat", "contract_format_of_other", found=str(kind))
    return pattern


def _check_distinct(views: list[View], key: str, names: list[str]) -> bool:
    """Whether no name stands twice. SQL does not tell `Temp` from `temp`, so neither may names of it; those of files may."""
    first = {name: at for at, name in reversed(list(enumerate(names)))}
    twice = [at for at, name in enumerate(names) if first[name] < at]
    for at in twice:
        views[at].fail(key, "contract_column_twice", name=safe_repr(views[at].values.get(key) or names[at]))
    return not twice


def _check_alternatives(views: list[View], columns: tuple[Column, ...]) -> None:
    """No name in files stands for two columns, nor twice for one."""
    seen = {column.source_name for column in columns}
    for view, column in zip(views, columns, strict=True):
        for name in column.alternative_names:
            if name in seen:
                view.fail("customProperties", "contract_column_twice", name=safe_repr(name))
            seen.add(name)


def _key_names(properties: list[View]) -> tuple[str, ...]:
    key = [view for view in properties if _flag(view, "primaryKey")]
    for view in key:
        if view.values.get("required") is not True:
            view.fail("required", "contract_key_not_required", name=safe_repr(view.values.get("name")))
    positions = [view.positive_integer("primaryKeyPosition", at) for at, view in enumerate(key, 1)]
    for view, position in zip(key, positions, strict=True):
        if positions.count(position) > 1:
            view.fail("primaryKeyPosition", "contract_key_position", found=position)
    ordered = sorted(zip(positions, key, strict=True), key=lambda pair: pair[0])
    return tuple(str(view.values.get("name")) for _, view in ordered)
