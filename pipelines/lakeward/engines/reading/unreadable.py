"""Whether a file can be read at all. Refuses to blame a file for what is the process's, the machine's or DuckDB's own trouble."""

from collections.abc import Callable
from typing import TypeVar

import duckdb

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
