"""Rows that are computed once and kept for the session.

Refuses Spark's cache as it is: it answers every query of the same form with what it holds, though the table has new rows since.
"""

import uuid
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from sqlglot import exp

from lakeward.engines.spark.types import quote_identifier

# Makes the kept query unlike any other.
_CACHE_MARK = "__kept"


def is_repeatable(tree: exp.Expr) -> bool:
    """Whether a part that gets lost with its executor can be computed again: rows that are numbered in no order get other numbers."""
    return not any(
        isinstance(window.this, exp.RowNumber) and not window.args.get("order") for window in tree.find_all(exp.Window)
    )


def cache_in_memory(frame: DataFrame) -> tuple[DataFrame, DataFrame]:
    """The rows, and what must be unpersisted in the end; memory that is full spills to the executors' disks."""
    marked = frame.withColumn(_CACHE_MARK, f.lit(uuid.uuid4().hex)).persist()
    return marked.select(*(quote_identifier(name) for name in frame.columns)), marked


def cache_on_disk(frame: DataFrame, scratch: Path) -> DataFrame:
    """The rows, written once."""
    folder = str(scratch / f"kept_{uuid.uuid4()}")
    frame.write.parquet(folder)
    return frame.sparkSession.read.parquet(folder)
