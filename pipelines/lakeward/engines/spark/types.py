"""Maps kinds of the contract model to Spark's types. No mapping is lossy."""

from collections.abc import Iterable

from pyspark.sql.types import ArrayType
from pyspark.sql.types import DataType as SparkType

from lakeward.contracts.model import DataType, Kind
from lakeward.engines.delta.types import delta_type, from_delta
from lakeward.engines.spark.expressions import INSTANT
from lakeward.engines.tables import TableColumn

# Types that Spark SQL names differently from Delta's log.
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
    """Spark SQL's name of the type."""
    return _SQL.get(delta_type(type_), delta_type(type_))


def quote_identifier(name: str) -> str:
    """The name as a quoted identifier of Spark SQL."""
    return "`" + name.replace("`", "``") + "`"


def schema_ddl(columns: Iterable[TableColumn]) -> str:
    """The columns as DDL for Spark's readers."""
    return ", ".join(f"{quote_identifier(column.name)} {spark_type(column.type)}" for column in columns)


def duckdb_type_name(type_: SparkType) -> str:
    """DuckDB's name of Spark's type; text if it has none."""
    if isinstance(type_, ArrayType):
        return f"{duckdb_type_name(type_.elementType)}[]"
    name = type_.simpleString().upper()
    return name if name.startswith("DECIMAL") else _DUCKDB_NAMES.get(name, "VARCHAR")


def from_spark(type_: SparkType) -> DataType:
    """The type that holds every value of Spark's type; text if there is none, as for a time without a zone."""
    name = type_.simpleString()
    return DataType(Kind.STRING) if name == "timestamp_ntz" else from_delta(_DELTA.get(name, name))
