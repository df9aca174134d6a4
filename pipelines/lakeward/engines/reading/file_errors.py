"""Detects unreadable files. Memory errors, interrupts and internal errors of DuckDB are not file errors."""

from collections.abc import Callable
from typing import TypeVar

import duckdb

# Errors of the process, the machine or DuckDB, not of a file.
_NOT_FILE_ERRORS = (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.InternalException, duckdb.FatalException)

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
