"""Databases in memory. One whose session ended is kept for a later one of this process: to open one costs DuckDB 8 ms of CPU.

What a session defines is temporary, and ends with its connection. A database that wrote temporary files, or failed inside, is closed.
"""

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from lakeward.core.errors import SettingsError
from lakeward.core.messages import Phrase
from lakeward.core.sql import literal
from lakeward.core.storage.lake import Lake
from lakeward.engines.connections import connect
from lakeward.engines.embedded.spills import module_file
from lakeward.engines.embedded.store_access import open_store

# As many as a flow has at the same time.
_MOST = 2


class IdleDatabases:
    """Databases without a user; for several threads, since each step is one of a deque.

    Args:
        clean: Statements that make one as it was; they fail where it wrote temporary files, or failed inside.
    """

    def __init__(self, *clean: str) -> None:
        self._clean = clean
        self._idle: deque[duckdb.DuckDBPyConnection] = deque()
        # A process that is forked would have them without their threads.
        os.register_at_fork(before=self.close)

    def take(self) -> duckdb.DuckDBPyConnection | None:
        """One that is then its taker's alone; None if there is none."""
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def leave(self, con: duckdb.DuckDBPyConnection) -> None:
        """Keep one that has no other connections, or close it."""
        with suppress(duckdb.Error):
            for statement in self._clean:
                con.execute(statement)
            if len(self._idle) < _MOST:
                self._idle.append(con)
                return
        con.close()

    def close(self) -> None:
        """Close those that are kept."""
        while con := self.take():
            con.close()


# Those of sessions over lakes in folders without a memory limit: a limit that was set can't be taken back, though DuckDB shows it so.
# A session beside one's own, which shares its database, may have turned encryption on: the statement fails then.
_NOT_ENCRYPTED = "SELECT CASE WHEN current_setting('temp_file_encryption') THEN error('encrypted') END"
_SCANNING = IdleDatabases("SET temp_directory = ''", _NOT_ENCRYPTED)
# Those of `plain_database`, and of parsers.
PLAIN = IdleDatabases("SELECT 1")


@contextmanager
def plain_database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a database in memory for parse trees and for values of one row; what it defines must be temporary."""
    con = take_plain_database()
    try:
        with con.cursor() as used:
            yield used
    finally:
        PLAIN.leave(con)


def take_plain_database() -> duckdb.DuckDBPyConnection:
    """A database in memory that is then its taker's alone, until it is left to `PLAIN`."""
    return PLAIN.take() or connect()


def open_database(scratch: Path, memory_limit: str | None, lake: Lake) -> duckdb.DuckDBPyConnection:
    """A database in memory that can scan the Delta tables of this lake.

    Args:
        scratch: Folder of its temporary files.
        memory_limit: In DuckDB's notation; None for DuckDB's default.

    Raises:
        SettingsError: The limit is no size.
        MachineError: The extra `s3` is missing.
    """
    con = (None if memory_limit or lake.options else _take(scratch)) or _new_database(scratch, lake)
    if memory_limit:
        _limit_memory(con, memory_limit)
    return con


def leave_database(con: duckdb.DuckDBPyConnection) -> None:
    """Keep a database for a later session, or close it: one of a lake in a folder without a memory limit or other connections."""
    _SCANNING.leave(con)


def _take(scratch: Path) -> duckdb.DuckDBPyConnection | None:
    con = _SCANNING.take()
    if con:
        con.execute(f"SET temp_directory = {literal(str(scratch))}")
    return con


def _new_database(scratch: Path, lake: Lake) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        # The extension is installed with this code, pinned by the same lock: its signature adds nothing and takes 0.3 s per
        # session.
        "allow_unsigned_extensions": "true",
        "temp_directory": str(scratch),
    }
    con = connect(config=config)
    if lake.options:
        open_store(con, str(lake), lake.options)
    else:
        # The system keeps the files of a folder in memory, and DuckDB would keep them once more, up to its whole limit.
        con.execute("SET enable_external_file_cache = false")
    con.execute(f"LOAD {literal(str(module_file('delta')))}")
    con.execute("SET allow_unsigned_extensions = false")
    return con


def _limit_memory(con: duckdb.DuckDBPyConnection, size: str) -> None:
    try:
        con.execute(f"SET memory_limit = {literal(size)}")
    except duckdb.ParserException as error:
        raise SettingsError(
            "setting_not_allowed", variable="LAKEWARD_MEMORY", expected=Phrase("phrase_size", example="4GiB"), found=size
        ) from error
