"""Executors write the rows of a frame as data files of a table; the driver reads only their footers.

Rows that do not match the table are an error. Failed or repeated tasks leave no visible files (Spark's commit protocol).
"""

import shutil
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as f

from lakeward.core.errors import InvariantError, MachineError
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.embedded.file_copies import folder_to_write, store_files
from lakeward.engines.spark.footers import data_files
from lakeward.engines.spark.types import from_spark, quote_identifier, spark_type
from lakeward.engines.tables import TableSpec

# Parquet's writer omits all statistics of a column whose bounds exceed 4 KiB; Delta's log has no bounds above 1 KiB.
_OPTIONS = {"mapreduce.fileoutputcommitter.marksuccessfuljobs": "false", "parquet.statistics.truncate.length": "1024"}


def write_files(folder: LakePath, spec: TableSpec, frame: DataFrame) -> tuple[DataFile, ...]:
    """Write the rows into a new folder inside the table's, of an object store by way of this machine; no files without rows.

    Raises:
        InvariantError: The rows do not match `spec`.
        MachineError: Rows written by executors are not in the folder: executors see another folder at this path.
    """
    typed = _cast_columns(spec, frame)
    if spec.partition_by:
        # Every task would write a file per partition value: 2,318 dates became 2,318 files per task.
        typed = typed.hint("rebalance", *(f.col(quote_identifier(name)) for name in spec.partition_by))
    return _write(folder, spec, typed)


def write_sorted(folder: LakePath, spec: TableSpec, frame: DataFrame, order_by: Sequence[str]) -> tuple[DataFile, ...]:
    """As `write_files`, but keeps the partitions of the frame and sorts their rows.

    Raises:
        As `write_files`.
    """
    # The writer sorts by the partition columns unless rows are sorted already.
    ordered = _cast_columns(spec, frame).sortWithinPartitions(*map(quote_identifier, (*spec.partition_by, *order_by)))
    return _write(folder, spec, ordered)


def _cast_columns(spec: TableSpec, frame: DataFrame) -> DataFrame:
    _check_columns(spec, frame)
    return frame.selectExpr(
        *(f"CAST({quote_identifier(c.name)} AS {spark_type(c.type)}) AS {quote_identifier(c.name)}" for c in spec.columns)
    )


def _write(folder: LakePath, spec: TableSpec, typed: DataFrame) -> tuple[DataFile, ...]:
    with folder_to_write(folder) as place:
        files = _write_in(place, spec, typed)
        if isinstance(folder, RemotePath):
            store_files(folder, place, files)
    return files


def _write_in(folder: Path, spec: TableSpec, typed: DataFrame) -> tuple[DataFile, ...]:
    target = folder / f"part-{uuid.uuid4()}"
    written = Observation()
    counted = typed.observe(written, f.count(f.lit(1)).alias("rows"))
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, target, ignore_errors=True)
        writer = counted.write.options(**_OPTIONS)
        (writer.partitionBy(*spec.partition_by) if spec.partition_by else writer).parquet(str(target))
        files = data_files(folder, spec, sorted(target.rglob("*.parquet")))
        _check_row_count(folder, files, written)
        undo.pop_all()
    _remove_other_files(target, {folder / file.path for file in files})
    return files


def _check_columns(spec: TableSpec, frame: DataFrame) -> None:
    """Check that the columns are the table's, each with its type or a narrower one of the same kind."""
    found = {field.name: from_spark(field.dataType) for field in frame.schema.fields}
    expected_types = {column.name: column.type for column in spec.columns}
    for name in sorted({*found, *expected_types}):
        if found.get(name) != expected_types.get(name):
            facts = {"expected": str(expected_types.get(name, "-")), "found": str(found.get(name, "-"))}
            raise InvariantError("rows_do_not_fit", table=spec.name, column=name, **facts)


def _check_row_count(folder: Path, files: Sequence[DataFile], written: Observation) -> None:
    """Check that the folder has all rows written by executors."""
    if sum(file.rows for file in files) != written.get.get("rows", 0):
        raise MachineError("spark_lake_not_shared", lake=folder.parents[1])


def _remove_other_files(target: Path, data_paths: set[Path]) -> None:
    """Remove other files: Hadoop's checksums, and files without rows."""
    for path in target.rglob("*"):
        if path.is_file() and path not in data_paths:
            path.unlink()
    if not data_paths:
        shutil.rmtree(target)
