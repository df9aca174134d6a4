"""Rewrites data files with Spark: executors find files with rows to delete and write the remaining rows. Does not commit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.delta.stored_files import stored_files
from lakeward.engines.delta.table_files import storage_options
from lakeward.engines.spark.data_files import write_files
from lakeward.engines.spark.data_rows import data_rows, places_to_read
from lakeward.engines.spark.delete_predicate import DeletePredicate
from lakeward.engines.spark.object_store import spark_path
from lakeward.engines.spark.results import collect_rows
from lakeward.engines.tables import TableSpec

# Column with the file of a row; no contract can have it, since names have no leading underscore.
_FILE_COLUMN = "__lakeward_file"


@dataclass(frozen=True, slots=True)
class SparkRowRewriter:
    """`RowRewriter` of the table in `folder`.

    Args:
        scan: Maps a version to Spark's relation of the table at this version.
    """

    spark: SparkSession
    folder: LakePath
    scan: Callable[[int], str]
    predicate: DeletePredicate

    def find_files(self, version: int) -> tuple[str, ...]:
        """See `RowRewriter.find_files`."""
        stored = self.spark.sql(f"SELECT *, _metadata.file_path AS {_FILE_COLUMN} FROM {self.scan(version)}")
        found = collect_rows(self.predicate.matching(stored).select(_FILE_COLUMN).distinct())
        return tuple(sorted(self._relative_path(row[_FILE_COLUMN]) for row in found))

    def write_remaining_rows(self, version: int, files: Sequence[str], stored: TableSpec) -> tuple[DataFile, ...]:
        """See `RowRewriter.write_remaining_rows`."""
        return write_files(self.folder, stored, self.predicate.remaining(self._rows(version, files, stored)))

    def write_all_rows(self, version: int, files: Sequence[str], stored: TableSpec) -> tuple[DataFile, ...]:
        """See `RowRewriter.write_all_rows`."""
        return write_files(self.folder, stored, self._rows(version, files, stored))

    def _rows(self, version: int, files: Sequence[str], stored: TableSpec) -> DataFrame:
        """The rows of only these files."""
        groups: dict[tuple[tuple[str, str | None], ...], dict[str, int]] = {}
        table = DeltaTable(str(self.folder), version=version, storage_options=storage_options(self.folder))
        known = {file.path: file for file in stored_files(table)}
        for file in files:
            groups.setdefault(tuple(known[file].partition.items()), {})[file] = known[file].size
        frames = (
            data_rows(self.spark, places_to_read(self.folder, sizes), dict(values), stored) for values, sizes in groups.items()
        )
        return reduce(DataFrame.unionByName, frames)

    def _relative_path(self, uri: str) -> str:
        if isinstance(self.folder, Path):
            return str(Path(unquote(urlsplit(uri).path)).relative_to(self.folder))
        return unquote(uri).removeprefix(f"{spark_path(self.folder)}/")
