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
from lakeward.profiling.json_members import is_wrapper, json_members, json_pointer, json_records
from lakeward.profiling.layout_text import yaml_value
from lakeward.profiling.naming import sql_names
from lakeward.profiling.payload_forms import PayloadForm, SampledMessage, parse_json
from lakeward.profiling.times import is_time_name
from lakeward.sources.sniff import CsvDialect, guess_dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFields:
    """Fields of a message around its payload that a draft takes for columns.

    Args:
        address: Field that tells the sources of messages apart.
        received: Field of the time that a message itself has.
        retained: Field of what a broker had kept; empty: none.
    """

    address: str = TOPIC
    received: str = RECEIVED
    retained: str = "retain"

    @property
    def envelope(self) -> tuple[str, ...]:
        """They, with what every message has."""
        return tuple(dict.fromkeys(name for name in (TOPIC, RECEIVED, self.address, self.received, self.retained) if name))


MQTT_FIELDS = MessageFields()
RECEIVED_FIELD = ENVELOPE_MARK + RECEIVED
READINGS = ("series", "ts", "value", "value_text", "status", "quality", "unit")
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
        received: Name of the column with the time that the message itself has.
        received_field: Its name in the source.
    """

    record_format: RecordFormat
    names: Mapping[str, str]
    lines: tuple[str, ...]
    address: str
    time: str = ""
    has_readings: bool = False
    received: str = "received_at"
    received_field: str = RECEIVED_FIELD


def propose_layout(
    form: PayloadForm, messages: Sequence[SampledMessage], evidence: str, zone: str, fields: MessageFields = MQTT_FIELDS
) -> PayloadLayout:
    """The layout of messages of this form.

    Args:
        messages: Those of the form.
        evidence: How many of all messages have it.
        zone: IANA zone of times without an offset.
        fields: What a message has around its payload.
    """
    layout = _Layouts(fields).of_form(form, [message.payload.decode("utf-8") for message in messages], evidence)
    return replace(layout, record_format=replace(layout.record_format, zone=zone))


def propose_record_layout(
    payload: PayloadFormat, lines: Sequence[str], records: Sequence[str], zone: str, fields: MessageFields
) -> PayloadLayout:
    """The layout of messages whose payloads a schema describes: a record is a row.

    Args:
        lines: Lines of the contract's source that name form and schema.
        records: Decoded records as JSON.
        zone: IANA zone of times without an offset.
    """
    found = [record for text in records for record in json_records(parse_json(text))]
    layout = _Layouts(fields).of_records(replace(payload, envelope=fields.envelope), found, lines)
    return replace(layout, record_format=replace(layout.record_format, zone=zone))


@dataclass(frozen=True, slots=True)
class _Layouts:
    """Layouts of messages that have these fields around their payloads."""

    fields: MessageFields

    def of_form(self, form: PayloadForm, texts: Sequence[str], evidence: str) -> PayloadLayout:
        if form.value in PRESETS:
            return self._readings(PRESETS[form.value], [f"payload: {form}      # CHECK: {evidence}"])
        if form is PayloadForm.VALUE:
            return self._values(texts, evidence)
        if form is PayloadForm.LINES:
            return self._lines(texts, evidence)
        return self._objects([record for text in texts for record in json_records(parse_json(text))], evidence)

    def of_records(self, payload: PayloadFormat, records: Sequence[Mapping[str, Any]], lines: Sequence[str]) -> PayloadLayout:
        members = Counter(member for record in records for member in json_members(record))
        return self._columns(RecordFormat(format=FileFormat.MESSAGES, payload=payload), list(members), tuple(lines))

    def _readings(self, payload: PayloadFormat, lines: Sequence[str], decimal: str = ".") -> PayloadLayout:
        received = ENVELOPE_MARK + self.fields.received
        names = dict(zip(READINGS, READINGS, strict=True)) | {"address": f"{ENVELOPE_MARK}address", "received_at": received}
        if self.fields.retained:
            names["retained"] = ENVELOPE_MARK + self.fields.retained
        of_messages = replace(payload, envelope=self.fields.envelope, address=self.fields.address)
        return PayloadLayout(
            record_format=RecordFormat(format=FileFormat.MESSAGES, payload=of_messages, decimal=decimal),
            names=names,
            lines=tuple(lines),
            address="series",
            time="ts",
            has_readings=True,
            received_field=received,
        )

    def _values(self, texts: Sequence[str], evidence: str) -> PayloadLayout:
        commas = sum(1 for text in texts if _COMMA_NUMBER.fullmatch(text.strip()))
        points = sum(1 for text in texts if "." in text)
        lines = [f"payload: text      # CHECK: {evidence}; a payload is one value"]
        decimal = "," if commas > points else "."
        if decimal == ",":
            lines.append(f'decimal: ","      # CHECK: {commas:,} of {len(texts):,} payloads are numbers with a comma')
        return self._readings(PayloadFormat(kind=PayloadKind.TEXT), lines, decimal)

    def _lines(self, texts: Sequence[str], evidence: str) -> PayloadLayout:
        dialect = guess_dialect("".join(text.rstrip("\r\n") + "\n" for text in texts))
        headers = dialect.names
        record_format = RecordFormat(
            format=FileFormat.MESSAGES,
            delimiter=dialect.delimiter,
            quote=dialect.quote,
            escape=dialect.escape,
            decimal=dialect.decimal,
            names=headers,
            payload=PayloadFormat(kind=PayloadKind.CSV, envelope=self.fields.envelope),
        )
        return self._columns(record_format, headers, tuple(_line_keys(dialect, evidence)))

    def _columns(self, record_format: RecordFormat, members: Sequence[str], lines: tuple[str, ...]) -> PayloadLayout:
        address, received = ENVELOPE_MARK + self.fields.address, ENVELOPE_MARK + self.fields.received
        sources = (*members, address, received)
        names = dict(zip(sql_names(_column_name(source) for source in sources), sources, strict=True))
        *_, of_address, of_received = names
        return PayloadLayout(
            record_format=record_format,
            names=names,
            lines=lines,
            address=of_address,
            received=of_received,
            received_field=received,
        )

    def _objects(self, records: Sequence[Mapping[str, Any]], evidence: str) -> PayloadLayout:
        lists = Counter(next(iter(record)) for record in records if is_wrapper(record))
        pointer = ""
        if lists and lists.most_common(1)[0][1] == len(records):
            key = lists.most_common(1)[0][0]
            pointer, records = json_pointer((key,)), [inner for record in records for inner in record[key]]
        lines = ["payload: json      # CHECK: " + evidence]
        if pointer:
            lines.append(f"records: {yaml_value(pointer)}      # the list of records in each payload")
        members = Counter(member for record in records for member in json_members(record))
        share = sum(members.values()) / (len(records) * max(len(members), 1))
        if len(members) > _MOST_COLUMNS or (len(members) > _FEW and share < _LEAST_SHARE):
            why = f"{len(members):,} members, of which a record has {share:.0%}"
            return self._members_as_readings(records, pointer, lines, why)
        lines.append("layout: columns      # a record is a row, and its members are columns")
        payload = PayloadFormat(kind=PayloadKind.JSON, records=(pointer,) * bool(pointer), envelope=self.fields.envelope)
        return self._columns(RecordFormat(format=FileFormat.MESSAGES, payload=payload), list(members), tuple(lines))

    def _members_as_readings(
        self, records: Sequence[Mapping[str, Any]], pointer: str, lines: list[str], why: str
    ) -> PayloadLayout:
        tops = Counter(
            key for record in records for key, value in record.items() if is_time_name(key) and not isinstance(value, dict | list)
        )
        time = (json_pointer((tops.most_common(1)[0][0],)),) if tops else ()
        inner = Counter(key for record in records for key, value in record.items() if isinstance(value, dict))
        whole = [key for key, count in inner.items() if count == len(records)]
        base = (json_pointer((whole[0],)),) if len(inner) == 1 and whole else ()
        lines.append(f"layout: readings      # CHECK: each member is a reading: {why}")
        if base:
            lines.append(f"readings: {yaml_value(base[0])}      # the object that holds them in each record")
        if time:
            lines.append(
                f"time: {yaml_value(time[0])}      # CHECK: by its name; {tops.most_common(1)[0][1]:,} of {len(records):,} records have it"
            )
        layout = ReadingLayout(members=base, time=time)
        return self._readings(PayloadFormat(kind=PayloadKind.JSON, records=(pointer,) * bool(pointer), readings=layout), lines)


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


def _column_name(source: str) -> str:
    return source.removeprefix(ENVELOPE_MARK).removeprefix(POINTER_MARK).replace("~1", "_").replace("~0", "_").replace("/", "_")
