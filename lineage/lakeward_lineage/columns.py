"""Which column makes which, read off the SQL itself: right by construction, and never a guess.

A construct whose origins cannot be told is refused by name; no column is left out in silence. sqlglot is imported when the first
query is asked about, so that importing this package stays cheap.
"""

from collections.abc import Mapping

from lakeward_lineage.errors import LineageError
from lakeward_lineage.model import ColumnLineage, Origin

Tables = Mapping[str, Mapping[str, str]]


def column_lineage(sql: str, schema: Tables, dialect: str = "duckdb") -> ColumnLineage:
    """Where every column of a query's result comes from.

    Args:
        sql: One query; its tables are named as in `schema`. Names are matched without regard to case, as the dialect does.
        schema: All tables it reads, such as `silver.press_line`, with their columns in order and the columns' types.
        dialect: A dialect of sqlglot.

    Returns:
        All output columns in order, and the origins that decide which rows there are.

    Raises:
        LineageError: The text is not one query, a name does not resolve, or a construct is not followed.
    """
    from lakeward_lineage.query import parse_query  # noqa: PLC0415 - see the module's docstring
    from lakeward_lineage.tracer import Tracer  # noqa: PLC0415

    query = parse_query(sql, schema, dialect)
    traced = Tracer(schema).trace(query.scope)
    columns: dict[str, tuple[Origin, ...]] = {}
    for name, origins in traced.columns:
        column = query.spelling.get(name, name)
        if column in columns:
            raise LineageError("output_twice", column=column)
        columns[column] = tuple(sorted(origins))
    return ColumnLineage(columns, tuple(sorted(traced.rows)))
