"""Reads the rows of one batch directly from its files, because the job of Delta's scan over the log dominates small batches.

Not used for tables that are not plain Parquet, batches of many files, and files that mix batches.
"""

from pathlib import Path
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession

from lakeward.core.names import TableName
from lakeward.engines.delta.batch_files import action_values, batch_file_indexes
from lakeward.engines.delta.open_tables import open_table
from lakeward.engines.delta.schemas import columns_of, unsupported_features
from lakeward.engines.spark.data_rows import data_rows
from lakeward.engines.tables import TableSpec

# With more files Spark starts a job to list them (`spark.sql.sources.parallelPartitionDiscovery.threshold`).
_MOST_FILES = 32


def rows_of_batch(spark: SparkSession, folder: Path, name: TableName, seq: int) -> DataFrame | None:
    """All rows of the batch from its files; None if Delta's scan is needed."""
    table = open_table(folder)
    if table is None or unsupported_features(table) or table.metadata().partition_columns:
        return None
    files = table.get_add_actions(flatten=True)
    places, paths = batch_file_indexes(files, seq), action_values(files, "path")
    if not 0 < len(places) <= _MOST_FILES:
        return None
    own = [folder / unquote(paths[place]) for place in places]
    return data_rows(spark, own, {}, TableSpec(name, columns_of(table)))
