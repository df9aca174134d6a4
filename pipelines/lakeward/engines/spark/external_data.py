"""Reads Parquet files outside the lake on executors, with row ids.

The driver's engine has already checked columns and types.
"""

from collections.abc import Sequence
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from lakeward.engines.external import AttachedData, ExternalData, ExternalFormat
from lakeward.engines.spark.types import quote_identifier


def is_for_executors(data: ExternalData, attached: AttachedData) -> bool:
    """Whether executors can read the rows with the types for rules; other rows come through the driver's engine."""
    return data.format is ExternalFormat.PARQUET and all(column.raw_column == column.name for column in attached.columns)


def rows_with_ids(spark: SparkSession, files: Sequence[Path], names: Sequence[str]) -> DataFrame:
    """The rows with `_file, _file_seq, _row`, file by file, since Spark's name of a file is not its path."""
    frames = [_with_row_id(spark, file, seq, names) for seq, file in enumerate(files, 1)]
    return reduce(DataFrame.union, frames)


def _with_row_id(spark: SparkSession, file: Path, seq: int, names: Sequence[str]) -> DataFrame:
    own = [f.col(quote_identifier(name)) for name in names]
    added = {"_file": f.lit(str(file)), "_file_seq": f.lit(seq).cast("bigint"), "_row": f.col("_metadata.row_index") + 1}
    row_id_columns = [value.alias(name) for name, value in added.items() if name not in names]
    return spark.read.parquet(str(file)).select(*own, *row_id_columns)
