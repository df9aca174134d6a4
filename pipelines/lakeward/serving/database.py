"""The DuckDB databases of a session, by what they may write to temporary files.

DuckDB spills columns as they are stored, not as a view masks them. So a database with masked columns encrypts its temporary files
where DuckDB's module for that is installed (extra `spill`), and elsewhere writes none.
"""

import functools
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import duckdb

from lakeward.core.sql import literal
from lakeward.engines.embedded.progress import hide_progress_bar

# The module with the ciphers for writing; DuckDB itself can only decrypt.
_CIPHERS = "httpfs"


def open_database(spill: Path | None, memory: str | None) -> duckdb.DuckDBPyConnection:
    """A new database in memory that can scan Delta tables.

    Args:
        spill: Folder of temporary files; None for none: a query that needs more memory fails.
        memory: Memory limit in DuckDB's notation; None for DuckDB's default.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        # The modules are installed with this code, pinned by the same lock: a check of their signatures takes 0.3 s.
        "allow_unsigned_extensions": "true",
        "temp_directory": str(spill or ""),
    }
    if memory:
        config["memory_limit"] = memory
    con = duckdb.connect(config=config)
    con.execute("SET TimeZone = 'UTC'")
    hide_progress_bar(con)
    con.execute(f"LOAD {literal(str(_module('delta')))}")
    if spill and can_encrypt():
        con.execute(f"LOAD {literal(str(_module(_CIPHERS)))}")
        con.execute("SET temp_file_encryption = true")
    con.execute("SET allow_unsigned_extensions = false")
    return con


@functools.cache
def can_encrypt() -> bool:
    """Whether temporary files can be encrypted: tried, since the module may be there and not load."""
    if find_spec(f"duckdb_extension_{_CIPHERS}") is None:
        return False
    with duckdb.connect(config={"allow_unsigned_extensions": "true"}) as con:
        try:
            con.execute(f"LOAD {literal(str(_module(_CIPHERS)))}")
            con.execute("SET temp_file_encryption = true")
        except duckdb.Error:
            return False
    return True


def _module(name: str) -> Path:
    package = resources.files(f"duckdb_extension_{name}")
    return Path(str(package / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"))
