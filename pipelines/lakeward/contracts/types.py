"""The kinds of the contract model in the SQL that crosses the house, which is DuckDB's, as `DESCRIBE` prints them."""

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


def sql_type(type_: DataType) -> str:
    """The SQL name of the type."""
    return f"DECIMAL({type_.precision},{type_.scale})" if type_.kind is Kind.DECIMAL else SQL_TYPES[type_.kind]
