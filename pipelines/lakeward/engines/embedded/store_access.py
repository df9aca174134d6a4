"""Lets a DuckDB database read and write one lake in an object store, and nothing else there."""

from importlib.util import find_spec

import duckdb

from lakeward.core.errors import MachineError
from lakeward.core.sql import literal
from lakeward.core.storage.options import S3Options
from lakeward.engines.embedded.spills import module_file

# The module that reads and writes over HTTP.
_MODULE = "httpfs"


def open_store(con: duckdb.DuckDBPyConnection, url: str, options: S3Options) -> None:
    """Load the module, before that of Delta, and give the database the credentials of this lake.

    Without a secret that fits, Delta's module would ask a cloud's metadata address for some.

    Raises:
        MachineError: The extra `s3` is missing.
    """
    if find_spec(f"duckdb_extension_{_MODULE}") is None:
        raise MachineError("extra_missing", extra="s3")
    con.execute(f"LOAD {literal(str(module_file(_MODULE)))}")
    # Files of tables are never written again: what is known of one stays true.
    con.execute("SET enable_http_metadata_cache = true")
    con.execute("SET parquet_metadata_cache = true")
    items = (f"{name} {literal(value)}" for name, value in options.duckdb().items())
    con.execute(
        f"CREATE OR REPLACE TEMPORARY SECRET lakeward_lake (TYPE s3, PROVIDER config, {', '.join(items)}, SCOPE {literal(url)})"
    )
