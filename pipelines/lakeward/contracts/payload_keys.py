"""Reads the keys of a contract that describe the payloads of messages: which form they have, and where records and readings are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from lakeward.contracts import dialect, schema_keys
from lakeward.contracts.dialect import read_record_format
from lakeward.contracts.document import safe_repr
from lakeward.contracts.model import Column
from lakeward.contracts.payload import (
    ENVELOPE_MARK,
    MAPPED_FIELDS,
    POINTER_MARK,
    PRESETS,
    READING_COLUMNS,
    TOPIC,
    PayloadFormat,
    PayloadKind,
    ReadingLayout,
    StatusCodes,
)
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.contracts.schema_keys import read_schemas
from lakeward.contracts.source import LIMIT_BYTES
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.core.spelling import near_names

# Keys of the record format that text in payloads shares with files.
_DIALECT = ("delimiter", "quote", "escape", "nulls", "decimal", "thousands", "timezone", "names")
# Sparkplug B has a source of its own.
_KINDS = tuple(kind for kind in PayloadKind if kind is not PayloadKind.SPARKPLUG)
_FORMS = (*_KINDS, *PRESETS)
KEYS: Mapping[str, KeyDoc] = {
    "payload": KeyDoc(
        ", ".join(f"`{form}`" for form in _FORMS),
        "Form of the payloads: JSON, lines of CSV, one value as text, Avro, Protobuf; or that of a known program.",
        required=True,
    ),
    "layout": KeyDoc(
        "`columns` or `readings`",
        "A record is a row, by the names of columns; or each of its members is a reading, with the columns "
        + ", ".join(f"`{name}`" for name in READING_COLUMNS)
        + ".",
        "`columns`; of `text` and of programs `readings`",
    ),
    "records": KeyDoc("JSON pointer", "JSON: the list of records in the payload, or its only record.", "the payload itself"),
    "readings": KeyDoc("JSON pointer", "Readings: the object in the record whose members are readings.", "the record itself"),
    "time": KeyDoc("JSON pointer", "Readings: time of the record.", "the time of receipt"),
    "prefix": KeyDoc(
        "list of JSON pointers", "Readings: texts of the record that stand between topic and member in the address.", "none"
    ),
    "status": KeyDoc("JSON pointer", "Readings: status of the record.", "none"),
    "unit": KeyDoc("JSON pointer", "Readings: unit of the record.", "the unit in `series.csv`"),
    "statusCodes": KeyDoc(
        ", ".join(f"`{codes}`" for codes in StatusCodes),
        "Readings: what numbers of a status mean: OPC UA's 32 bits, or 192, 64 and 0 of classic OPC.",
        "`none`: `quality` is empty unless the status is a word",
    ),
    **schema_keys.KEYS,
    **{key: dialect.KEYS[key] for key in _DIALECT},
}
# Keys that say where readings are.
_READING_KEYS = ("readings", "time", "prefix", "status", "unit", "statusCodes")


class Layout(StrEnum):
    """How a record becomes rows."""

    COLUMNS = "columns"
    READINGS = "readings"


def read_payload_format(view: View, envelope: tuple[str, ...]) -> RecordFormat:
    """The record format of a source's messages, in a mapping that can have other keys.

    Args:
        envelope: Fields of a message around the payload, by name.
    """
    record_format = read_record_format(view, LIMIT_BYTES, FileFormat.MESSAGES)
    name = view.entry("payload", ", ".join(_FORMS), lambda v: v if v in _FORMS else None) or PayloadKind.JSON
    payload = _preset(view, name) if name in PRESETS else _own_format(view, PayloadKind(name))
    return replace(record_format, payload=replace(payload, envelope=envelope))


def check_message_columns(views: Sequence[View], columns: Sequence[Column], payload: PayloadFormat) -> None:
    """Collect columns whose name in the source is no field of a message, and none of a reading where readings are rows."""
    fields = tuple(ENVELOPE_MARK + name for name in (*payload.envelope, *MAPPED_FIELDS))
    for view, column in zip(views, columns, strict=False):
        for name in column.joined_names or column.source_names:
            if name.startswith(ENVELOPE_MARK):
                if name not in fields and not _is_level(name):
                    _fail_name(view, name, fields)
            elif payload.readings and name not in READING_COLUMNS and not _is_pointer_of(name, payload):
                _fail_name(view, name, (*READING_COLUMNS, *fields))
            elif payload.kind is PayloadKind.TEXT and not payload.readings:
                _fail_name(view, name, fields)


def _fail_name(view: View, name: str, known: tuple[str, ...]) -> None:
    key = "physicalName" if "physicalName" in view.values else "name"
    view.fail(
        key, "contract_message_field", found=safe_repr(name), close=", ".join(near_names(name, known)), expected=", ".join(known)
    )


def _is_pointer_of(name: str, payload: PayloadFormat) -> bool:
    """Whether the name points into records of this format."""
    return name.startswith(POINTER_MARK) and payload.kind is not PayloadKind.SPARKPLUG


def _is_level(name: str) -> bool:
    """Whether the name is that of one level of the topic: `$topic/3`."""
    field, _, level = name.partition("/")
    return field == ENVELOPE_MARK + TOPIC and level.isdecimal() and level.isascii() and 0 < int(level) < 100


def _preset(view: View, name: str) -> PayloadFormat:
    for key in ("layout", "records", *_READING_KEYS, "names", "delimiter", *schema_keys.KEYS):
        if view.values.get(key) is not None:
            view.fail(key, "contract_key_of_other_payload", key=key, found=name, expected=", ".join(_KINDS))
    return PRESETS[name]


def _own_format(view: View, kind: PayloadKind) -> PayloadFormat:
    layout = view.choice("layout", tuple(Layout), Layout.READINGS if kind is PayloadKind.TEXT else Layout.COLUMNS)
    for key in _READING_KEYS:
        if view.values.get(key) is not None and (layout is not Layout.READINGS or not kind.has_members):
            expected = Phrase("phrase_payload_readings")
            view.fail(key, "contract_key_of_other_payload", key=key, found=f"{kind}, {layout}", expected=expected)
    if view.values.get("records") is not None and not kind.has_members:
        view.fail(
            "records",
            "contract_key_of_other_payload",
            key="records",
            found=str(kind),
            expected=Phrase("phrase_either", first="json, avro", second="protobuf"),
        )
    if kind is PayloadKind.CSV and layout is Layout.READINGS:
        view.fail_value("layout", Phrase("phrase_layout_of_csv"))
    return PayloadFormat(
        kind=kind, records=_pointers(view, "records"), readings=_readings(view, layout), schemas=read_schemas(view, kind)
    )


def _readings(view: View, layout: Layout) -> ReadingLayout | None:
    if layout is Layout.COLUMNS:
        return None
    return ReadingLayout(
        members=_pointers(view, "readings"),
        time=_pointers(view, "time"),
        prefix=tuple(text for text in view.texts("prefix") if _is_pointer(view, "prefix", text)),
        status=next(iter(_pointers(view, "status")), ""),
        unit=next(iter(_pointers(view, "unit")), ""),
        codes=view.choice("statusCodes", tuple(StatusCodes), StatusCodes.NONE),
    )


def _pointers(view: View, key: str) -> tuple[str, ...]:
    """The pointer at `key`, or none."""
    text: Any = view.values.get(key)
    return (text,) if text is not None and _is_pointer(view, key, text) else ()


def _is_pointer(view: View, key: str, text: Any) -> bool:
    is_pointer = isinstance(text, str) and text.startswith(POINTER_MARK) and "*" not in text
    if not is_pointer:
        view.fail_value(key, Phrase("phrase_pointer", example="/data/values"))
    return is_pointer
