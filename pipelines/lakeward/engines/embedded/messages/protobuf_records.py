"""Messages of Protobuf as records: presence is kept, and what the schema does not know is never dropped in silence."""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from lakeward.contracts.payload import RECORDS_PER_MESSAGE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Mark of a member that the schema does not name: its number stands behind it.
UNKNOWN_MARK = "#"
_NANOSECONDS = 1_000_000_000
_MAX_NANOS = 999_999_999
_WRAPPERS = ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")


# Most values of one payload, as of records: two bytes can stand for a message of hundreds of fields.
MAX_VALUES = RECORDS_PER_MESSAGE
# Characters of a text of the schema that count as one more value: one byte of a payload can stand for a symbol of any length.
_TEXT_BYTES = 32


class OtherSchemaError(ValueError):
    """The bytes were written by another schema."""


class ManyValuesError(ValueError):
    """A payload has more values than `MAX_VALUES`."""


def text_values(text: object) -> int:
    """How many values more a value counts as that brings this text of its schema."""
    return len(text) // _TEXT_BYTES if isinstance(text, str | bytes) else 0


class RecordReader:
    """Makes records of messages; keeps what it knows of their types."""

    def __init__(self) -> None:
        self._fields: dict[str, list[tuple[str, bool, Callable[[Any], Any]]]] = {}
        self._numbers: dict[str, frozenset[int]] = {}
        self._texts: dict[str, int] = {}
        self._values = 0

    def read_payload(self, message: Any) -> Any:
        """As `read`, of the message of one payload.

        Raises:
            ManyValuesError: It has too many values.
            OtherSchemaError, OverflowError: As `read`.
        """
        self._values = 0
        return self.read(message)

    def read(self, message: Any) -> Any:
        """The members of a message by their names in the schema; of a well-known type its value.

        A member is missing where its field has a presence of its own (messages, `optional`, `oneof`) and was not sent; of other
        fields an absent one has the default value, as the schema says.

        Raises:
            OtherSchemaError: A known field came in a form that the schema does not have.
            ManyValuesError: The payload has too many values.
            OverflowError: A time is outside of the years 1 to 9999.
        """
        name = message.DESCRIPTOR.full_name
        known = _WELL_KNOWN.get(name)
        if known is not None:
            return known(message, self)
        fields = self._fields.get(name)
        if fields is None:
            fields = self._fields[name] = list(self._of_type(message.DESCRIPTOR))
        self._count(1 + len(fields) + self._texts[name])
        record = {
            field: convert(getattr(message, field))
            for field, has_presence, convert in fields
            if not has_presence or message.HasField(field)
        }
        return record | self._unknown(message, name)

    def _of_type(self, descriptor: Any) -> Iterator[tuple[str, bool, Callable[[Any], Any]]]:
        self._numbers[descriptor.full_name] = frozenset(field.number for field in descriptor.fields)
        brought = (text for field in descriptor.fields for text in (field.name, field.default_value))
        self._texts[descriptor.full_name] = sum(map(text_values, brought))
        for field in descriptor.fields:
            yield field.name, field.has_presence and not field.has_default_value, self._converter(field)

    def _converter(self, field: Any) -> Callable[[Any], Any]:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            of_value = self._scalar(field.message_type.fields_by_name["value"])
            return lambda entries: {_key(key): of_value(entries[key]) for key in entries}
        one = self._scalar(field)
        return (lambda values: [one(value) for value in values]) if field.is_repeated else one

    def _scalar(self, field: Any) -> Callable[[Any], Any]:
        if field.message_type is not None:
            return self.read
        if field.enum_type is not None:
            return self._symbol({number: value.name for number, value in field.enum_type.values_by_number.items()})
        return _same

    def _symbol(self, names: dict[int, str]) -> Callable[[Any], Any]:
        sizes = {number: size for number, name in names.items() if (size := text_values(name))}

        def name_of(number: int) -> str | int:
            if number in sizes:
                self._count(sizes[number])
            return names.get(number, number)

        return name_of

    def _count(self, values: int) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            raise ManyValuesError

    def _unknown(self, message: Any, name: str) -> dict[str, Any]:
        from google.protobuf.unknown_fields import UnknownFieldSet  # noqa: PLC0415 -- an extra

        found: dict[str, list[Any]] = {}
        for field in UnknownFieldSet(message):
            if field.field_number in self._numbers[name]:
                raise OtherSchemaError(str(field.field_number))
            data = field.data
            value = data if isinstance(data, int) else base64.b64encode(data).decode() if isinstance(data, bytes) else "group"
            found.setdefault(f"{UNKNOWN_MARK}{field.field_number}", []).append(value)
        if found and not message.ListFields():
            raise OtherSchemaError("no known field")
        return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def _same(value: Any) -> Any:
    return value


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _timestamp(message: Any, _: RecordReader) -> str:
    nanos = message.nanos
    if not 0 <= nanos <= _MAX_NANOS:
        raise OverflowError
    whole = (_EPOCH + timedelta(seconds=message.seconds)).replace(tzinfo=None).isoformat()
    return f"{whole}.{nanos:09d}Z" if nanos else f"{whole}Z"


def _duration(message: Any, _: RecordReader) -> Any:
    """Seconds; exact to the microsecond for a century."""
    return (message.seconds * _NANOSECONDS + message.nanos) / _NANOSECONDS


def _wrapped_value(message: Any, _: RecordReader) -> Any:
    return message.value


def _struct(message: Any, reader: RecordReader) -> dict[str, Any]:
    return {key: reader.read(message.fields[key]) for key in message.fields}


def _list_value(message: Any, reader: RecordReader) -> list[Any]:
    return [reader.read(value) for value in message.values]


def _any_value(message: Any, reader: RecordReader) -> Any:
    kind = message.WhichOneof("kind")
    if kind in {None, "null_value"}:
        return None
    found = getattr(message, kind)
    return reader.read(found) if kind in {"struct_value", "list_value"} else found


_WELL_KNOWN: dict[str, Callable[[Any, RecordReader], Any]] = {
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Duration": _duration,
    "google.protobuf.Struct": _struct,
    "google.protobuf.ListValue": _list_value,
    "google.protobuf.Value": _any_value,
    **{f"google.protobuf.{name}Value": _wrapped_value for name in _WRAPPERS},
}
