"""A written data file of a table, before its commit."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deltalake.transaction import AddAction

from lakeward.core.storage.remote_path import LakePath


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """A written Parquet file that is not committed yet.

    Args:
        path: Relative to the table's folder, as on disk.
        partition: Value of each partition column as text; None for NULL.
        stats: Delta's statistics, JSON.
    """

    path: str
    size: int
    rows: int
    partition: Mapping[str, str | None]
    stats: str

    def add(self, *, data_change: bool = True) -> AddAction:
        """The Delta action that adds the file.

        Args:
            data_change: False if its rows were in the table before, in other files.
        """
        return AddAction(
            path=self.path,
            size=self.size,
            partition_values=self.partition,
            modification_time=time.time_ns() // 1_000_000,
            data_change=data_change,
            stats=self.stats,
        )


def remove_files(folder: LakePath, files: Iterable[DataFile]) -> None:
    """Delete files whose commit failed, so that they need not wait for a vacuum."""
    for file in files:
        (folder / file.path).unlink(missing_ok=True)
