"""Converts bronze columns to contract types. A value that does not convert is reported, never silently NULL.

The engines' casts are too lenient (they round '1.7' to 2 and '1.239' to 1.24, read '1_000' and '0x1F', drop an offset), and
differ between engines. So a text is checked first, and cast only if it has the expected form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lakeward.contracts.model import COUNTED_TIMES, Column, Contract, DataType, Kind
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.contracts.types import sql_type
from lakeward.core.local_times import to_utc
from lakeward.core.sql import identifier, literal
from lakeward.quality.counted_times import counted_time, number_text
from lakeward.quality.null_numbers import null_number_layers, null_numbers, without_null_numbers
from lakeward.quality.null_texts import without_nulls, without_nulls_or_blanks
from lakeward.quality.number_texts import NUMBERS, number_value
from lakeward.quality.source_quality import quality_code

# Unambiguous words. `t`, `y`, `on`, `ok` have other meanings in plant data (ton, year, a state).
TRUE_WORDS = ("true", "1", "yes", "是")
FALSE_WORDS = ("false", "0", "no", "否")
ISO_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
# ISO 8601 extended, `T` or a blank, seconds and offset optional. Digits beyond microseconds are truncated.
ISO_TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?( ?(Z|[+-][0-9]{2}(:?[0-9]{2})?))?)?$"
# Positions of seconds, fraction and offset in ISO_TIME: a sign after them belongs to an offset, before them to a date.
ISO_TAIL = 17
# Length of a time to the second.
ISO_PLAIN = 19
# Range of times with a four-digit year at any offset from UTC, the limit of ISO 8601, Python and Delta's statistics.
FIRST_INSTANT = "TIMESTAMPTZ '0001-01-02 00:00:00+00'"
LAST_INSTANT = "TIMESTAMPTZ '9999-12-31 23:59:59.999999+00'"
FIRST_DATE, LAST_DATE = "DATE '0001-01-01'", "DATE '9999-12-31'"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedColumn:
    """The conversion of one column to its contract type.

    Args:
        layers: Columns to add in layers, each a map of alias to expression; a layer can use earlier ones.
        output: The typed column.
        value: The column for rules: the typed column with NaN as NULL.
        missing: Condition: there is no value; a text that does not convert is not missing.
        unconverted: Condition: there is a value and it does not convert; None if every value converts.
        native: Whether bronze has the contract's type, so that statistics of the stored column are valid.
        other_unit: Condition: the value is a reading that keeps a unit that is none of the contract's; None if it names no units.
    """

    column: Column
    layers: tuple[Mapping[str, str], ...]
    output: str
    value: str
    missing: str
    unconverted: str | None
    native: bool = False
    other_unit: str | None = None


def convert_column(contract: Contract, index: int, stored: DataType) -> ConvertedColumn:
    """The conversion of the contract's column number `place` from the type `stored` of bronze."""
    column, record_format = contract.columns[index], contract.record_format
    own = without_null_numbers(identifier(column.name), column, stored, record_format)
    if stored == column.type and not _is_text(stored, record_format):
        return _as_stored(column, index, own)
    if stored.kind is Kind.STRING and column.quality_of:
        return _quality_of_reading(contract, index)
    if stored.kind is Kind.STRING and column.delay_of:
        return _delay(contract, index)
    if stored.kind is Kind.STRING:
        return _from_text(column, index, record_format, identifier(column.name))
    if column.time_format in COUNTED_TIMES and stored.kind in NUMBERS:
        return _from_text(column, index, record_format, number_text(identifier(column.name), stored))
    return _from_native(column, index, stored, own)


def _is_text(stored: DataType, record_format: RecordFormat) -> bool:
    return stored.kind is Kind.STRING and record_format.format is not FileFormat.PARQUET


def _as_stored(column: Column, index: int, own: str) -> ConvertedColumn:
    value = f"_v{index}"
    if column.type.kind in {Kind.TIMESTAMP, Kind.DATE}:
        on_calendar = _on_calendar(own) if column.type.kind is Kind.TIMESTAMP else _date_on_calendar(own)
        lost = f"{own} IS NOT NULL AND {value} IS NULL"
        return ConvertedColumn(
            column=column,
            layers=({value: on_calendar},),
            output=value,
            value=value,
            missing=f"{own} IS NULL",
            unconverted=lost,
            native=True,
        )
    changed = own != identifier(column.name)
    if column.type.kind is not Kind.DOUBLE and changed:
        return ConvertedColumn(
            column=column, layers=({value: own},), output=value, value=value, missing=f"{value} IS NULL", unconverted=None
        )
    if column.type.kind is not Kind.DOUBLE:
        return ConvertedColumn(
            column=column, layers=(), output=own, value=own, missing=f"{own} IS NULL", unconverted=None, native=True
        )
    # By a function, because DuckDB 1.5.5 optimises away comparisons with NaN over Parquet, whose statistics ignore NaN.
    layers = ({value: f"CASE WHEN NOT isnan({own}) THEN {own} END"},)
    return ConvertedColumn(
        column=column,
        layers=layers,
        output=value if changed else own,
        value=value,
        missing=f"{value} IS NULL",
        unconverted=None,
        native=not changed,
    )


def _from_native(column: Column, index: int, stored: DataType, own: str) -> ConvertedColumn:
    value = f"_v{index}"
    back = f"TRY_CAST({value} AS {sql_type(stored)})"
    if {stored.kind, column.type.kind} <= NUMBERS or (column.type.kind is Kind.STRING and stored.kind is not Kind.BINARY):
        layers: tuple[dict[str, str], ...] = ({value: f"TRY_CAST({own} AS {sql_type(column.type)})"},)
        lost = f"{own} IS NOT NULL AND {back} IS DISTINCT FROM {own}"
    else:
        layers, lost = ({value: f"CAST(NULL AS {sql_type(column.type)})"},), f"{own} IS NOT NULL"
    return ConvertedColumn(column=column, layers=layers, output=value, value=value, missing=f"{own} IS NULL", unconverted=lost)


def _from_text(column: Column, index: int, record_format: RecordFormat, own: str) -> ConvertedColumn:
    text_column, value = f"_t{index}", f"_v{index}"
    nulls = (*record_format.nulls, *column.nulls)
    # Blanks around a number or a time are ignored, in a text they are kept.
    if column.type.kind is Kind.STRING:
        cleaned = without_nulls(own, nulls)
        return ConvertedColumn(
            column=column, layers=({value: cleaned},), output=value, value=value, missing=f"{value} IS NULL", unconverted=None
        )
    cleaned = without_nulls_or_blanks(own, nulls)
    layers = (*_clean(column, index, record_format, cleaned), *_parse(column, index, record_format))
    return ConvertedColumn(
        column=column,
        layers=layers,
        output=value,
        value=value,
        missing=f"{text_column} IS NULL",
        unconverted=f"{text_column} IS NOT NULL AND {value} IS NULL",
    )


def _quality_of_reading(contract: Contract, index: int) -> ConvertedColumn:
    """The code of how good a reading is, of the text that stands in its place."""
    column, record_format = contract.columns[index], contract.record_format
    reading = next(one for one in contract.columns if one.name == column.quality_of)
    own, value = identifier(column.name), f"_v{index}"
    cleaned = without_nulls_or_blanks(own, (*record_format.nulls, *reading.nulls))
    code = quality_code(own, f"_t{index}", record_format.nulls)
    return ConvertedColumn(
        column=column,
        layers=(*_clean(reading, index, record_format, cleaned), {value: f"CAST({code} AS {sql_type(column.type)})"}),
        output=value,
        value=value,
        missing=f"{value} IS NULL",
        unconverted=None,
    )


def _delay(contract: Contract, index: int) -> ConvertedColumn:
    """Seconds from the time that the column names to the column's own, to the microsecond."""
    column, record_format = contract.columns[index], contract.record_format
    time = next(at for at, one in enumerate(contract.columns) if one.name == column.delay_of)
    own = _from_text(replace(column, type=DataType(Kind.TIMESTAMP)), index, record_format, identifier(column.name))
    seconds = f"((epoch_us(_v{index}) - epoch_us(_v{time})) / 1e6)"
    return ConvertedColumn(
        column=column, layers=own.layers, output=seconds, value=seconds, missing=f"{seconds} IS NULL", unconverted=None
    )


def _clean(column: Column, index: int, record_format: RecordFormat, cleaned: str) -> tuple[dict[str, str], ...]:
    """The text without the nulls; a text that is one of them by its value costs a layer more."""
    text_column, text, number = f"_t{index}", f"_s{index}", f"_n{index}"
    numbers = null_numbers(column, record_format)
    if not numbers:
        return ({text_column: cleaned},)
    return ({text: cleaned}, *null_number_layers(text, number, text_column, numbers, record_format))


def _parse(column: Column, index: int, record_format: RecordFormat) -> tuple[dict[str, str], ...]:
    text_column, value = f"_t{index}", f"_v{index}"
    kind = column.type.kind
    if kind in NUMBERS:
        if kind is Kind.DOUBLE and null_numbers(column, record_format):
            return ({value: f"CASE WHEN {text_column} IS NOT NULL THEN _n{index} END"},)
        return ({value: number_value(text_column, column.type, record_format.decimal, record_format.thousands)},)
    if kind is Kind.BOOLEAN:
        return (
            {
                value: f"CASE WHEN lower({text_column}) IN {_text_list(TRUE_WORDS)} THEN TRUE WHEN lower({text_column}) IN {_text_list(FALSE_WORDS)} THEN FALSE END"
            },
        )
    if kind is Kind.DATE:
        return ({value: _date(text_column, column.time_format)},)
    if kind is Kind.TIMESTAMP:
        return _instant(index, column.time_format, record_format)
    return ({value: "CAST(NULL AS BLOB)"},)


def _text_list(words: tuple[str, ...]) -> str:
    return "(" + ", ".join(literal(word) for word in words) + ")"


def _date(text: str, time_format: str | None) -> str:
    if time_format:
        return _date_on_calendar(f"CAST(TRY_STRPTIME({text}, {literal(time_format)}) AS DATE)")
    return f"CASE WHEN regexp_matches({text}, {literal(ISO_DATE)}) AND {text} >= '0001' THEN TRY_CAST({text} AS DATE) END"


def _instant(index: int, time_format: str | None, record_format: RecordFormat) -> tuple[dict[str, str], ...]:
    zone = record_format.zone
    text, local, offset, instant = f"_t{index}", f"_l{index}", f"_o{index}", f"_i{index}"
    value = {f"_v{index}": _on_calendar(instant)}
    if time_format and "%z" in time_format:
        return ({instant: f"TRY_STRPTIME({text}, {literal(time_format)})"}, value)
    from_zone = to_utc(local, zone) if zone else "CAST(NULL AS TIMESTAMP)"
    if time_format in COUNTED_TIMES:
        utc = local if time_format != "excel" else from_zone
        return (*counted_time(text, local, time_format, record_format.decimal), {instant: f"{utc} AT TIME ZONE 'UTC'"}, value)
    if time_format:
        return ({local: f"TRY_STRPTIME({text}, {literal(time_format)})"}, {instant: f"{from_zone} AT TIME ZONE 'UTC'"}, value)
    # Most times have seconds, and no offset or Z, and need no search for one.
    plain, in_utc = (
        f"length({text}) = {ISO_PLAIN + letters} AND substr({text}, {ISO_TAIL}, 1) = ':'{ends}"
        for letters, ends in ((0, ""), (1, f" AND right({text}, 1) = 'Z'"))
    )
    found = f"regexp_extract(substr({text}, {ISO_TAIL}), '(Z|[+-][0-9:]+)$', 1)"
    written = f"CASE WHEN {offset} = '' THEN {text} ELSE rtrim(substr({text}, 1, length({text}) - length({offset}))) END"
    return (
        {offset: f"CASE WHEN {plain} THEN '' WHEN {in_utc} THEN 'Z' ELSE {found} END"},
        {local: f"CASE WHEN regexp_matches({text}, {literal(ISO_TIME)}) THEN TRY_CAST({written} AS TIMESTAMP) END"},
        {instant: f"(CASE WHEN {offset} = '' THEN {from_zone} ELSE {local} - {_offset_interval(offset)} END) AT TIME ZONE 'UTC'"},
        value,
    )


def _on_calendar(instant: str) -> str:
    return f"CASE WHEN {instant} BETWEEN {FIRST_INSTANT} AND {LAST_INSTANT} THEN {instant} END"


def _date_on_calendar(date: str) -> str:
    return f"CASE WHEN {date} BETWEEN {FIRST_DATE} AND {LAST_DATE} THEN {date} END"


def _offset_interval(offset: str) -> str:
    hours = f"TRY_CAST(substr({offset}, 1, 3) AS BIGINT) * 60"
    minutes = f"TRY_CAST(substr({offset}, 1, 1) || right({offset}, 2) AS BIGINT)"
    total = f"CASE WHEN {offset} = 'Z' THEN 0 WHEN length({offset}) > 3 THEN {hours} + {minutes} ELSE {hours} END"
    return f"({total}) * INTERVAL 1 MINUTE"
