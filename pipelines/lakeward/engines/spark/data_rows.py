"""Reads single data files of a table by path: Delta's scan would open every file of the table to select them.

The caller must check that a plain Parquet reader can read the table.
"""

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.embedded.file_copies import read_places
from lakeward.engines.spark.object_store import spark_path
from lakeward.engines.spark.types import quote_identifier, schema_ddl, spark_type
from lakeward.engines.tables import TableSpec

# With more files Spark starts a job to list them (`spark.sql.sources.parallelPartitionDiscovery.threshold`).
MAX_FILES = 32


def places_to_read(folder: LakePath, files: Mapping[str, int]) -> list[str]:
    """Where executors read the data files: of a table in an object store, this machine's copies of few small ones, and the store for others.

    Args:
        files: Path below the table's folder -> bytes.
    """
    if isinstance(folder, RemotePath) and len(files) <= MAX_FILES:
        return [spark_path(place) for place in read_places(folder, files)]
    return [spark_path(folder / path) for path in files]


def data_rows(spark: SparkSession, paths: Sequence[str], partition: Mapping[str, str | None], stored: TableSpec) -> DataFrame:
    """Rows of files of one partition, with its values from the log."""
    types = {column.name: spark_type(column.type) for column in stored.columns}
    inside = [column for column in stored.columns if column.name not in partition]
    # Spark reads `name=value` in a path as a partition value, unless the path is the base path.
    reader = spark.read.schema(schema_ddl(inside)).option("recursiveFileLookup", "true")
    return reader.parquet(*(_escape_path(path) for path in paths)).select(
        *map(quote_identifier, (column.name for column in inside)),
        *(f.lit(value).cast(types[name]).alias(name) for name, value in partition.items()),
    )


def _escape_path(path: str) -> str:
    """Escape the path, which Spark's reader treats as a pattern."""
    return "".join(f"\\{char}" if char in "{}[]*?\\" else char for char in path)
