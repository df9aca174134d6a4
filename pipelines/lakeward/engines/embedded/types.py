"""The kinds of the contract model as DuckDB and Delta name them.

Refuses lossy pairs: a type maps to a kind only when every value of it survives the cast; what has no kind is text.
"""

import re

from lakeward.contracts.model import DataType, Kind

_SQL = {
    Kind.STRING: "VARCHAR",
    Kind.INTEGER: "BIGINT",
    Kind.DOUBLE: "DOUBLE",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
    Kind.BINARY: "BLOB",
}
_DELTA = {
    Kind.STRING: "string",
    Kind.INTEGER: "long",
    Kind.DOUBLE: "double",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp",
    Kind.BINARY: "binary",
}
_FROM_SQL = {name: kind for kind, name in _SQL.items()} | {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"), Kind.INTEGER),
    "FLOAT": Kind.DOUBLE,
}
_FROM_DELTA = {name: kind for kind, name in _DELTA.items()} | {
    **dict.fromkeys(("byte", "short", "integer"), Kind.INTEGER),
    "float": Kind.DOUBLE,
}
_DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)", re.IGNORECASE)
# 20 digits hold every unsigned 64-bit integer.
_UNSIGNED = DataType(Kind.DECIMAL, 20, 0)
_TEXT = DataType(Kind.STRING)


def sql_type(type_: DataType) -> str:
    """How DuckDB names the type, as `DESCRIBE` prints it."""
    return _SQL.get(type_.kind) or f"DECIMAL({type_.precision},{type_.scale})"


def delta_type(type_: DataType) -> str:
    """How Delta names the type (Delta protocol, "Primitive Types")."""
    return _DELTA.get(type_.kind) or f"decimal({type_.precision},{type_.scale})"


def from_sql(name: str) -> DataType:
    """The type that holds every value of DuckDB's type `name`; text for a naive timestamp, which is no instant yet."""
    if name == "UBIGINT":
        return _UNSIGNED
    return _decimal(name) or (DataType(_FROM_SQL[name]) if name in _FROM_SQL else _TEXT)


def from_delta(name: str) -> DataType:
    """The type that holds every value of Delta's type `name`."""
    return _decimal(name) or (DataType(_FROM_DELTA[name]) if name in _FROM_DELTA else _TEXT)


def _decimal(name: str) -> DataType | None:
    match = _DECIMAL.fullmatch(name)
    return DataType(Kind.DECIMAL, int(match[1]), int(match[2])) if match else None
