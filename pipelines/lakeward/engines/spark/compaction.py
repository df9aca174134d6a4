"""Writes the bins of a compaction with Spark: one task sorts the rows of a bin and writes one file. Does not commit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from lakeward.contracts.model import DataType, Kind
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.compaction import Bin
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.spark.data_files import write_sorted
from lakeward.engines.spark.data_rows import data_rows, places_to_read
from lakeward.engines.spark.types import quote_identifier
from lakeward.engines.tables import TableColumn, TableSpec

# Column with the bin of a row; no contract can have it, since names have no leading underscore.
_BIN_COLUMN = "__lakeward_bin"


@dataclass(frozen=True, slots=True)
class SparkBinWriter:
    """`BinWriter` of the table in `folder`. Executors sort, and spill to disk."""

    spark: SparkSession
    folder: LakePath

    def write_bins(self, bins: Sequence[Bin], stored: TableSpec, order_by: Sequence[str]) -> tuple[DataFile, ...]:
        """See `BinWriter.write_bins`."""
        inside = tuple(column for column in stored.columns if column.name not in stored.partition_by)
        numbered = TableSpec(stored.name, (*inside, TableColumn(_BIN_COLUMN, DataType(Kind.INTEGER))), (_BIN_COLUMN,))
        rows = reduce(DataFrame.unionByName, (self._bin_rows(number, each, numbered) for number, each in enumerate(bins)))
        order = [name for name in order_by if name in {column.name for column in inside}]
        written = write_sorted(self.folder, numbered, rows.repartition(len(bins), quote_identifier(_BIN_COLUMN)), order)
        return tuple(replace(file, partition=bins[int(file.partition[_BIN_COLUMN] or 0)].files[0].partition) for file in written)

    def _bin_rows(self, number: int, file_bin: Bin, numbered: TableSpec) -> DataFrame:
        plain = TableSpec(numbered.name, numbered.columns[:-1])
        places = places_to_read(self.folder, {file.path: file.size for file in file_bin.files})
        rows = data_rows(self.spark, places, {}, plain)
        return rows.withColumn(_BIN_COLUMN, f.lit(number).cast("bigint"))
