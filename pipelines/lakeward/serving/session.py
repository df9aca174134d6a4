"""An in-memory DuckDB made for one principal: views over Delta, masked as decided, then locked.

External access is limited to the folders of the served tables, which the views must read. Functions that read
files by path could reach these folders, so the guard is the security boundary, with the lock behind it.
"""

import json
import re
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path

import duckdb

from lakeward.core.errors import ProtectionError
from lakeward.core.sql import identifier, literal
from lakeward.protection.masking import TOKENISE, protected_expression
from lakeward.serving.faults import bind_faults
from lakeward.serving.functions import allowed_functions
from lakeward.serving.guard import Guard
from lakeward.serving.plan import ServedTable

# After these nothing can be loaded, set or attached; the last one locks the configuration.
LOCK_STATEMENTS = (
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
# Maximum length of a query; parsing more would only cost memory.
MAX_QUERY_LENGTH = 1_000_000
# NUL, which some readers treat as the end of a text, and lone surrogates, which are not characters.
_STRANGE = re.compile("[\\0\ud800-\udfff]")


class ServingSession:
    """The principal's database.

    Args:
        tables: The served tables.
        token: Makes a token of a text; None without a key, and then no column may need one.
        scratch: Folder that large queries spill to.
        memory: Memory limit in DuckDB's notation; None for DuckDB's default.
    """

    def __init__(
        self, tables: Sequence[ServedTable], token: Callable[[str], str] | None, scratch: Path, memory: str | None = None
    ) -> None:
        self._tables = {str(table.name): table for table in tables if table.has_view}
        self._con = _connect(scratch, memory)
        if token is not None:
            self._con.create_function(TOKENISE, token, ["VARCHAR"], "VARCHAR")
        for layer in sorted({table.name.layer for table in tables}):
            self._con.execute(f"CREATE SCHEMA {layer}")
        for table in self._tables.values():
            self._con.execute(f"CREATE VIEW {table.name} AS {_select(table)}")
        _lock(self._con, [table.folder for table in self._tables.values() if table.folder])

    def check(self, text: str) -> frozenset[str]:
        """The views that `text` reads.

        Raises:
            ProtectionError: It is not allowed.
        """
        if len(text) > MAX_QUERY_LENGTH:
            raise ProtectionError("query_too_large")
        strange = _STRANGE.search(text)
        if strange:
            raise ProtectionError("query_syntax", at=strange.start() + 1)
        try:
            parsed = self._con.execute("SELECT json_serialize_sql($1::VARCHAR)", [text]).fetchall()[0][0]
            return Guard(frozenset(self._tables), allowed_functions()).check(json.loads(parsed))
        except RecursionError:
            raise ProtectionError("query_too_large") from None

    def relation(self, text: str, objects: frozenset[str]) -> duckdb.DuckDBPyRelation:
        """The rows of a checked `text`, not yet read. It must not leave this package, since its methods take unchecked SQL.

        Raises:
            ProtectionError: It names a column that does not exist, or is hidden from this principal.
        """
        with bind_faults([self._tables[name] for name in sorted(objects)]):
            return self._con.sql(text)

    def close(self) -> None:
        """End the session."""
        self._con.close()


def _select(table: ServedTable) -> str:
    items = []
    for column in table.visible:
        name = identifier(column.name)
        items.append(f"{protected_expression(name, column.type, column.decision)} AS {name}")
    return f"SELECT {', '.join(items)} FROM delta_scan({literal(str(table.folder))})"


def _connect(scratch: Path, memory: str | None) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": str(scratch),
    }
    if memory:
        config["memory_limit"] = memory
    con = duckdb.connect(config=config)
    con.execute("SET TimeZone = 'UTC'")
    wheel = resources.files("duckdb_extension_delta") / "extensions" / f"v{duckdb.__version__}" / "delta.duckdb_extension"
    con.execute(f"LOAD {literal(str(wheel))}")
    return con


def _lock(con: duckdb.DuckDBPyConnection, folders: Sequence[Path]) -> None:
    con.execute(f"SET allowed_directories = [{', '.join(literal(f'{folder}/') for folder in folders)}]")
    for statement in LOCK_STATEMENTS:
        con.execute(statement)
