"""Temporary files of DuckDB that hold no value in clear: encrypted where the module for it is installed (extra `spill`), else none.

DuckDB itself can only decrypt.
"""

import functools
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import duckdb

from lakeward.core.sql import literal
from lakeward.engines.connections import connect

# Part of DuckDB's message where a database writes no temporary files: it read values that its reader may not see.
NO_SPILL = "no temporary directory is specified"
# The module with the ciphers for writing.
_CIPHERS = "httpfs"


def protect_spills(con: duckdb.DuckDBPyConnection) -> None:
    """From now on write no value in clear to a temporary file; without the module, a query that needs more memory fails."""
    if can_encrypt():
        encrypt_spills(con)
    else:
        con.execute("SET temp_directory = ''")


def encrypt_spills(con: duckdb.DuckDBPyConnection) -> None:
    """Encrypt temporary files.

    Raises:
        duckdb.Error: The module does not load.
    """
    con.execute(f"LOAD {literal(str(module_file(_CIPHERS)))}")
    con.execute("SET temp_file_encryption = true")


@functools.cache
def can_encrypt() -> bool:
    """Whether temporary files can be encrypted: tried, since the module may be there and not load."""
    if find_spec(f"duckdb_extension_{_CIPHERS}") is None:
        return False
    with connect(config={"allow_unsigned_extensions": "true"}) as con:
        try:
            encrypt_spills(con)
        except duckdb.Error:
            return False
    return True


def module_file(name: str) -> Path:
    """File of a module of DuckDB, in its wheel."""
    package = resources.files(f"duckdb_extension_{name}")
    return Path(str(package / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"))
