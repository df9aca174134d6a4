"""Settings for statements over many columns, where DuckDB's defaults take time by the square of them, or memory by their number."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

# DuckDB 1.5.5 compares many expressions of a statement with each other: 0.2 s of planning for 300 columns, 3 s for 1,200.
_WIDE = 200
# Length from which on planning a statement takes longer than writing its few rows into a table: 20 ms for 24,000 characters.
_LONG = 10_000
# Length from which on a search for common expressions takes longer than computing them twice.
_LONGEST = 50_000
_FETCHED = "fetched_rows"
# A dictionary of a column of measurements is useless: a limit of 10,000 values, more than a plant has series, writes 10 M rows
# with 7 % less CPU into files of the same size.
_DICTIONARY_VALUES = 10_000
# Values of all dictionaries of a file. The writer takes 80 bytes for each before the first row: 960 MB for 1,200 columns.
_FILE_VALUES = 1_000_000
# Of a file of few rows: to make ready for more values takes 0.2 ms for each column, longer than to write the rows.
_FEW_VALUES = 1_000


def is_wide(columns: int) -> bool:
    """Whether a statement over so many columns takes longer to plan than to run over ordinary files."""
    return columns > _WIDE


@contextmanager
def planned_for(con: duckdb.DuckDBPyConnection, columns: int) -> Iterator[None]:
    """Statements within return `columns` columns: of many, none is searched for expressions that it has in common with others."""
    if not is_wide(columns):
        yield
        return
    con.execute("SET disabled_optimizers = 'common_subexpressions'")
    try:
        yield
    finally:
        con.execute("RESET disabled_optimizers")


def planned_once(con: duckdb.DuckDBPyConnection, query: str) -> str:
    """A SELECT of the rows of `query` that is quick to plan: a long one is run here, since its types and its rows each need a plan."""
    if len(query) < _LONG:
        return query
    create_table(con, _FETCHED, query)
    return f"SELECT * FROM {_FETCHED}"


def create_table(con: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    """Write the rows of `query` into a table of the session."""
    with planned_for(con, _WIDE + 1 if len(query) >= _LONGEST else 0):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")


def dictionary_values(columns: int, *, has_few_rows: bool = False) -> int:
    """Most values of the dictionary of one column, in a Parquet file of so many columns."""
    return min(_FEW_VALUES if has_few_rows else _DICTIONARY_VALUES, _FILE_VALUES // max(columns, 1))
