"""Which type a column has that Parquet files, and the table that they are for, give different ones. Refuses to cast a value."""

from collections.abc import Mapping, Sequence

from lakeward.contracts.model import Column, DataType
from lakeward.contracts.types import from_sql, sql_type

# Types within one of these sets widen to its widest without losing a digit.
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_FLOATS = {"FLOAT", "DOUBLE"}


def common_type(column: Column, files: Sequence[Mapping[str, str]]) -> str:
    """The type that the files, by their columns' types, give a column; the contract's where none has it."""
    found = {types[column.source_name] for types in files if column.source_name in types}
    if not found:
        return sql_type(column.type)
    if len(found) == 1:
        return found.pop()
    if found <= _INTEGERS:
        return "BIGINT"
    return "DOUBLE" if found <= _FLOATS else "VARCHAR"


def differing_columns(types: Mapping[str, str], held: Mapping[str, DataType]) -> tuple[str, ...]:
    """Columns to which a file gives another type than the table does."""
    return tuple(name for name, type_ in held.items() if name in types and from_sql(types[name]) != type_)


def loss_condition(value: str, own: str, kept: str) -> str:
    """Condition: the value is not the same any more when it comes back from the table's type."""
    return f"({value} IS NOT NULL AND TRY_CAST(TRY_CAST({value} AS {kept}) AS {own}) IS DISTINCT FROM {value})"
