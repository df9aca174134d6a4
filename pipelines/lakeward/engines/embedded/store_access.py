"""Lets a DuckDB database read and write one lake in an object store, and nothing else there."""

from importlib.util import find_spec

import duckdb

from lakeward.core.errors import MachineError
from lakeward.core.sql import literal
from lakeward.core.storage.options import MAX_RETRIES, S3Options, StoreOptions
from lakeward.engines.embedded.spills import module_file


def open_store(con: duckdb.DuckDBPyConnection, url: str, options: StoreOptions) -> None:
    """Load the module of the store, before that of Delta, and give the database the credentials of this lake.

    Without a secret that fits, Delta's module would ask a cloud's metadata address for some.

    Raises:
        MachineError: The extra of the store is missing.
    """
    kind, module = ("s3", "httpfs") if isinstance(options, S3Options) else ("azure", "azure")
    if find_spec(f"duckdb_extension_{module}") is None:
        raise MachineError("extra_missing", extra=kind)
    con.execute(f"LOAD {literal(str(module_file(module)))}")
    # Global ones, as most of these are otherwise of one connection alone, and a session has several.
    con.execute("SET GLOBAL parquet_metadata_cache = true")
    if module == "httpfs":
        # Files of tables are never written again: what is known of one stays true.
        con.execute("SET GLOBAL enable_http_metadata_cache = true")
        con.execute(f"SET GLOBAL http_retries = {MAX_RETRIES}")
        con.execute(f"SET GLOBAL http_retry_wait_ms = {round(options.first_wait * 1000)}")
        con.execute("SET GLOBAL http_retry_backoff = 2")
        if options.ca:
            con.execute(f"SET GLOBAL ca_cert_file = {literal(str(options.ca))}")
    items = (f"{name} {literal(value)}" for name, value in options.duckdb().items())
    con.execute(
        f"CREATE OR REPLACE TEMPORARY SECRET lakeward_lake (TYPE {kind}, PROVIDER config, {', '.join(items)}, SCOPE {literal(url)})"
    )
