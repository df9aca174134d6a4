"""An in-memory DuckDB made for one principal: views over Delta, masked as decided, then locked.

External access is limited to the folders of the served tables, which the views must read. Functions that read
files by path could reach these folders, so the guard is the security boundary, with the lock behind it.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from importlib import resources
from pathlib import Path

import duckdb

from lakeward.core.errors import ProtectionError
from lakeward.core.sql import identifier, literal
from lakeward.protection.masking import protected_expression
from lakeward.serving.column_functions import ColumnFunctions
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
# Values of a query's parameters: in order, or by name.
Parameters = Sequence[object] | Mapping[str, object]
# Longest text of a query: some hundred pages; parsing more would only cost memory.
MAX_QUERY_LENGTH = 1_000_000
# NUL, which some readers treat as the end of a text, and lone surrogates, which are not characters.
_STRANGE = re.compile("[\\0\ud800-\udfff]")


class ServingSession:
    """The principal's database.

    Args:
        tables: The served tables.
        functions: Makes tokens.
        scratch: Folder that large queries spill to.
        memory: Memory limit in DuckDB's notation; None for DuckDB's default.
    """

    def __init__(
        self, tables: Sequence[ServedTable], functions: ColumnFunctions, scratch: Path, memory: str | None = None
    ) -> None:
        self._tables = {str(table.name): table for table in tables if table.has_view}
        self._closed = {str(table.name): _closed_code(table) for table in tables if not table.has_view}
        self._con = _connect(scratch, memory)
        functions.register(self._con, [column for table in self._tables.values() for column in table.visible])
        layers = sorted({table.name.layer for table in tables})
        for layer in layers:
            self._con.execute(f"CREATE SCHEMA {layer}")
        for table in self._tables.values():
            self._con.execute(f"CREATE VIEW {table.name} AS {_select(table, functions)}")
        self._con.execute(f"SET search_path = {literal(','.join(['main', *layers]))}")
        _lock(self._con, [table.folder for table in self._tables.values() if table.folder])

    def check(self, text: str, parameters: Parameters | None = None) -> frozenset[str]:
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
            return Guard(frozenset(self._tables), self._closed, allowed_functions()).check(
                text, json.loads(parsed), _parameter_names(parameters)
            )
        except RecursionError:
            raise ProtectionError("query_too_large") from None

    def relation(self, text: str, objects: frozenset[str], parameters: Parameters | None = None) -> duckdb.DuckDBPyRelation:
        """The rows of a checked `text`. It must not leave this package: its methods take unchecked SQL.

        Without parameters no row is read yet; with them DuckDB runs the query here.

        Args:
            parameters: Values of `?` and `$1` in order, or of `$name` by name.

        Raises:
            ProtectionError: It names a column that does not exist, or is hidden from this principal.
        """
        with bind_faults([self._tables[name] for name in sorted(objects)]):
            return self._con.sql(text, params=parameters) if parameters else self._con.sql(text)

    def close(self) -> None:
        """End the session."""
        self._con.close()


def _parameter_names(parameters: Parameters | None) -> Collection[str]:
    if isinstance(parameters, Mapping):
        return parameters.keys()
    return [str(at) for at in range(1, len(parameters or ()) + 1)]


def _closed_code(table: ServedTable) -> str:
    """The message that says why `table` has no view."""
    if table.folder is None:
        return "query_table_empty"
    ungraded = all(column.decision.why == "serving_ungraded" for column in table.columns)
    return "query_table_ungraded" if ungraded else "query_table_hidden"


def _select(table: ServedTable, functions: ColumnFunctions) -> str:
    items = []
    for column in table.visible:
        name = identifier(column.name)
        items.append(f"{protected_expression(name, column.type, column.decision, functions.treatment(column))} AS {name}")
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
