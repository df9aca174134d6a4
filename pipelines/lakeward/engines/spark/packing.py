"""Spark's hands for a compaction: each bin is one task's, which sorts its rows and writes one file. Refuses to commit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from lakeward.contracts.model import DataType, Kind
from lakeward.engines.delta.compacting import Bin
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.protocols import TableColumn, TableSpec
from lakeward.engines.spark.data_rows import data_rows
from lakeward.engines.spark.types import quoted
from lakeward.engines.spark.writing import write_sorted

# Number of the bin that a row is for; no contract can have the name, since its names have no leading underscores.
_BIN = "__lakeward_bin"


@dataclass(frozen=True, slots=True)
class SparkPacker:
    """`Packer` of the table in `folder`. Executors sort, and spill what their memory does not hold."""

    spark: SparkSession
    folder: Path

    def packed(self, bins: Sequence[Bin], stored: TableSpec, order_by: Sequence[str]) -> tuple[DataFile, ...]:
        """See `Packer.packed`."""
        inside = tuple(column for column in stored.columns if column.name not in stored.partition_by)
        numbered = TableSpec(stored.name, (*inside, TableColumn(_BIN, DataType(Kind.INTEGER))), (_BIN,))
        rows = reduce(DataFrame.unionByName, (self._rows(number, each, numbered) for number, each in enumerate(bins)))
        order = [name for name in order_by if name in {column.name for column in inside}]
        written = write_sorted(self.folder, numbered, rows.repartition(len(bins), quoted(_BIN)), order)
        return tuple(replace(file, partition=bins[int(file.partition[_BIN] or 0)].files[0].partition) for file in written)

    def _rows(self, number: int, one: Bin, numbered: TableSpec) -> DataFrame:
        plain = TableSpec(numbered.name, numbered.columns[:-1])
        rows = data_rows(self.spark, [self.folder / file.path for file in one.files], {}, plain)
        return rows.withColumn(_BIN, f.lit(number).cast("bigint"))
