"""Which type a column has that Parquet files, and the table that they are for, give different ones.

No cast changes a value: a time without a zone is read in the contract's zone, and is an error for a table of instants without one.
"""

from collections.abc import Mapping, Sequence

from lakeward.contracts.model import Column, DataType
from lakeward.contracts.types import from_sql, sql_type
from lakeward.core.local_times import to_utc
from lakeward.engines.reading.parquet_footer import NULL_TYPE

# Types of one of these sets widen to the widest one without loss.
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_FLOATS = {"FLOAT", "DOUBLE"}
# Types of times that are no instant before a zone is known.
_LOCAL_TIMES = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE"}
_INSTANT = "TIMESTAMP WITH TIME ZONE"
# Beyond it no calendar with four digits of year goes on, and near the end of 64 bits an offset would overflow.
_LAST_LOCAL_TIME = "TIMESTAMP '9999-12-31 23:59:59.999999'"


def common_type(column: Column, files: Sequence[Mapping[str, str]]) -> str:
    """The type that the files, by their columns' types, give a column; the contract's where none has it."""
    found = {types[column.source_name] for types in files if column.source_name in types} - {NULL_TYPE}
    if not found:
        return sql_type(column.type)
    if len(found) == 1:
        return found.pop()
    if found <= _INTEGERS:
        return "BIGINT"
    return "DOUBLE" if found <= _FLOATS else "VARCHAR"


def differing_columns(types: Mapping[str, str], held: Mapping[str, DataType]) -> tuple[str, ...]:
    """Columns to which a file gives another type than the table does."""
    given = {name: type_ for name, type_ in types.items() if type_ != NULL_TYPE}
    return tuple(name for name, type_ in held.items() if name in given and from_sql(given[name]) != type_)


def cast_value(value: str, own: str, kept: str, zone: str | None) -> str:
    """SQL of the value in the table's type; NULL where it can't be held.

    Args:
        own, kept: DuckDB's types of the value, and of the table.
        zone: IANA zone of times without one.
    """
    if kept != _INSTANT or own not in _LOCAL_TIMES:
        return f"TRY_CAST({value} AS {kept})"
    if zone is None:
        return f"CAST(NULL AS {kept})"
    local = f"TRY_CAST({value} AS TIMESTAMP)"
    return f"(CASE WHEN {local} <= {_LAST_LOCAL_TIME} THEN {to_utc(local, zone)} END AT TIME ZONE 'UTC')"


def loss_condition(value: str, own: str, kept: str, zone: str | None) -> str:
    """Condition: the value is not the same any more when it comes back from the table's type."""
    if kept == _INSTANT and own in _LOCAL_TIMES:
        return f"({value} IS NOT NULL AND {cast_value(value, own, kept, zone)} IS NULL)"
    return f"({value} IS NOT NULL AND TRY_CAST(TRY_CAST({value} AS {kept}) AS {own}) IS DISTINCT FROM {value})"
