"""The messages of Flight SQL that are read and written here, by the names and numbers of `FlightSql.proto`."""

import io
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import ipc

from lakeward.core.errors import LakewardError, UsageError
from lakeward.serving.flight_sql.protobuf import Fields, last_bytes, last_text, read_fields, write_fields

TYPE_URL = "type.googleapis.com/arrow.flight.protocol.sql."
# Between the text of a prepared statement and its values; no text has one.
_SEPARATOR = b"\0"
# Messages with a statement of the client, and what is not done with it.
QUERY, PREPARED, TICKET = "CommandStatementQuery", "CommandPreparedStatementQuery", "TicketStatementQuery"
CREATE, CREATED = "ActionCreatePreparedStatementRequest", "ActionCreatePreparedStatementResult"


@dataclass(frozen=True, slots=True)
class FlightMessage:
    """One message with its name.

    Args:
        name: Name without the package.
    """

    name: str
    fields: Fields

    def bytes_of(self, field: int) -> bytes:
        """See `protobuf.last_bytes`."""
        return last_bytes(self.fields, field)

    def text(self, field: int) -> str | None:
        """See `protobuf.last_text`."""
        return last_text(self.fields, field)

    def texts(self, field: int) -> list[str]:
        """All values of a repeated field of text.

        Raises:
            UsageError: One is no text.
        """
        return [last_text({field: [value]}, field) or "" for value in self.fields.get(field, [])]


@dataclass(frozen=True, slots=True)
class Statement:
    """The statement of a client with the values of its parameters.

    Args:
        values: A table of one row, as Arrow's stream format; None without parameters.
    """

    text: str
    values: bytes | None = None

    @property
    def handle(self) -> bytes:
        """All of it as one byte string, which a client keeps and sends back. It is not trusted: each call is checked again."""
        return self.text.encode("utf-8", "surrogatepass") + (_SEPARATOR + self.values if self.values else b"")

    def parameters(self) -> list[object] | dict[str, object] | None:
        """Values in order, or by name where the columns have names other than numbers.

        Raises:
            UsageError: They are not one row of plain values.
        """
        if not self.values:
            return None
        table = read_values(self.values)
        if table.num_rows != 1:
            raise UsageError("flight_parameters", expected=1, found=table.num_rows)
        for at, kind in enumerate(table.schema.types, start=1):
            if pa.types.is_nested(kind):
                raise UsageError("flight_parameter_nested", at=at, found=_nested_name(kind))
        row = [column[0].as_py() for column in table.columns]
        names = table.schema.names
        if all(not name or name.isdecimal() for name in names):
            return row
        return dict(zip(names, row, strict=True))


def _nested_name(kind: pa.DataType) -> str:
    """The name of a nested type, without the names of its fields, which are the client's."""
    return str(kind).partition("<")[0]


def read_values(content: bytes) -> pa.Table:
    """A table in Arrow's stream format.

    Raises:
        UsageError: It is none.
    """
    try:
        table = ipc.open_stream(io.BytesIO(content)).read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError):
        raise UsageError("flight_message_not_valid") from None
    return table


def write_values(table: pa.Table) -> bytes:
    """The table in Arrow's stream format."""
    sink = io.BytesIO()
    with ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def statement_of(handle: bytes) -> Statement:
    """The statement of a handle.

    Raises:
        UsageError: It is not UTF-8.
    """
    text, _, values = handle.partition(_SEPARATOR)
    try:
        return Statement(text.decode(), values or None)
    except UnicodeDecodeError:
        raise UsageError("flight_message_not_valid") from None


def unpack(content: bytes) -> FlightMessage:
    """The message in a `google.protobuf.Any`.

    Raises:
        UsageError: It is none of Flight SQL.
    """
    fields = read_fields(content)
    url = last_text(fields, 1) or ""
    if not url.startswith(TYPE_URL):
        raise UsageError("flight_message_not_valid")
    return FlightMessage(url.removeprefix(TYPE_URL), read_fields(last_bytes(fields, 2)))


def pack(name: str, *fields: tuple[int, int | bytes]) -> bytes:
    """A `google.protobuf.Any` with a message of Flight SQL."""
    return write_fields([(1, (TYPE_URL + name).encode()), (2, write_fields(fields))])


def is_message(content: bytes) -> bool:
    """Whether it is a message of Flight SQL."""
    try:
        unpack(content)
    except LakewardError:
        return False
    return True
