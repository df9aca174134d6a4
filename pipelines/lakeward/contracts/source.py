"""The source of a dataset's batches. Engines and judging use only the `RecordFormat`."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TypeAlias

from lakeward.contracts.collected_source import HttpSource, ModbusSource, OpcUaSource, SparkplugSource
from lakeward.contracts.collected_source import MqttVersion as MqttVersion  # noqa: PLC0414 -- what readers of contracts name
from lakeward.contracts.segment_bounds import SEGMENT_BATCH_BYTES, SegmentBounds

# Default size limit of one batch: minutes of work, and within the memory of a small machine.
LIMIT_BYTES = 4 << 30
# How long a broker keeps the session of a collector that is away: seven days.
SESSION_SECONDS = 604_800
# Two segments: one that is being landed, and one that fills.
RECEIVE_MAXIMUM = 10_000
# Rows of one window of a table: a minute of reading, and what is read again after a kill.
WINDOW_ROWS = 2_000_000
# Messages of Kafka that are landed at a time.
KAFKA_WINDOW_ROWS = 500_000
# Of a server's history: how long before now it is taken to be complete, and minutes that are read at a time.
HISTORY_SETTLE_SECONDS, HISTORY_WINDOW_MINUTES = 60, 10


class SourceKind(StrEnum):
    """Kinds of sources, as the key `kind` names them."""

    FILES = "files"
    MQTT = "mqtt"
    SQL = "sql"
    KAFKA = "kafka"
    HTTP = "http"
    OPCUA = "opcua"
    OPCUA_HISTORY = "opcua-history"
    MODBUS = "modbus"
    SPARKPLUG = "sparkplug"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDropSource:
    """A drop folder.

    Args:
        path: The folder, relative to the project, or absolute inside one of the project's roots.
        pattern: Glob below `path` (`**` for folders).
        limit_bytes: Size limit of one batch, in bytes of its files; one file is always allowed.
        retention_days: Days that a landed file is kept after its batch; None for ever.
    """

    path: PurePosixPath
    pattern: str
    limit_bytes: int = LIMIT_BYTES
    retention_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSource:
    """A subscription to an MQTT broker, landed as segments by a collector.

    Args:
        connection: Name of the broker's connection.
        topics: Topic filters.
        client_id: Id of the session; with a shared subscription each collector needs its own.
        share_name: Group of a shared subscription; empty: none.
        session_seconds: Time that the broker keeps the session of a collector that is away.
        receive_maximum: Messages that the broker may send before the first of them is landed.
        limit_bytes: Size limit of one batch, in bytes of its segments.
        retention_days: Days that a segment is kept after its batch; None for ever.
    """

    connection: str
    topics: tuple[str, ...]
    qos: int = 1
    version: MqttVersion = MqttVersion.V5
    client_id: str = ""
    share_name: str = ""
    session_seconds: int = SESSION_SECONDS
    receive_maximum: int = RECEIVE_MAXIMUM
    segment: SegmentBounds = field(default_factory=SegmentBounds)
    limit_bytes: int = SEGMENT_BATCH_BYTES
    retention_days: int | None = None


class WatermarkMode(StrEnum):
    """How new rows of a table are found, and so what is guaranteed."""

    XID8 = "xid8"  # PostgreSQL: by the transaction that wrote the row; no committed row is missed
    LOOKBACK = "lookback"  # by a time or a number, with a look back; a row that becomes visible later than that is missed


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """The column by which new rows are found.

    Args:
        column: Its name in the database.
        lookback: How far back each window begins before the position: seconds for a column of times, else a difference of numbers.
    """

    column: str
    mode: WatermarkMode
    lookback: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlSource:
    """A table, view or query of a database, landed window by window.

    Args:
        connection: Name of the database's connection.
        table: Names of the table, such as schema and table; empty for a query.
        query: File with a SELECT, relative to the dataset's folder; None for a table.
        window_rows: Rows after which a window ends; one transaction, or one value of the watermark, always fits.
        limit_bytes: Size limit of one batch, in bytes of its segments.
        retention_days: Days that a segment is kept after its batch; None for ever.
    """

    connection: str
    watermark: Watermark
    table: tuple[str, ...] = ()
    query: PurePosixPath | None = None
    window_rows: int = WINDOW_ROWS
    limit_bytes: int = SEGMENT_BATCH_BYTES
    retention_days: int | None = None


class KafkaStart(StrEnum):
    """Where the first run of a topic begins."""

    EARLIEST = "earliest"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class AcceptedGap:
    """Offsets of a partition, both included, that were removed unread, and that a person gave up."""

    partition: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSource:
    """A topic of Kafka, landed window by window.

    Args:
        connection: Name of the cluster's connection.
        window_rows: Most messages of one window.
        limit_bytes: Size limit of one batch, in bytes of its segments.
        retention_days: Days that a segment is kept after its batch; None for ever.
        registry: Name of the connection of the registry of its schemas; empty for none.
    """

    connection: str
    topic: str
    start: KafkaStart = KafkaStart.EARLIEST
    accepted_gaps: tuple[AcceptedGap, ...] = ()
    window_rows: int = KAFKA_WINDOW_ROWS
    limit_bytes: int = SEGMENT_BATCH_BYTES
    retention_days: int | None = None
    registry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpcUaHistorySource:
    """The history of nodes of an OPC UA server, landed window by window. The nodes are the addresses in `series.csv`.

    Args:
        connection: Name of the server's connection.
        start: Where the first run begins.
        settle_seconds: How long before now a run ends, in seconds.
        window_minutes: Minutes of one window.
        limit_bytes: Size limit of one batch, in bytes of its segments.
        retention_days: Days that a segment is kept after its batch; None for ever.
    """

    connection: str
    start: datetime
    settle_seconds: int = HISTORY_SETTLE_SECONDS
    window_minutes: int = HISTORY_WINDOW_MINUTES
    limit_bytes: int = SEGMENT_BATCH_BYTES
    retention_days: int | None = None


ContractSource: TypeAlias = (
    FileDropSource
    | MqttSource
    | SqlSource
    | KafkaSource
    | HttpSource
    | OpcUaSource
    | OpcUaHistorySource
    | ModbusSource
    | SparkplugSource
)
"""The source of a dataset's batches: one frozen class per kind of source, each with `limit_bytes` and `retention_days`.

A new kind needs these things:

1. a member of `SourceKind`, its class here or in `contracts/collected_source.py`, as one more member of this union, with the fields above;
2. a module with `KEYS` and a reader of them beside `contracts/mqtt.py`, which returns the class and the `RecordFormat`; both are entered
   in `contracts/source_kinds.py`, whence lint, reference and `build.py` have them. Where it connects to is a `connection` by name
   (`contracts/segment_keys.py`), which `flows/base/connections.py` resolves;
3. an implementation of the protocol `Source` in `lakeward.sources`, which `sources/opening.py` returns for the class. A source that is
   no file lands numbered segments with `sources.segments.SegmentWriter` and is then read by `sources.segments.SegmentSource` as it is:
   - *typed rows* (`SegmentFormat` of the query's own columns): `RecordFormat(format=FileFormat.PARQUET, …)`; columns are found by their names;
   - *messages*: a Parquet schema with at least `topic`, `payload` and `received_at` (`contracts/payload.py`), and a `RecordFormat` of
     `read_payload_format`; a name in the contract such as `$offset` is any other column of the segment, if the reader names it in its `ENVELOPE`.
   Where the source can be read again (a query, a log), its `receive` lands what is new, and the position it reached is in the segment's
   own metadata, read by `SegmentStore.last_position`: the segment and its position are one file, so that no kill can part them.

mypy reports the choice in `sources/opening.py` that lacks a kind. Engines, judging, profiling and
`contract diff` do not change.
"""

# Sources that nothing but a collector brings into the lake.
COLLECTED_SOURCES = (MqttSource, HttpSource, OpcUaSource, ModbusSource, SparkplugSource)
# Sources of which a run reads a span of time again.
SPAN_SOURCES = (SqlSource, OpcUaHistorySource)
# Sources that land segments in a folder.
LANDED_SOURCES = (*COLLECTED_SOURCES, *SPAN_SOURCES, KafkaSource)
