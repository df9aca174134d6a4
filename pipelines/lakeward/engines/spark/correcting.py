"""Spark's hands for a correction: executors find the files that hold doomed rows, and write their other rows anew. Refuses to commit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.protocols import TableSpec
from lakeward.engines.spark.doomed import Doomed
from lakeward.engines.spark.results import fetched
from lakeward.engines.spark.types import quoted, schema, spark_type
from lakeward.engines.spark.writing import write_files

# Name of the column that says which file a row lies in; no contract can have it, since its names have no leading underscores.
_PLACE = "__lakeward_file"


@dataclass(frozen=True, slots=True)
class SparkCorrection:
    """`Correction` of the table in `folder`.

    Args:
        scan: From a version, Spark's relation of the table as it was then.
    """

    spark: SparkSession
    folder: Path
    scan: Callable[[int], str]
    doomed: Doomed

    def touched(self, version: int) -> tuple[str, ...]:
        """See `Correction.touched`."""
        stored = self.spark.sql(f"SELECT *, _metadata.file_path AS {_PLACE} FROM {self.scan(version)}")
        found = fetched(self.doomed.found(stored).select(_PLACE).distinct())
        return tuple(sorted(self._relative(row[_PLACE]) for row in found))

    def kept(self, version: int, files: Sequence[str], stored: TableSpec) -> tuple[DataFile, ...]:
        """See `Correction.kept`."""
        return write_files(self.folder, stored, self.doomed.kept(self._rows(version, files, stored)))

    def copied(self, version: int, files: Sequence[str], stored: TableSpec) -> tuple[DataFile, ...]:
        """See `Correction.copied`."""
        return write_files(self.folder, stored, self._rows(version, files, stored))

    def _rows(self, version: int, files: Sequence[str], stored: TableSpec) -> DataFrame:
        """The rows of these files alone: Delta's own scan would open every file of the table to choose them by name.

        The table has no feature that asks more of a reader than Parquet's schema: a commit looks at that first.
        """
        groups: dict[tuple[str | None, ...], list[str]] = {}
        partitions = _partitions(DeltaTable(str(self.folder), version=version)) if stored.partition_by else {}
        for file in files:
            values = tuple(partitions[file][name] for name in stored.partition_by) if partitions else ()
            groups.setdefault(values, []).append(str(self.folder / file))
        return reduce(DataFrame.unionByName, (self._group(paths, values, stored) for values, paths in groups.items()))

    def _group(self, paths: Sequence[str], values: Sequence[str | None], stored: TableSpec) -> DataFrame:
        """Rows of files of one partition, whose values the log has, not the files."""
        types = {column.name: spark_type(column.type) for column in stored.columns}
        beside = dict(zip(stored.partition_by, values, strict=True))
        inside = [column for column in stored.columns if column.name not in beside]
        # Spark takes a name in the path for a partition's value, unless the path is the base itself.
        rows = self.spark.read.schema(schema(inside)).option("recursiveFileLookup", "true").parquet(*map(_escaped, paths))
        return rows.select(
            *map(quoted, (column.name for column in inside)),
            *(f.lit(value).cast(types[name]).alias(name) for name, value in beside.items()),
        )

    def _relative(self, uri: str) -> str:
        return str(Path(unquote(urlsplit(uri).path)).relative_to(self.folder))


def _escaped(path: str) -> str:
    """Spark's reader takes a path for a pattern of many."""
    return "".join(f"\\{char}" if char in "{}[]*?\\" else char for char in path)


def _partitions(table: DeltaTable) -> dict[str, Mapping[str, str | None]]:
    """Values of the partition columns, by file."""
    actions: Any = table.get_add_actions(flatten=False)
    found = zip(actions.column("path"), actions.column("partition"), strict=True)
    return {
        unquote(path.as_py()): {name: None if one is None else str(one) for name, one in values.as_py().items()}
        for path, values in found
    }
