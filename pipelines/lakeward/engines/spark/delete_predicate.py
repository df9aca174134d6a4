"""Predicates of the stored rows that a rewrite deletes, over a frame of the table."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from lakeward.contracts.model import Kind
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.spark.data_rows import data_rows, places_to_read
from lakeward.engines.spark.object_store import spark_path
from lakeward.engines.spark.types import quote_identifier, schema_ddl, spark_type
from lakeward.engines.tables import TableColumn, TableSpec

# How to compare bounds in statistics; other kinds skip no file.
_ORDER: Mapping[Kind, Callable[[str], Any]] = {
    Kind.STRING: str.encode,
    Kind.INTEGER: int,
    Kind.DECIMAL: Decimal,
    Kind.DATE: str,
    Kind.TIMESTAMP: str,
}


@dataclass(frozen=True, slots=True)
class DeletePredicate:
    """Rows to delete.

    Args:
        matching: Maps a frame of stored rows to the rows to delete.
        remaining: Maps such a frame to the other rows.
    """

    matching: Callable[[DataFrame], DataFrame]
    remaining: Callable[[DataFrame], DataFrame]


def delete_same_keys(
    spark: SparkSession, folder: LakePath, spec: TableSpec, keys: Sequence[str], added: Sequence[DataFile]
) -> DeletePredicate | None:
    """Stored rows with a key of the rows in the files `added`, whose bounds limit the files to read; None without rows."""
    if not added:
        return None
    new = _new_rows(spark, folder, spec, added).select(*map(quote_identifier, keys))
    within = f.lit(True)
    for column in spec.columns:
        if column.name in keys and (bounds := _key_bounds(column, added)):
            within = within & f.col(quote_identifier(column.name)).between(*(_constant(text, column) for text in bounds))
    return DeletePredicate(
        matching=lambda stored: stored.where(within).join(new, list(keys), "left_semi"),
        remaining=lambda stored: stored.join(new, list(keys), "left_anti"),
    )


def _new_rows(spark: SparkSession, folder: LakePath, spec: TableSpec, added: Sequence[DataFile]) -> DataFrame:
    """The new rows, from the folder of their files; values of partition columns come from the paths."""
    if isinstance(folder, RemotePath) and not spec.partition_by:
        return data_rows(spark, places_to_read(folder, {file.path: file.size for file in added}), {}, spec)
    written = spark_path(folder / Path(added[0].path).parts[0])
    return spark.read.schema(schema_ddl(spec.columns)).option("basePath", written).parquet(written)


def _key_bounds(column: TableColumn, added: Sequence[DataFile]) -> tuple[str, str] | None:
    """Least and greatest value of the column in all files, to be compared with Delta's statistics before a file is opened."""
    order = _ORDER.get(column.type.kind)
    known = [json.loads(file.stats, parse_int=str, parse_float=str) for file in added]
    if order is None or not all(column.name in statistics["minValues"] for statistics in known):
        return None
    return (
        min((statistics["minValues"][column.name] for statistics in known), key=order),
        max((statistics["maxValues"][column.name] for statistics in known), key=order),
    )


def _constant(text: str, column: TableColumn) -> Column:
    return f.lit(text).cast(spark_type(column.type))
