"""The kinds of the contract model as Spark names them. Refuses lossy pairs, as the embedded engine does."""

from pyspark.sql.types import DataType as SparkType

from lakeward.contracts.model import DataType, Kind
from lakeward.engines.embedded.types import delta_type, from_delta

# What Spark's SQL calls otherwise than Delta's log does.
_SQL = {"long": "bigint"}
_DELTA = {"bigint": "long", "int": "integer", "smallint": "short", "tinyint": "byte"}


def spark_type(type_: DataType) -> str:
    """How Spark's SQL names the type."""
    return _SQL.get(delta_type(type_), delta_type(type_))


def from_spark(type_: SparkType) -> DataType:
    """The type that holds every value of Spark's; text for what has no kind, as a time that is no instant yet."""
    name = type_.simpleString()
    return DataType(Kind.STRING) if name == "timestamp_ntz" else from_delta(_DELTA.get(name, name))
