"""The kinds of the contract model as DuckDB names them.

Refuses lossy pairs: a type maps to a kind only when every value of it survives the cast; what has no kind is text.
"""

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.types import SQL_TYPES
from lakeward.engines.delta.types import decimal

_FROM_SQL = {name: kind for kind, name in SQL_TYPES.items()} | {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"), Kind.INTEGER),
    "FLOAT": Kind.DOUBLE,
}
# 20 digits hold every unsigned 64-bit integer.
_UNSIGNED = DataType(Kind.DECIMAL, 20, 0)
_TEXT = DataType(Kind.STRING)


def from_sql(name: str) -> DataType:
    """The type that holds every value of DuckDB's type `name`; text for a naive timestamp, which is no instant yet."""
    if name == "UBIGINT":
        return _UNSIGNED
    return decimal(name) or (DataType(_FROM_SQL[name]) if name in _FROM_SQL else _TEXT)
