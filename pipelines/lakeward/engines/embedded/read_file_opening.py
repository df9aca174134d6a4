"""Opens the file of a read model: one process holds it, and one that is of another version, another lake or damaged is replaced."""

import fcntl
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.sql import literal
from lakeward.core.storage.lake import Lake
from lakeward.engines.connections import connect
from lakeward.engines.embedded.progress import hide_progress_bar
from lakeward.engines.embedded.spills import module_file
from lakeward.engines.embedded.store_access import open_store

# Raised whenever what the file holds changes its form.
FILE_VERSION = 2
# Memory of the database; larger sorts go to temporary files beside it. They hold counts and names, no values of rows.
MEMORY = "192MB"
# Of one query. Several readers fill the processors, and a second thread costs a short query more than it gains.
THREADS = 1
# Of a database that is read once.
SNAPSHOT_MEMORY = "1GB"
SCHEMA = """
CREATE TABLE IF NOT EXISTS identity(stamp VARCHAR);
CREATE TABLE IF NOT EXISTS positions("table" VARCHAR PRIMARY KEY, version BIGINT, stamp VARCHAR);
CREATE SCHEMA IF NOT EXISTS governance;
CREATE SCHEMA IF NOT EXISTS figures;
CREATE SCHEMA IF NOT EXISTS catalogue;
"""


def lock_file(file: Path) -> int:
    """Hold the lock of the file; the system releases it if the process dies.

    Raises:
        UsageError: Another process holds it.
        MachineError: The folder can't be written.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise MachineError("portal_folder_not_writable", folder=file.parent, found=error.strerror) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(handle, 20).decode("ascii", "replace").strip() or "-"
        os.close(handle)
        raise UsageError("portal_runs_already", file=file, process=holder) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def open_or_replace(file: Path, made_of: str, lake: Lake) -> duckdb.DuckDBPyConnection:
    """The file if it is of this version and made of this; else a new one. It can read this lake.

    Raises:
        MachineError: The extra `s3` is missing.
    """
    identity = f"{FILE_VERSION} {duckdb.__version__} {made_of}"
    with suppress(duckdb.Error):
        con = open_file(file, lake)
        if _identity_of(con) == identity:
            return con
        con.close()
    for old in (file, file.with_name(f"{file.name}.wal")):
        old.unlink(missing_ok=True)
    con = open_file(file, lake)
    con.execute(SCHEMA)
    con.execute(f"INSERT INTO identity VALUES ({literal(identity)})")
    return con


def new_database(scratch: Path, lake: Lake) -> duckdb.DuckDBPyConnection:
    """A database in memory with the schemas of a read model, which can read this lake, also one in an object store.

    Args:
        scratch: Folder of what memory has no room for.

    Raises:
        MachineError: The extra `s3` is missing.
    """
    con = _connect(":memory:", scratch, {"memory_limit": SNAPSHOT_MEMORY}, lake)
    con.execute(SCHEMA)
    return con


def _identity_of(con: duckdb.DuckDBPyConnection) -> str | None:
    try:
        found = con.execute("SELECT stamp FROM identity").fetchone()
    except duckdb.CatalogException:
        return None
    return str(found[0]) if found else None


def open_file(file: Path, lake: Lake) -> duckdb.DuckDBPyConnection:
    """The file as it is, in a database that can read this lake.

    Raises:
        duckdb.Error: It is no file of DuckDB, or damaged.
        MachineError: The extra `s3` is missing.
    """
    con = _connect(str(file), file.with_suffix(".tmp"), {"memory_limit": MEMORY, "threads": str(THREADS)}, lake)
    file.chmod(0o600)
    return con


def _connect(database: str, scratch: Path, limits: Mapping[str, str], lake: Lake) -> duckdb.DuckDBPyConnection:
    config: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_unsigned_extensions": "true",  # as `session`: the extension is of the lock
        "temp_directory": str(scratch),
        **limits,
    }
    con = connect(database, config)
    hide_progress_bar(con)
    if lake.options:
        open_store(con, str(lake), lake.options)
    con.execute(f"LOAD {literal(str(module_file('delta')))}")
    con.execute("SET allow_unsigned_extensions = false")
    return con
