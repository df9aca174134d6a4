"""Segments of messages as queries: which are readable, and the fields of their messages as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.payload import ENVELOPE_MARK, PAYLOAD, RECEIVED, TOPIC
from lakeward.core.sql import identifier, literal
from lakeward.engines.reading.file_errors import FileReadTrial
from lakeward.engines.text.staging_queries import StagingQueries

# ISO 8601 in UTC, to the microsecond.
_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"
# DuckDB's name of the type in which segments have times.
_INSTANT_TYPE = "TIMESTAMP WITH TIME ZONE"


def own_name(field: str) -> str:
    """SQL name of a segment's column within queries: no column of a contract and no other item has one that begins so."""
    return identifier(ENVELOPE_MARK + field)


# SQL names of the address and of the bytes of a message.
ADDRESS, BYTES = own_name(TOPIC), own_name(PAYLOAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """Readable segments that have one mapping of series, one set of schemas, and the same births.

    Args:
        files: They, with their numbers of messages.
        types: Their columns, with DuckDB's types.
        decoded: Table of their payloads as `decode_payloads` makes it; empty: the payloads are text.
        address_field: The field with which addresses begin; where it has no value, the topic.
    """

    files: Mapping[BatchInput, int]
    types: Mapping[str, str]
    decoded: str = ""
    address_field: str = TOPIC

    @property
    def births(self) -> Path | None:
        """Their births; None for none."""
        return next(iter(self.files)).births

    @property
    def series(self) -> Path | None:
        """Their mapping; None for none."""
        return next(iter(self.files)).series

    @property
    def schemas(self) -> Path | None:
        """The schemas of their payloads; None for none."""
        return next(iter(self.files)).schemas

    @property
    def address(self) -> str:
        """SQL of the address of a message."""
        return ADDRESS if self.address_field == TOPIC else f"coalesce({self.field(self.address_field)}, {ADDRESS})"

    def messages_select(self) -> str:
        """SELECT of the columns of `raw_select` and of `text, undecoded, schema_label`.

        `text` is the payload as text, or as JSON; where it is NULL, `undecoded` says why a binary one can't be read.
        """
        if not self.decoded:
            return f"SELECT *, TRY(decode({BYTES})) AS text, CAST(NULL AS VARCHAR) AS undecoded, CAST(NULL AS VARCHAR) AS schema_label FROM ({self.raw_select()})"
        return f"SELECT s.*, d.text, d.fault AS undecoded, d.schema_label FROM ({self.raw_select()}) s LEFT JOIN {self.decoded} d USING (seq, m)"

    def raw_select(self) -> str:
        """SELECT of `file, seq, m` (number in the segment, from 1), and the segments' columns by `own_name`."""
        places = ", ".join(f"({literal(str(file.path))}, {literal(file.name)}, {file.seq}::BIGINT)" for file in self.files)
        return (
            f"SELECT p.file, p.seq, s.file_row_number + 1 AS m, "
            f"{', '.join(f's.{identifier(name)} AS {own_name(name)}' for name in self.types)} "
            f"FROM {_scan([file.path for file in self.files])} s JOIN (VALUES {places}) p(path, file, seq) ON p.path = s.filename"
        )

    def field(self, name: str) -> str:
        """A column of the segments as text; NULL where they have none of this name."""
        kind = self.types.get(name)
        if kind is None:
            return "CAST(NULL AS VARCHAR)"
        own = own_name(name)
        if kind == "BLOB":
            return f"TRY(decode({own}))"
        return f"strftime({own} AT TIME ZONE 'UTC', {literal(_INSTANT)})" if kind == _INSTANT_TYPE else f"CAST({own} AS VARCHAR)"


def open_segments(con: duckdb.DuckDBPyConnection, files: Sequence[BatchInput], faulty: StagingQueries) -> list[Segments]:
    """The readable segments, by their mapping and schemas; adds the others to the rejects of `faulty`."""
    counted: dict[BatchInput, int] = {}
    with FileReadTrial(con) as trial:
        together = trial.try_read(partial(_count_all, paths=[file.path for file in files])) if files else {}
        for file in files:
            # One damaged file makes all of them unreadable: then each is tried alone.
            found = together if together is not None else trial.try_read(partial(_count_all, paths=[file.path]))
            if found is None:
                faulty.reject_file(file, "reject_unreadable")
            else:
                counted[file] = found[str(file.path)]
    groups: dict[tuple[Path | None, ...], dict[BatchInput, int]] = {}
    for file, messages in counted.items():
        groups.setdefault((file.series, file.schemas, file.births), {})[file] = messages
    return [Segments(files=group, types=_types(con, [file.path for file in group])) for group in groups.values()]


def _scan(paths: Sequence[Path]) -> str:
    named = ", ".join(literal(str(path)) for path in paths)
    return f"read_parquet([{named}], filename = true, file_row_number = true, union_by_name = true, hive_partitioning = false)"


def _count_all(con: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[str, int]:
    """Messages by file, counted by decoding all: a footer also counts rows in damaged pages. An empty segment has none.

    Raises:
        duckdb.Error: A file is damaged, or no segment of messages.
    """
    checked = f"bit_xor(hash({TOPIC}, {PAYLOAD}, {RECEIVED}))"
    counted = dict.fromkeys(map(str, paths), 0)
    rows = con.execute(f"SELECT filename, count(*), {checked} FROM {_scan(paths)} GROUP BY filename").fetchall()
    return counted | {name: count for name, count, _ in rows}


def _types(con: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[str, str]:
    found = con.execute(f"DESCRIBE SELECT * FROM {_scan(paths)}").fetchall()
    return {row[0]: row[1] for row in found if row[0] not in {"filename", "file_row_number"}}
