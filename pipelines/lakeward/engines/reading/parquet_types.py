"""Finds the common type of a column if Parquet files and their table differ. Casts no value."""

from collections.abc import Mapping, Sequence

from lakeward.contracts.model import Column, DataType
from lakeward.contracts.types import from_sql, sql_type

# Types of one of these sets widen to the widest one without loss.
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_FLOATS = {"FLOAT", "DOUBLE"}


def common_type(column: Column, files: Sequence[Mapping[str, str]]) -> str:
    """The common type of a column in the files; the contract's type if no file has the column."""
    found = {types[column.source_name] for types in files if column.source_name in types}
    if not found:
        return sql_type(column.type)
    if len(found) == 1:
        return found.pop()
    if found <= _INTEGERS:
        return "BIGINT"
    return "DOUBLE" if found <= _FLOATS else "VARCHAR"


def differing_columns(types: Mapping[str, str], held: Mapping[str, DataType]) -> tuple[str, ...]:
    """Columns with another type in the file than in the table."""
    return tuple(name for name, type_ in held.items() if name in types and from_sql(types[name]) != type_)


def loss_condition(value: str, own: str, kept: str) -> str:
    """Condition: a cast to the table's type and back changes the value."""
    return f"({value} IS NOT NULL AND TRY_CAST(TRY_CAST({value} AS {kept}) AS {own}) IS DISTINCT FROM {value})"
