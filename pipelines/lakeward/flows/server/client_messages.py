"""What a client sends, read with care: of a check_size size, of a known kind, and nothing that would write."""

import json

import pyarrow as pa
from pyarrow import flight

from lakeward.core.errors import ProtectionError, UsageError
from lakeward.serving.flight_sql import messages
from lakeward.serving.flight_sql.messages import FlightMessage, Statement
from lakeward.serving.flight_sql.protobuf import MAX_MESSAGE

# Messages with a statement that would write.
_WRITES = frozenset(
    ["CommandStatementUpdate", "CommandPreparedStatementUpdate", "CommandStatementIngest", "ActionBeginTransactionRequest"]
)


def json_object(content: bytes) -> dict[str, object]:
    """The object of a text of JSON.

    Raises:
        UsageError: It is none.
    """
    try:
        found = json.loads(content or b"{}")
    except (RecursionError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise UsageError("flight_message_not_valid")
    return found


def command_of(descriptor: flight.FlightDescriptor) -> bytes:
    """The command of a descriptor.

    Raises:
        UsageError: It has none, or a large one.
    """
    if descriptor.descriptor_type is not flight.DescriptorType.CMD:
        raise UsageError("flight_command_unknown", found="path")
    return check_size(descriptor.command)


def check_size(content: bytes) -> bytes:
    """The content, if it is not too large to be read.

    Raises:
        UsageError: It is.
    """
    if len(content) > MAX_MESSAGE:
        raise UsageError("flight_message_too_large", expected=MAX_MESSAGE, found=len(content))
    return content


def statement_of(message: FlightMessage) -> Statement:
    """The statement of a message.

    Raises:
        ProtectionError: It would write.
        UsageError: It has none.
    """
    if message.name == messages.QUERY:
        if message.bytes_of(2):
            raise ProtectionError("query_not_select")  # within a transaction
        return Statement(message.text(1) or "")
    if message.name in {messages.PREPARED, messages.TICKET}:
        return messages.statement_of(message.bytes_of(1))
    raise unknown_message(message)


def unknown_message(message: FlightMessage) -> ProtectionError | UsageError:
    """The error for a message that is not answered."""
    if message.name in _WRITES:
        return ProtectionError("query_not_select")
    return UsageError("flight_command_unknown", found=message.name[:64])


def read_values(reader: flight.MetadataRecordBatchReader) -> pa.Table:
    """The values that a client sends, while they are few.

    Raises:
        UsageError: They are too many.
    """
    batches, size = [], 0
    for chunk in reader:
        if chunk.data is not None:
            batches.append(chunk.data)
            size += chunk.data.nbytes
        if size > MAX_MESSAGE:
            raise UsageError("flight_message_too_large", expected=MAX_MESSAGE, found=size)
    return pa.Table.from_batches(batches, reader.schema)
