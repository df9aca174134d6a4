"""Whether a file can be read at all. Failures of the process or the machine are no failures of the file."""

from collections.abc import Callable
from typing import Self, TypeVar

import duckdb

from lakeward.core.sql import literal
from lakeward.engines.connections import connect

# No fault of a file: the process, the machine or DuckDB itself is in trouble.
_NOT_FILE_ERRORS = (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.InternalException, duckdb.FatalException)
# What DuckDB stumbles over when a damaged file leads it astray: its session is of no use afterwards.
_ENDS_SESSION = (duckdb.InternalException, duckdb.FatalException)
# Of C++ and of names that are no text, which DuckDB hands to Python as they are.
_STRAY_ERRORS = (UnicodeDecodeError, RuntimeError, MemoryError, OverflowError)

Content = TypeVar("Content")


def try_read(read: Callable[[], Content]) -> Content | None:
    """The result of `look` for a file; None if DuckDB can't read it (damaged Parquet pages raise plain `duckdb.Error`).

    Raises:
        duckdb.Error: Not an error of the file: memory, an interrupt, DuckDB itself.
    """
    try:
        return read()
    except _NOT_FILE_ERRORS:
        raise
    except duckdb.Error:
        return None


class FileReadTrial:
    """Tries files in a session of its own: a damaged one can end DuckDB's whole session, and the next query would fail for it."""

    def __init__(self, like: duckdb.DuckDBPyConnection | None = None) -> None:
        """Limit memory as the session `like` does."""
        self._like = like
        self._con: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._con:
            self._con.close()

    def try_read(self, read: Callable[[duckdb.DuckDBPyConnection], Content]) -> Content | None:
        """What `read` finds in a file; None where it can't be read.

        Raises:
            duckdb.Error: Memory, or an interrupt.
        """
        self._con = self._con or self._connect()
        try:
            return read(self._con)
        except _ENDS_SESSION:
            self._con = None
            return None
        except (duckdb.OutOfMemoryException, duckdb.InterruptException):
            raise
        except (duckdb.Error, *_STRAY_ERRORS):
            return None

    def _connect(self) -> duckdb.DuckDBPyConnection:
        con = connect()
        if self._like:
            limit = self._like.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]
            con.execute(f"SET memory_limit = {literal(limit)}")
        return con
