"""Sessions for tests of reading: files in; rows, rejects and reports out, for each engine."""

import functools
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.model import Column, DataType, Kind
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.core.names import Sha256
from lakeward.core.settings import Settings
from lakeward.engines.embedded.staging import stage
from lakeward.engines.tables import NO_STORED_TYPES

SHA = "5" * 64
# The engine that reads, as `LAKEWARD_ENGINE` says it.
READER = ContextVar("reader", default="embedded")


@dataclass(frozen=True)
class StagingResult:
    """What staging left in the session."""

    con: duckdb.DuckDBPyConnection
    reports: tuple[FileReport, ...]

    def rows(self, select: str = "*") -> list[Any]:
        return self.con.execute(f"SELECT {select} FROM staged_rows ORDER BY _file_seq, _row").fetchall()

    def rejects(self, select: str = "_row, reason") -> list[Any]:
        return self.con.execute(f"SELECT {select} FROM staged_rejects ORDER BY _file_seq, _row").fetchall()

    def count(self, relation: str) -> int:
        return self.con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]

    @property
    def records(self) -> int:
        return sum(report.records for report in self.reports)


def file_input(path: Path, kind: FileFormat = FileFormat.CSV, seq: int = 1, fault: str | None = None) -> BatchInput:
    size = path.stat().st_size if path.exists() else 0
    return BatchInput(seq=seq, name=path.name, path=path, sha256=Sha256(SHA), size=size, format=kind, fault=fault)


def record_format(kind: FileFormat = FileFormat.CSV, **dialect: Any) -> RecordFormat:
    return RecordFormat(format=kind, **dialect)


def column(name: str, *, required: bool = False, type_: Kind = Kind.STRING, source_name: str | None = None) -> Column:
    return Column(name, DataType(type_), source_name or name, required=required)


def stage_files(scratch: Path, inputs: list[BatchInput], columns: list[Column], **dialect: Any) -> StagingResult:
    """Stage real files in a new session."""
    con = duckdb.connect()
    return StagingResult(con, stage_into(con, scratch, inputs, columns, **dialect))


def stage_into(
    con: duckdb.DuckDBPyConnection,
    scratch: Path,
    inputs: list[BatchInput],
    columns: list[Column],
    stored: Mapping[str, DataType] = NO_STORED_TYPES,
    **dialect: Any,
) -> tuple[FileReport, ...]:
    """Stage real files as the next batch of a session; what Spark read is looked at through DuckDB."""
    if READER.get() == "embedded":
        return stage(con, inputs, record_format(**dialect), columns, scratch, stored)
    from lakeward.engines.spark.staging.stage import stage as stage_on_executors

    reports = stage_on_executors(spark_session(), inputs, record_format(**dialect), columns, scratch, stored)
    for name in ("staged_rows", "staged_rejects"):
        folder = scratch / f"looked_at_{name}"
        spark_session().table(name).write.mode("overwrite").parquet(str(folder))
        con.execute(f"CREATE OR REPLACE VIEW {name} AS FROM read_parquet('{folder}/*.parquet')")
    return reports


@functools.cache
def spark_session() -> Any:
    """One Spark session for all tests of reading: a start takes longer than any of them."""
    from lakeward.engines.spark.session import open_session

    found = Settings.load().spark
    return open_session(replace(found, master="local[2]", conf={"spark.driver.memory": "1g", **found.conf}))


def stage_text(folder: Path, content: bytes, names: str, kind: FileFormat = FileFormat.CSV, **dialect: Any) -> StagingResult:
    """Stage one file of these bytes; `names` are columns set apart by blanks, `*` behind a required one."""
    path = folder / f"file.{kind}"
    path.write_bytes(content)
    columns = [column(name.rstrip("*"), required=name.endswith("*")) for name in names.split()]
    return stage_files(folder, [file_input(path, kind)], columns, **dialect)
