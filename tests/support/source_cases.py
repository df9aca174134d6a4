"""Sources of every kind over a folder, and how inputs get there: what the suite of `tests/conventions/test_sources.py` runs over."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import Any

from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.source import FileDropSource, KafkaSource, OpcUaHistorySource, SqlSource, Watermark, WatermarkMode
from lakeward.core.connections import parse_connection
from lakeward.sources import FileDrop, Source
from lakeward.sources.history.source import OpcUaHistory
from lakeward.sources.kafka.source import KafkaTopic
from lakeward.sources.segments import MESSAGE_SCHEMA, SegmentSource, SegmentStore
from lakeward.sources.sparkplug.segments import SCHEMA as SPARKPLUG
from lakeward.sources.sql.source import SqlTable
from support.kafka_cluster import local_cluster, produce
from support.opcua_plant import NodeServer, mapping
from support.segments import land_messages

# Columns of what collectors of HTTP, OPC UA and Modbus land beside those of every message; the values here are empty.
OTHER = {"id": "string", "source_time": "timestamp[us, UTC]", "recovered": "bool"}


@dataclass(frozen=True)
class SourceCase:
    """A kind of source.

    Args:
        open: `open(root, **collaborators)`: the source over a folder.
        deliver: `deliver(root, first, last)`: brings the inputs of these numbers, each an input of its own.
    """

    open: Callable[..., Source]
    deliver: Callable[[Path, int, int], None]


@dataclass(frozen=True)
class SourceCaseFolders:
    """A project's folders."""

    root: Path
    roots: tuple[Path, ...] = ()


class StillClock:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC)


def file_drop(root: Path, **collaborators: Any) -> FileDrop:
    return FileDrop(
        dataset="plant",
        project=SourceCaseFolders(root),
        source=FileDropSource(path=PurePosixPath("inbox"), pattern="**/*.csv"),
        format=FileFormat.CSV,
        landing=root / "landing",
        clock=StillClock(),
        **collaborators,
    )


def deliver_files(root: Path, first: int, last: int) -> None:
    (root / "inbox").mkdir(exist_ok=True)
    for number in range(first, last + 1):
        (root / "inbox" / f"{number:03}.csv").write_text(f"a,b\n{number},{number}\n")


def segments(root: Path, form: FileFormat = FileFormat.MESSAGES) -> SegmentSource:
    return SegmentSource(dataset="plant", landing=root / "landing", format=form, clock=StillClock())


def land(root: Path, first: int, last: int, *, columns: dict[str, str]) -> None:
    empty = [None] * (len(columns) - 3)
    for number in range(first, last + 1):
        land_messages(SegmentStore.of_dataset(root / "landing", "plant"), [("a", b"%03d" % number, *empty)], columns=columns)


def sql_table(root: Path) -> SqlTable:
    return SqlTable(
        segments=segments(root, FileFormat.PARQUET),
        source=SqlSource(
            connection="history",
            table=("readings",),
            watermark=Watermark(column="id", mode=WatermarkMode.LOOKBACK, lookback=2),
        ),
        names=("id", "value"),
        zone=None,
        contract_version="1.0.0",
        folder=root,
        connect=lambda name: parse_connection(name, f"sqlite://{root / 'history.db'}", "test", root),
    )


def insert(root: Path, first: int, last: int) -> None:
    with sqlite3.connect(root / "history.db") as database:
        database.execute("CREATE TABLE IF NOT EXISTS readings (id INTEGER PRIMARY KEY, value REAL)")
    for number in range(first, last + 1):
        with sqlite3.connect(root / "history.db") as database:
            database.execute("INSERT INTO readings VALUES (?, ?)", (number, number))
        sql_table(root).receive()


cluster = cache(local_cluster)


def kafka_topic(root: Path) -> KafkaTopic:
    return KafkaTopic(
        segments=segments(root),
        source=KafkaSource(connection="plant", topic=root.name),
        connect=lambda name: parse_connection(name, cluster().url, "test", root),
        clock=StillClock(),
    )


def produce_messages(root: Path, first: int, last: int) -> None:
    cluster().producer.list_topics(root.name, timeout=30)  # makes the topic
    for number in range(first, last + 1):
        produce(cluster().options, root.name, [(number % 2, None, b"%03d" % number)])
        kafka_topic(root).receive()


@dataclass(frozen=True)
class NodeHistory:
    """The history of a server's node, from when it is first opened over a folder."""

    server: NodeServer

    def open(self, root: Path) -> OpcUaHistory:
        (root / "series.csv").write_text(mapping(1))
        begun = root / "begun"
        if not begun.exists():
            begun.touch()
            time.sleep(0.01)
        start = datetime.fromtimestamp(begun.stat().st_mtime, UTC)
        url = f"opc.tcp://127.0.0.1:{self.server.port}/UA/plant"
        return OpcUaHistory(
            segments=segments(root),
            source=OpcUaHistorySource(connection="plc", start=start, settle_seconds=0, window_minutes=60),
            series_file=root / "series.csv",
            connect=lambda name: parse_connection(name, url, "test", root),
        )

    def deliver(self, root: Path, first: int, last: int) -> None:
        self.open(root)
        for number in range(first, last + 1):
            self.server.say(tick=number)
            time.sleep(0.01)
            self.open(root).receive()


CASES = {
    "files": SourceCase(file_drop, deliver_files),
    "mqtt": SourceCase(segments, partial(land, columns=dict(MESSAGE_SCHEMA))),
    "sparkplug": SourceCase(segments, partial(land, columns=dict(SPARKPLUG))),
    "other collectors": SourceCase(
        segments, partial(land, columns={"topic": "string", "payload": "binary", "received_at": "timestamp[us, UTC]", **OTHER})
    ),
    "sql": SourceCase(sql_table, insert),
    "kafka": SourceCase(kafka_topic, produce_messages),
}
