"""Value classes of stored tables: specifications, results of commits, statistics."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lakeward.contracts.model import DataType
from lakeward.core.names import TableName

# By column, the least and the greatest value of the rows that are looked for.
Bounds = Mapping[str, tuple[Any, Any]]
NO_STORED_TYPES: Mapping[str, DataType] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of a stored table."""

    name: str
    type: DataType
    nullable: bool = True
    comment: str = ""


@dataclass(frozen=True, slots=True)
class TableSpec:
    """The required schema of a table."""

    name: TableName
    columns: tuple[TableColumn, ...]
    partition_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Txn:
    """A Delta application transaction: `version` of `app` is committed once (Delta protocol, "Transaction Identifiers")."""

    app: str
    version: int


@dataclass(frozen=True, slots=True)
class Commit:
    """The result of a commit.

    Args:
        version: The table's version after it.
        rows: Number of rows in the added data files, from the writer.
        copied_rows: Number of these rows that were stored before and only copied (copy-on-write).
    """

    version: int
    rows: int
    copied_rows: int = 0


@dataclass(frozen=True, slots=True)
class CompactionResult:
    """The result of a compaction.

    Args:
        version: The table's version after it.
        files_removed, files_added: Number of the removed files, and of the files that replace them.
    """

    version: int
    files_removed: int
    files_added: int


@dataclass(frozen=True, slots=True)
class VacuumResult:
    """The result of a vacuum.

    Args:
        live_files: Number of files of the newest version.
        removed_files, removed_bytes: Number of removed files, and their size in bytes.
    """

    live_files: int
    removed_files: int
    removed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInfo:
    """A stored table at its newest version; `rows` comes from Delta's own statistics."""

    name: TableName
    path: str
    version: int
    rows: int
    columns: tuple[TableColumn, ...]


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """Statistics of a column, without reading it.

    Args:
        nulls: Number of rows without a value.
        low, high: Bounds of the values; None if unknown or without values. Bounds of a floating-point column also prove that
            none is NaN.
    """

    nulls: int
    low: Any = None
    high: Any = None


@dataclass(frozen=True, slots=True)
class RowStatistics:
    """Statistics of some rows, without reading them; unknown columns are missing."""

    rows: int
    columns: Mapping[str, ColumnStatistics]
