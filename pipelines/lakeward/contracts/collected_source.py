"""Sources of machines that keep nothing for a reader who comes later: a collector lands what they say, all the time."""

from dataclasses import dataclass, field
from enum import StrEnum

from lakeward.contracts.segment_bounds import SEGMENT_BATCH_BYTES, SegmentBounds

# Bytes of one pushed message, and messages of one sender a second on average.
MESSAGE_BYTES, MESSAGES_PER_SECOND = 1 << 20, 1000
# Of nodes of OPC UA: milliseconds between two values, values that the server queues, and hours of history that are read to close a gap.
OPCUA_SAMPLING_MS, OPCUA_QUEUE, OPCUA_REPAIR_HOURS = 1000, 100, 24
# Of Sparkplug B: seconds between two requests for the births of one edge; 0: none is sent.
REBIRTH_SECONDS = 30
# Of registers of Modbus: milliseconds between two reads, and for an answer.
MODBUS_POLL_MS, MODBUS_TIMEOUT_MS = 1000, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSource:
    """Messages that senders push by HTTP, landed as segments by a collector.

    Args:
        connection: Name of the address to listen at.
        senders: Names of the accounts that may send.
        message_bytes: Bytes of the largest message.
        messages_per_second: Messages of one sender a second, on average.
        limit_bytes: Size limit of one batch, in bytes of its segments.
        retention_days: Days that a segment is kept after its batch; None for ever.
    """

    connection: str
    senders: tuple[str, ...]
    message_bytes: int = MESSAGE_BYTES
    messages_per_second: int = MESSAGES_PER_SECOND
    segment: SegmentBounds = field(default_factory=SegmentBounds)
    limit_bytes: int = SEGMENT_BATCH_BYTES
    retention_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpcUaSource:
    """A subscription to nodes of an OPC UA server, landed as segments by a collector. The nodes are the addresses in `series.csv`.

    Args:
        connection: Name of the server's connection.
        sampling_ms: Milliseconds between two looks of the server at each node.
        publishing_ms: Milliseconds between two messages of the server.
        queue_size: Values of a node that the server keeps until it can send them.
        repair_hours: Hours of the server's history that are read to close a gap; 0 for none.
        limit_bytes: Size limit of one batch, in bytes of its segments.
        retention_days: Days that a segment is kept after its batch; None for ever.
    """

    connection: str
    sampling_ms: int = OPCUA_SAMPLING_MS
    publishing_ms: int = OPCUA_SAMPLING_MS
    queue_size: int = OPCUA_QUEUE
    repair_hours: int = OPCUA_REPAIR_HOURS
    segment: SegmentBounds = field(default_factory=SegmentBounds)
    limit_bytes: int = SEGMENT_BATCH_BYTES
    retention_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusSource:
    """Registers of Modbus devices, polled and landed as segments by a collector. They are the lines of `registers.csv`.

    Args:
        connection: Name of the devices' connection.
        poll_ms: Milliseconds between two reads of a register.
        timeout_ms: Milliseconds that a device may take to answer.
        limit_bytes: Size limit of one batch, in bytes of its segments.
        retention_days: Days that a segment is kept after its batch; None for ever.
    """

    connection: str
    poll_ms: int = MODBUS_POLL_MS
    timeout_ms: int = MODBUS_TIMEOUT_MS
    segment: SegmentBounds = field(default_factory=SegmentBounds)
    limit_bytes: int = SEGMENT_BATCH_BYTES
    retention_days: int | None = None


class MqttVersion(StrEnum):
    """Versions of MQTT."""

    V5 = "5"
    V311 = "3.1.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkplugSource:
    """Edges of Sparkplug B at an MQTT broker, landed as segments by a collector that is their host.

    Args:
        connection: Name of the broker's connection.
        groups, edges: Ids of what is taken; empty: all.
        host: Id of the host, by which edges know whether it is there.
        client_id: Id of the host's session at the broker.
        rebirth_seconds: Seconds between two requests for the births of one edge; 0: none is sent.
        limit_bytes: Size limit of one batch, in bytes of its segments.
        retention_days: Days that a segment is kept after its batch; None for ever.
    """

    connection: str
    host: str
    client_id: str
    groups: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    version: MqttVersion = MqttVersion.V5
    rebirth_seconds: int = REBIRTH_SECONDS
    segment: SegmentBounds = field(default_factory=SegmentBounds)
    limit_bytes: int = SEGMENT_BATCH_BYTES
    retention_days: int | None = None
