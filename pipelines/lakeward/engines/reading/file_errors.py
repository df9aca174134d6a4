"""Whether a file can be read at all. Refuses to blame a file for what is the process's, the machine's or DuckDB's own trouble."""

from collections.abc import Callable
from typing import TypeVar

import duckdb

# No fault of a file: the process, the machine or DuckDB itself is in trouble.
_NOT_FILE_ERRORS = (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.InternalException, duckdb.FatalException)

Content = TypeVar("Content")


def try_read(read: Callable[[], Content]) -> Content | None:
    """What `look` finds in a file; None where DuckDB can't read it (damaged Parquet pages raise plain `duckdb.Error`).

    Raises:
        duckdb.Error: It is no fault of the file: memory, an interrupt, DuckDB itself.
    """
    try:
        return read()
    except _NOT_FILE_ERRORS:
        raise
    except duckdb.Error:
        return None
