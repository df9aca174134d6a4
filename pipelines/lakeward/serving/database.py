"""The DuckDB databases of a session, by what they may write to temporary files.

DuckDB spills columns as they are stored, not as a view masks them. So a database with masked columns encrypts its temporary files
where DuckDB's module for that is installed (extra `spill`), and elsewhere writes none.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from lakeward.core.sql import literal
from lakeward.core.storage.lake import Lake
from lakeward.engines.connections import connect
from lakeward.engines.embedded.progress import hide_progress_bar
from lakeward.engines.embedded.spills import can_encrypt, encrypt_spills, module_file
from lakeward.engines.embedded.store_access import open_store


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionResources:
    """What the databases of a session may use, and where the tables lie.

    Args:
        memory: Memory limit in DuckDB's notation; None for DuckDB's default.
        spill: Largest size of temporary files in the same notation; None for DuckDB's default, 90 % of what is free.
        lanes: Number of statements that can run at the same time.
        lake: Where the tables lie; None for a folder.
        zone: IANA zone in which rows are shown to people.
    """

    memory: str | None = None
    spill: str | None = None
    lanes: int = 1
    lake: Lake | None = None
    zone: str = "UTC"


DEFAULT_RESOURCES = SessionResources()


def open_database(spill: Path | None, resources: SessionResources) -> duckdb.DuckDBPyConnection:
    """A new database in memory that can scan Delta tables.

    Args:
        spill: Folder of temporary files; None for none: a query that needs more memory fails.
        resources: What it may use.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        # The modules are installed with this code, pinned by the same lock: a check of their signatures takes 0.3 s.
        "allow_unsigned_extensions": "true",
        "temp_directory": str(spill or ""),
    }
    if resources.memory:
        config["memory_limit"] = resources.memory
    if resources.spill:
        config["max_temp_directory_size"] = resources.spill
    con = connect(config=config)
    hide_progress_bar(con)
    if resources.lake and resources.lake.options:
        open_store(con, str(resources.lake), resources.lake.options)
    con.execute(f"LOAD {literal(str(module_file('delta')))}")
    if spill and can_encrypt():
        encrypt_spills(con)
    con.execute("SET allow_unsigned_extensions = false")
    return con
