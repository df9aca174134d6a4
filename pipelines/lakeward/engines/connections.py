"""Connections to DuckDB, which compute in UTC whatever the zone of the machine is."""

from collections.abc import Mapping
from typing import Any

import duckdb


def connect(database: str = ":memory:", config: Mapping[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
    """A connection to a database; it and each further one (`cursor`) compute in UTC.

    Args:
        database: Path of its file, or in memory.
        config: DuckDB's settings from the start.

    Raises:
        duckdb.Error: The file is none of DuckDB, or damaged.
    """
    con = duckdb.connect(database, config=dict(config or {}))
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    return con
