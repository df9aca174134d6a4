"""Derives column lineage from SQL, never by guessing.

An unsupported construct is an error with its name; no column is left out silently. sqlglot is imported at the first
query, so that importing this package is cheap.
"""

from collections.abc import Mapping
from functools import lru_cache

from lakeward_lineage.errors import LineageError
from lakeward_lineage.model import ColumnLineage, Origin

Tables = Mapping[str, Mapping[str, str]]


def column_lineage(sql: str, schema: Tables, dialect: str = "duckdb") -> ColumnLineage:
    """Derive the lineage of every column of a query's result.

    Args:
        sql: One query; its tables are named as in `schema`. Names are matched ignoring case, as in the dialect.
        schema: All tables it reads, such as `silver.press_line`, with their columns in order and the columns' types.
        dialect: A dialect of sqlglot.

    Returns:
        All output columns in order, and the origins that decide the rows.

    Raises:
        LineageError: The text is not one query, a name does not resolve, or a construct is not supported.
    """
    found = _column_lineage(sql, tuple((table, tuple(columns.items())) for table, columns in schema.items()), dialect)
    return ColumnLineage(dict(found.columns), found.rows)


# Every batch of a table asks with the same text, and to parse and trace it takes longer than to write a small batch's event.
@lru_cache(maxsize=64)
def _column_lineage(sql: str, frozen_schema: tuple[tuple[str, tuple[tuple[str, str], ...]], ...], dialect: str) -> ColumnLineage:
    from lakeward_lineage.query import parse_query  # noqa: PLC0415 - see the module's docstring
    from lakeward_lineage.tracer import Tracer  # noqa: PLC0415

    schema = {table: dict(columns) for table, columns in frozen_schema}
    query = parse_query(sql, schema, dialect)
    traced = Tracer(schema).trace(query.scope)
    columns: dict[str, tuple[Origin, ...]] = {}
    for name, origins in traced.columns:
        column = query.spelling.get(name, name)
        if column in columns:
            raise LineageError("output_twice", column=column)
        columns[column] = tuple(sorted(origins))
    return ColumnLineage(columns, tuple(sorted(traced.rows)))
