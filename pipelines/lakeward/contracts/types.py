"""Maps kinds of the contract model to DuckDB's SQL types, as printed by `DESCRIBE`.

No mapping is lossy: a type maps to a kind only if the cast keeps every value; other types map to text.
"""

import re

from lakeward.contracts.model import DataType, Kind

SQL_TYPES = {
    Kind.STRING: "VARCHAR",
    Kind.INTEGER: "BIGINT",
    Kind.DOUBLE: "DOUBLE",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
    Kind.BINARY: "BLOB",
}
_FROM_SQL = {name: kind for kind, name in SQL_TYPES.items()} | {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"), Kind.INTEGER),
    "FLOAT": Kind.DOUBLE,
}
_DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)", re.IGNORECASE)
# 20 digits hold every unsigned 64-bit integer.
_UNSIGNED = DataType(Kind.DECIMAL, 20, 0)
_TEXT = DataType(Kind.STRING)


def sql_type(type_: DataType) -> str:
    """The SQL name of the type."""
    return f"DECIMAL({type_.precision},{type_.scale})" if type_.kind is Kind.DECIMAL else SQL_TYPES[type_.kind]


def from_sql(name: str) -> DataType:
    """The type that holds every value of DuckDB's type `name`; text for a naive timestamp, which has no zone yet."""
    if name == "UBIGINT":
        return _UNSIGNED
    return decimal(name) or (DataType(_FROM_SQL[name]) if name in _FROM_SQL else _TEXT)


def decimal(name: str) -> DataType | None:
    """The decimal type of that name, equal in Delta, Spark and DuckDB; None for another type."""
    match = _DECIMAL.fullmatch(name)
    return DataType(Kind.DECIMAL, int(match[1]), int(match[2])) if match else None
