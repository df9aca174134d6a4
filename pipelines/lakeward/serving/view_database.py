"""The database of a session's views: made for one principal, then locked.

External access is limited to the folders of the served tables, which the views must read.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from lakeward.core.sql import identifier, literal
from lakeward.engines.embedded.progress import hide_progress_bar
from lakeward.protection.masking import protected_expression
from lakeward.serving.column_functions import ColumnFunctions
from lakeward.serving.database import SessionResources, open_database
from lakeward.serving.display import open_display
from lakeward.serving.plan import ServedTable
from lakeward.serving.row_conditions import behind_barrier
from lakeward.serving.snapshots import TableSnapshots, scan

# After these nothing can be loaded, set or attached but what lies in an allowed folder; the last one locks the configuration.
LOCK_STATEMENTS = (
    "SET GLOBAL python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


class ViewDatabase(NamedTuple):
    """An open database of views.

    Args:
        lanes: The connections that run queries, each in its lane.
        display: The connection that shows their rows.
        keeper: The connection that keeps snapshots.
    """

    lanes: list[duckdb.DuckDBPyConnection]
    display: duckdb.DuckDBPyConnection
    keeper: duckdb.DuckDBPyConnection
    snapshots: TableSnapshots

    def close(self) -> None:
        """Close it."""
        for con in (self.keeper, self.display, *reversed(self.lanes)):
            con.close()


def open_view_database(
    tables: Sequence[ServedTable],
    conditions: Mapping[str, str | None],
    functions: ColumnFunctions,
    spill: Path | None,
    resources: SessionResources,
) -> ViewDatabase:
    """A database of the views of these tables.

    Args:
        conditions: Table -> the condition of its rows; None for all.
        spill: See `open_database`.
    """
    con = open_database(spill, resources)
    functions.register(con, [column for table in tables for column in table.visible])
    layers = sorted({str(table.name.layer) for table in tables})
    for layer in layers:
        con.execute(f"CREATE SCHEMA {layer}")
    by_name = {str(table.name): table for table in tables}

    def select(name: str, source: str) -> str:
        return _select(by_name[name], source, functions, conditions[name])

    for name, table in by_name.items():
        con.execute(f"CREATE VIEW {name} AS {select(name, scan(table.folder or ''))}")
    lanes = open_lanes(con, resources.lanes)
    for one in lanes:
        one.execute(f"SET search_path = {literal(','.join(['main', *layers]))}")
    display, keeper = open_display(con, resources.zone), con.cursor()
    folders = {name: table.folder for name, table in by_name.items() if table.folder}
    _lock(con, list(folders.values()))
    return ViewDatabase(lanes, display, keeper, TableSnapshots(keeper, folders, select))


def _select(table: ServedTable, source: str, functions: ColumnFunctions, condition: str | None) -> str:
    """The view of a table over its rows: of those that pass the filter, before anything else is computed."""
    items = []
    for column in table.visible:
        name = identifier(column.name)
        shown = name if table.is_cube else protected_expression(name, column.type, column.decision, functions.treatment(column))
        items.append(f"{behind_barrier(shown) if condition else shown} AS {name}")
    rows = f"(SELECT * FROM {source} WHERE {condition})" if condition else source
    return f"SELECT {', '.join(items)} FROM {rows}"


def open_lanes(con: duckdb.DuckDBPyConnection, number: int) -> list[duckdb.DuckDBPyConnection]:
    """Connections to one database, with the settings that each has for itself: after the lock none can be set."""
    lanes = [con, *(con.cursor() for _ in range(1, number))]
    for one in lanes:
        hide_progress_bar(one)
    return lanes


def _lock(con: duckdb.DuckDBPyConnection, folders: Sequence[str]) -> None:
    con.execute(f"SET allowed_directories = [{', '.join(literal(f'{folder}/') for folder in folders)}]")
    for statement in LOCK_STATEMENTS:
        con.execute(statement)
