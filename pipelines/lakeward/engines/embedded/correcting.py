"""DuckDB's hands for a correction: finds the files that hold doomed rows, and writes their other rows anew. Refuses to commit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from lakeward.core.sql import identifier, literal
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.embedded.data_files import write_files
from lakeward.engines.embedded.doomed import Doomed
from lakeward.engines.embedded.scans import delta_scan
from lakeward.engines.protocols import TableSpec

# Name of the column that says which file a row lies in; no contract can have it, since its names have no leading underscores.
_PLACE = "__lakeward_file"


@dataclass(frozen=True, slots=True)
class DuckDBCorrection:
    """`Correction` of the table in `folder`."""

    con: duckdb.DuckDBPyConnection
    folder: Path
    doomed: Doomed

    def touched(self, version: int) -> tuple[str, ...]:
        """See `Correction.touched`."""
        scan = delta_scan(self.folder, version, place=_PLACE)
        query = f"SELECT DISTINCT {_PLACE} FROM ({self.doomed.found(scan)}) ORDER BY 1"
        return tuple(str(Path(path).relative_to(self.folder)) for (path,) in self.con.execute(query).fetchall())

    def kept(self, version: int, files: Sequence[str], stored: TableSpec) -> tuple[DataFile, ...]:
        """See `Correction.kept`."""
        return self._written(version, files, stored, self.doomed.kept)

    def copied(self, version: int, files: Sequence[str], stored: TableSpec) -> tuple[DataFile, ...]:
        """See `Correction.copied`."""
        return self._written(version, files, stored, lambda scan: f"SELECT * FROM {scan}")

    def _written(
        self, version: int, files: Sequence[str], stored: TableSpec, chosen: Callable[[str], str]
    ) -> tuple[DataFile, ...]:
        names = ", ".join(literal(str(self.folder / file)) for file in files)
        scan = f"(SELECT * FROM {delta_scan(self.folder, version, place=_PLACE)} WHERE {_PLACE} IN ({names}))"
        columns = ", ".join(identifier(column.name) for column in stored.columns)
        return write_files(self.con, self.folder, stored, f"SELECT {columns} FROM ({chosen(scan)})")
