"""Caches computed rows for the session.

Each cached query is marked as unique, because Spark's cache also answers later equal queries with outdated rows.
"""

import uuid
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from sqlglot import exp

from lakeward.engines.spark.types import quote_identifier

# Marker that makes the cached query unique.
_CACHE_MARK = "__kept"


def is_repeatable(tree: exp.Expr) -> bool:
    """Whether a partition lost with its executor can be recomputed: rows numbered without an order get other numbers."""
    return not any(
        isinstance(window.this, exp.RowNumber) and not window.args.get("order") for window in tree.find_all(exp.Window)
    )


def cache_in_memory(frame: DataFrame) -> tuple[DataFrame, DataFrame]:
    """The rows, and the frame to unpersist at the end; spills to the executors' disks."""
    marked = frame.withColumn(_CACHE_MARK, f.lit(uuid.uuid4().hex)).persist()
    return marked.select(*(quote_identifier(name) for name in frame.columns)), marked


def cache_on_disk(frame: DataFrame, scratch: Path) -> DataFrame:
    """The rows, written to a file once."""
    folder = str(scratch / f"kept_{uuid.uuid4()}")
    frame.write.parquet(folder)
    return frame.sparkSession.read.parquet(folder)
