"""External data: its formats, and its relations in a session."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lakeward.contracts.batch import FileReport
from lakeward.contracts.model import DataType
from lakeward.core.names import Relation
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.tables import RowStatistics


class ExternalFormat(StrEnum):
    """Formats of external data that have their own types."""

    PARQUET = "parquet"
    JSON = "json"  # one object per line, or one array of objects
    DELTA = "delta"
    ARROW = "arrow"


@dataclass(frozen=True, slots=True)
class ExternalData:
    """Data outside the lake.

    Args:
        files: The files, in order; for Delta and Arrow none.
        folder: Folder of the Delta table.
        table: The Arrow table.
    """

    format: ExternalFormat
    files: tuple[Path, ...] = ()
    folder: LakePath | None = None
    table: object = None

    @property
    def place(self) -> LakePath | str:
        """The folder or the first file, for messages."""
        return self.folder or (self.files[0] if self.files else "-")


@dataclass(frozen=True, slots=True)
class ExternalColumn:
    """A column of external data.

    Args:
        type: Its type for rules; BINARY for values that they can't read, such as lists.
        raw_column: The relation's column with the original value.
    """

    name: str
    type: DataType
    raw_column: str


@dataclass(frozen=True, slots=True)
class AttachedData:
    """External data attached to a session.

    Args:
        rows: Relation with the columns.
        placed: Relation with the columns and `_file, _file_seq, _row`.
        statistics: Their statistics from file metadata; None if unknown.
    """

    rows: Relation
    placed: Relation
    columns: tuple[ExternalColumn, ...]
    statistics: RowStatistics | None = None


@dataclass(frozen=True, slots=True)
class Staged:
    """The files of a batch, as relations of a session.

    Args:
        rows, rejects: Relations as in `QueryEngine.stage`.
        reports: One per file, in their order.
    """

    rows: Relation
    rejects: Relation
    reports: tuple[FileReport, ...]
