"""Shows rows as DuckDB's table for people, with instants in a zone of theirs. Queries themselves compute in UTC.

DuckDB writes instants in the zone of the connection that shows them, so another connection to the same database shows the rows.
"""

import duckdb

from lakeward.core.sql import literal

UTC = "UTC"
_INSTANT = "TIMESTAMP WITH TIME ZONE"
_TABLE = "main._shown"

Shown = tuple[str, int]


def open_display(con: duckdb.DuckDBPyConnection, zone: str) -> duckdb.DuckDBPyConnection:
    """A connection to the database of `con` that shows instants in the zone; to be opened before the configuration is locked."""
    shown = con.cursor()
    shown.execute(f"SET TimeZone = {literal(zone)}")
    return shown


def show(display: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation) -> Shown:
    """The table as text, and the number of its rows."""
    if not any(_INSTANT in str(type_) for type_ in relation.types):
        return _text(relation)
    relation.create(_TABLE)
    try:
        return _text(display.query(f"FROM {_TABLE}"))
    finally:
        display.execute(f"DROP TABLE {_TABLE}")


def _text(relation: duckdb.DuckDBPyRelation) -> Shown:
    head = relation.execute()
    return str(head), int(head.shape[0])
