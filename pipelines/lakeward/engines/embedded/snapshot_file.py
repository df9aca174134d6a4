"""A database in memory, of copies of governance tables at given versions, for one reading.

Nothing else opens it: the file of a read model is held by the process of its portal.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from lakeward.core.names import Layer
from lakeward.core.sql import identifier
from lakeward.core.storage.lake import Lake
from lakeward.engines.delta.log_changes import LogPosition
from lakeward.engines.embedded.faults import machine_faults
from lakeward.engines.embedded.read_file import FileWriting
from lakeward.engines.embedded.read_file_opening import new_database
from lakeward.engines.embedded.scans import delta_scan


class SnapshotFile(FileWriting):
    """The copies; what is computed from them is written beside them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
        super().__init__(con, lake.root())
        self._tables = lake.root() / Layer.GOVERNANCE

    def copy_version(self, name: str, version: int) -> None:
        """Copy governance table `name` at this version."""
        scan = delta_scan(self._tables / name, version)
        self.execute(f"CREATE TABLE governance.{identifier(name)} AS SELECT * FROM {scan}")
        self._record(name, LogPosition(version, ""))


@contextmanager
def open_snapshot(folder: Path, lake: Lake, versions: Mapping[str, int]) -> Iterator[SnapshotFile]:
    """Copies of governance tables at these versions, read from the lake once.

    Args:
        folder: Folder, on this machine, of what memory has no room for; the caller removes it.
        versions: Governance table -> its version.

    Raises:
        MachineError: The lake can't be read, or the extra `s3` is missing.
    """
    with machine_faults(lake.files):
        con = new_database(folder, lake)
    try:
        file = SnapshotFile(con, lake)
        for name, version in versions.items():
            file.copy_version(name, version)
        yield file
    finally:
        con.close()
