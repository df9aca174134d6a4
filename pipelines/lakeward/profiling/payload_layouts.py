"""Proposes how payloads of one form become rows: the layout, its columns, and the lines of the contract that say so."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lakeward.contracts.payload import (
    ENVELOPE_MARK,
    POINTER_MARK,
    PRESETS,
    RECEIVED,
    TOPIC,
    PayloadFormat,
    PayloadKind,
    ReadingLayout,
)
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.profiling.layout_text import yaml_value
from lakeward.profiling.naming import sql_names
from lakeward.profiling.payload_forms import PayloadForm, SampledMessage, parse_json
from lakeward.profiling.times import is_time_name
from lakeward.sources.sniff import CsvDialect, guess_dialect

# Fields of the message that a draft takes for columns.
ENVELOPE = (TOPIC, RECEIVED, "retain")
TOPIC_FIELD, RECEIVED_FIELD, RETAIN_FIELD = (ENVELOPE_MARK + name for name in ENVELOPE)
READINGS = ("series", "ts", "value", "value_text", "status", "quality", "unit")
# Levels of objects in objects whose members are columns; deeper ones are JSON text.
_DEPTH = 3
# Beyond so many members, or where fewer than this share of the records has a member on average, each member is a reading.
_MOST_COLUMNS, _LEAST_SHARE, _FEW = 100, 0.5, 3
_COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadLayout:
    """How the payloads become rows.

    Args:
        names: Each column's name in SQL, and in the source.
        lines: Lines of the contract's source that say so.
        address: Name of the column that tells the sources of the records apart.
        time: Name of the column with the time of the record; empty: to be found.
    """

    record_format: RecordFormat
    names: Mapping[str, str]
    lines: tuple[str, ...]
    address: str
    time: str = ""
    has_readings: bool = False


def propose_layout(form: PayloadForm, messages: Sequence[SampledMessage], evidence: str, zone: str) -> PayloadLayout:
    """The layout of messages of this form.

    Args:
        messages: Those of the form.
        evidence: How many of all messages have it.
        zone: IANA zone of times without an offset.
    """
    layout = _layout(form, messages, evidence)
    return replace(layout, record_format=replace(layout.record_format, zone=zone))


def _layout(form: PayloadForm, messages: Sequence[SampledMessage], evidence: str) -> PayloadLayout:
    if form.value in PRESETS:
        return _readings(PRESETS[form.value], [f"payload: {form}      # CHECK: {evidence}"])
    texts = [message.payload.decode("utf-8") for message in messages]
    if form is PayloadForm.VALUE:
        return _values(texts, evidence)
    if form is PayloadForm.LINES:
        return _lines(texts, evidence)
    return _objects([record for text in texts for record in _records(parse_json(text))], evidence)


def _readings(payload: PayloadFormat, lines: Sequence[str], decimal: str = ".") -> PayloadLayout:
    names = dict(zip(READINGS, READINGS, strict=True)) | {
        "address": f"{ENVELOPE_MARK}address",
        "received_at": RECEIVED_FIELD,
        "retained": RETAIN_FIELD,
    }
    return PayloadLayout(
        record_format=RecordFormat(format=FileFormat.MESSAGES, payload=replace(payload, envelope=ENVELOPE), decimal=decimal),
        names=names,
        lines=tuple(lines),
        address="series",
        time="ts",
        has_readings=True,
    )


def _values(texts: Sequence[str], evidence: str) -> PayloadLayout:
    commas = sum(1 for text in texts if _COMMA_NUMBER.fullmatch(text.strip()))
    points = sum(1 for text in texts if "." in text)
    lines = [f"payload: text      # CHECK: {evidence}; a payload is one value"]
    decimal = "," if commas > points else "."
    if decimal == ",":
        lines.append(f'decimal: ","      # CHECK: {commas:,} of {len(texts):,} payloads are numbers with a comma')
    return _readings(PayloadFormat(kind=PayloadKind.TEXT), lines, decimal)


def _lines(texts: Sequence[str], evidence: str) -> PayloadLayout:
    dialect = guess_dialect("".join(text.rstrip("\r\n") + "\n" for text in texts))
    headers = dialect.names
    record_format = RecordFormat(
        format=FileFormat.MESSAGES,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        escape=dialect.escape,
        decimal=dialect.decimal,
        names=headers,
        payload=PayloadFormat(kind=PayloadKind.CSV, envelope=ENVELOPE),
    )
    return _columns(record_format, headers, tuple(_line_keys(dialect, evidence)))


def _line_keys(dialect: CsvDialect, evidence: str) -> Iterator[str]:
    yield f"payload: csv      # CHECK: {evidence}"
    yield f"delimiter: {yaml_value(dialect.delimiter)}      # {dialect.agreeing} of {dialect.records} lines have {dialect.width} fields"
    yield f"quote: {yaml_value(dialect.quote)}"
    yield f"escape: {yaml_value(dialect.escape)}"
    yield f"decimal: {yaml_value(dialect.decimal)}"
    said = (
        "a line of them is in the payloads: it is read as a record, too"
        if dialect.has_header
        else "the lines name no columns; call them what they are"
    )
    yield f"names: {yaml_value(list(dialect.names))}      # CHECK: {said}"


def _columns(record_format: RecordFormat, members: Sequence[str], lines: tuple[str, ...]) -> PayloadLayout:
    sources = (*members, TOPIC_FIELD, RECEIVED_FIELD)
    names = dict(zip(sql_names(_column_name(source) for source in sources), sources, strict=True))
    return PayloadLayout(record_format=record_format, names=names, lines=lines, address=list(names)[-2])


def _column_name(source: str) -> str:
    return source.removeprefix(ENVELOPE_MARK).removeprefix(POINTER_MARK).replace("~1", "_").replace("~0", "_").replace("/", "_")


def _objects(records: Sequence[Mapping[str, Any]], evidence: str) -> PayloadLayout:
    lists = Counter(next(iter(record)) for record in records if _is_wrapper(record))
    pointer = ""
    if lists and lists.most_common(1)[0][1] == len(records):
        key = lists.most_common(1)[0][0]
        pointer, records = _pointer((key,)), [inner for record in records for inner in record[key]]
    lines = ["payload: json      # CHECK: " + evidence]
    if pointer:
        lines.append(f"records: {yaml_value(pointer)}      # the list of records in each payload")
    members = Counter(member for record in records for member in _members(record))
    share = sum(members.values()) / (len(records) * max(len(members), 1))
    if len(members) > _MOST_COLUMNS or (len(members) > _FEW and share < _LEAST_SHARE):
        return _members_as_readings(records, pointer, lines, f"{len(members):,} members, of which a record has {share:.0%}")
    lines.append("layout: columns      # a record is a row, and its members are columns")
    payload = PayloadFormat(kind=PayloadKind.JSON, records=(pointer,) * bool(pointer), envelope=ENVELOPE)
    return _columns(RecordFormat(format=FileFormat.MESSAGES, payload=payload), list(members), tuple(lines))


def _members_as_readings(records: Sequence[Mapping[str, Any]], pointer: str, lines: list[str], why: str) -> PayloadLayout:
    tops = Counter(
        key for record in records for key, value in record.items() if is_time_name(key) and not isinstance(value, dict | list)
    )
    time = (_pointer((tops.most_common(1)[0][0],)),) if tops else ()
    inner = Counter(key for record in records for key, value in record.items() if isinstance(value, dict))
    whole = [key for key, count in inner.items() if count == len(records)]
    base = (_pointer((whole[0],)),) if len(inner) == 1 and whole else ()
    lines.append(f"layout: readings      # CHECK: each member is a reading: {why}")
    if base:
        lines.append(f"readings: {yaml_value(base[0])}      # the object that holds them in each record")
    if time:
        lines.append(
            f"time: {yaml_value(time[0])}      # CHECK: by its name; {tops.most_common(1)[0][1]:,} of {len(records):,} records have it"
        )
    layout = ReadingLayout(members=base, time=time)
    return _readings(PayloadFormat(kind=PayloadKind.JSON, records=(pointer,) * bool(pointer), readings=layout), lines)


def _records(document: Any) -> Iterator[Mapping[str, Any]]:
    items = document if isinstance(document, list) else [document]
    yield from (item for item in items if isinstance(item, dict))


def _is_wrapper(record: Mapping[str, Any]) -> bool:
    """Whether the object holds nothing but a list of objects."""
    [value] = record.values() if len(record) == 1 else [None]
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _members(record: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[str]:
    """Names of members in the source: of those in inner objects, pointers."""
    for key, value in record.items():
        path = (*above, key)
        if isinstance(value, dict) and value and len(path) < _DEPTH:
            yield from _members(value, path)
        else:
            yield key if len(path) == 1 and not key.startswith((ENVELOPE_MARK, POINTER_MARK)) and key else _pointer(path)


def _pointer(path: Sequence[str]) -> str:
    """The JSON pointer (RFC 6901) of a path of keys."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)
