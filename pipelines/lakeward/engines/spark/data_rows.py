"""Rows of single data files of a table, by their paths: Delta's own scan would open every file of the table to choose among them.

The table has no feature that asks more of a reader than Parquet's schema: who asks looks at that first.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from lakeward.engines.spark.types import quote_identifier, schema_ddl, spark_type
from lakeward.engines.tables import TableSpec


def data_rows(spark: SparkSession, paths: Sequence[Path], partition: Mapping[str, str | None], stored: TableSpec) -> DataFrame:
    """Rows of files of one partition, whose values the log has, not the files."""
    types = {column.name: spark_type(column.type) for column in stored.columns}
    inside = [column for column in stored.columns if column.name not in partition]
    # Spark takes a name in the path for a partition's value, unless the path is the base itself.
    reader = spark.read.schema(schema_ddl(inside)).option("recursiveFileLookup", "true")
    return reader.parquet(*(_escape_path(str(path)) for path in paths)).select(
        *map(quote_identifier, (column.name for column in inside)),
        *(f.lit(value).cast(types[name]).alias(name) for name, value in partition.items()),
    )


def _escape_path(path: str) -> str:
    """Spark's reader takes a path for a pattern of many."""
    return "".join(f"\\{char}" if char in "{}[]*?\\" else char for char in path)
