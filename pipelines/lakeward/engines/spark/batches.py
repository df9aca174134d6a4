"""Reads the rows of one batch directly from its files, because the job of Delta's scan over the log dominates small batches.

Not used for tables that are not plain Parquet, batches of many files, and files that mix batches.
"""

from urllib.parse import unquote

from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from lakeward.core.names import TableName
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.batch_files import action_values, batch_file_indexes
from lakeward.engines.delta.schemas import columns_of, unsupported_features
from lakeward.engines.spark.data_rows import MAX_FILES, data_rows, places_to_read
from lakeward.engines.tables import TableSpec


def rows_of_batch(spark: SparkSession, folder: LakePath, table: DeltaTable | None, name: TableName, seq: int) -> DataFrame | None:
    """All rows of the batch from its files; None if Delta's scan is needed."""
    if table is None or unsupported_features(table) or table.metadata().partition_columns:
        return None
    files = table.get_add_actions(flatten=True)
    places, paths, sizes = batch_file_indexes(files, seq), action_values(files, "path"), action_values(files, "size_bytes")
    if not 0 < len(places) <= MAX_FILES:
        return None
    own = {unquote(paths[place]): sizes[place] for place in places}
    return data_rows(spark, places_to_read(folder, own), {}, TableSpec(name, columns_of(table)))
