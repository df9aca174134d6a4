"""Rows from outside the lake: what they come in, and the relations of a session that hold them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lakeward.contracts.batch import FileReport
from lakeward.contracts.model import DataType
from lakeward.core.names import Relation
from lakeward.engines.tables import RowStatistics


class ExternalFormat(StrEnum):
    """Formats of rows outside the lake that carry their own types."""

    PARQUET = "parquet"
    JSON = "json"  # one object per line, or one array of objects
    DELTA = "delta"
    ARROW = "arrow"


@dataclass(frozen=True, slots=True)
class ExternalData:
    """Rows that are no table of the lake.

    Args:
        files: The files, in order; of Delta the table's folder; of Arrow none.
        table: The Arrow table.
    """

    format: ExternalFormat
    files: tuple[Path, ...] = ()
    table: object = None


@dataclass(frozen=True, slots=True)
class ExternalColumn:
    """A column of such rows.

    Args:
        type: What rules see of it; BINARY for what they can't look into, such as lists.
        raw_column: The relation's column that holds the value as it was read.
    """

    name: str
    type: DataType
    raw_column: str


@dataclass(frozen=True, slots=True)
class AttachedData:
    """Such rows, as relations of a session.

    Args:
        rows: The columns.
        placed: The columns, with `_file, _file_seq, _row`.
        statistics: What is known of them unread; None: nothing.
    """

    rows: Relation
    placed: Relation
    columns: tuple[ExternalColumn, ...]
    statistics: RowStatistics | None = None


@dataclass(frozen=True, slots=True)
class Staged:
    """The files of a batch, as relations of a session.

    Args:
        rows, rejects: As `QueryEngine.stage` says.
        reports: One per file, in their order.
    """

    rows: Relation
    rejects: Relation
    reports: tuple[FileReport, ...]
