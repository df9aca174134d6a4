"""What reading the files of one format gives: SELECTs to be united, and a report per file. Refuses to run them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import duckdb

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.model import Column
from lakeward.core.sql import identifier, literal

# No fault of a file: the process, the machine or DuckDB itself is in trouble.
_OUR_TROUBLE = (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.InternalException, duckdb.FatalException)

Found = TypeVar("Found")


def readable(look: Callable[[], Found]) -> Found | None:
    """What `look` finds in a file; None where DuckDB can't read it (damaged Parquet pages raise plain `duckdb.Error`).

    Raises:
        duckdb.Error: It is no fault of the file: memory, an interrupt, DuckDB itself.
    """
    try:
        return look()
    except _OUR_TROUBLE:
        raise
    except duckdb.Error:
        return None


@dataclass(slots=True)
class Reading:
    """SELECTs of rows and of rejects, shaped as `QueryEngine.stage` promises, gathered file by file.

    Rows are what is left when `staged_rejects` has been made from the rejects: each record is judged once.
    """

    rows: list[str] = field(default_factory=list)
    rejects: list[str] = field(default_factory=list)
    reports: list[FileReport] = field(default_factory=list)

    def refuse(self, file: BatchInput, reason: str) -> None:
        """Make the whole file one reject, kept in landing under its sha256."""
        self.rejects.append(
            f"SELECT {literal(file.name)} AS _file, {file.seq}::BIGINT AS _file_seq, 0::BIGINT AS _row, "
            f"{literal(reason)} AS reason, {literal(file.sha256)} AS detail, NULL::BLOB AS raw"
        )
        self.reports.append(FileReport(file.seq, file.name, records=1))


def rejects(records: str, reason: str, detail: str, raw: str) -> str:
    """SELECT of the rejects among `records` (`file, seq, n`, and what the three expressions need); a NULL reason is none."""
    return (
        f"SELECT file AS _file, seq AS _file_seq, n AS _row, reason, {detail} AS detail, {raw} AS raw "
        f"FROM (SELECT *, {reason} AS reason FROM ({records})) WHERE reason IS NOT NULL"
    )


def unrejected(records: str) -> str:
    """SELECT of those `records` that `staged_rejects` does not hold."""
    return f"SELECT r.* FROM ({records}) r ANTI JOIN staged_rejects x ON x._file_seq = r.seq AND x._row = r.n"


def rows(records: str, columns: Sequence[Column], values: Sequence[str], extra: str) -> str:
    """SELECT of the rows: the columns' values, the place (`file, seq, n` of the records) and what is beside them."""
    named = "".join(f"{value} AS {identifier(column.name)}, " for column, value in zip(columns, values, strict=True))
    return f"SELECT {named}file AS _file, seq AS _file_seq, n AS _row, {extra} AS _extra FROM ({records})"


def missing_detail(missing: Sequence[str]) -> str:
    """VARCHAR: which required columns a file lacks."""
    return literal("missing: " + ", ".join(missing))
