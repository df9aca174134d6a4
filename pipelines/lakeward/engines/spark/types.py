"""The kinds of the contract model as Spark names them. Refuses lossy pairs, as the embedded engine does."""

from collections.abc import Iterable

from pyspark.sql.types import ArrayType
from pyspark.sql.types import DataType as SparkType

from lakeward.contracts.model import DataType, Kind
from lakeward.engines.delta.types import delta_type, from_delta
from lakeward.engines.spark.expressions import INSTANT
from lakeward.engines.tables import TableColumn

# What Spark's SQL calls otherwise than Delta's log does.
_SQL = {"long": "bigint"}
_DUCKDB_NAMES = {
    **{name: name for name in ("TINYINT", "SMALLINT", "BIGINT", "FLOAT", "DOUBLE", "BOOLEAN", "DATE")},
    "INT": "INTEGER",
    "TIMESTAMP": INSTANT,
    "TIMESTAMP_NTZ": "TIMESTAMP",
    "BINARY": "BLOB",
}
_DELTA = {"bigint": "long", "int": "integer", "smallint": "short", "tinyint": "byte"}


def spark_type(type_: DataType) -> str:
    """How Spark's SQL names the type."""
    return _SQL.get(delta_type(type_), delta_type(type_))


def quote_identifier(name: str) -> str:
    """The name as Spark's SQL takes it, whatever is in it."""
    return "`" + name.replace("`", "``") + "`"


def schema_ddl(columns: Iterable[TableColumn]) -> str:
    """The columns as Spark's readers take them."""
    return ", ".join(f"{quote_identifier(column.name)} {spark_type(column.type)}" for column in columns)


def duckdb_type_name(type_: SparkType) -> str:
    """How DuckDB names Spark's type; text for what it has no word for."""
    if isinstance(type_, ArrayType):
        return f"{duckdb_type_name(type_.elementType)}[]"
    name = type_.simpleString().upper()
    return name if name.startswith("DECIMAL") else _DUCKDB_NAMES.get(name, "VARCHAR")


def from_spark(type_: SparkType) -> DataType:
    """The type that holds every value of Spark's; text for what has no kind, as a time that is no instant yet."""
    name = type_.simpleString()
    return DataType(Kind.STRING) if name == "timestamp_ntz" else from_delta(_DELTA.get(name, name))
