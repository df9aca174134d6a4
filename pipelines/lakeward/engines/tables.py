"""Stored tables as values: what a table must look like, what a commit did, what is known without reading rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lakeward.contracts.model import DataType
from lakeward.core.names import TableName

# Nothing is stored yet.
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
    """What a table must look like before rows are committed to it."""

    name: TableName
    columns: tuple[TableColumn, ...]
    partition_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Txn:
    """A Delta application transaction: `version` of `app` lands once (Delta protocol, "Transaction Identifiers")."""

    app: str
    version: int


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that landed.

    Args:
        version: The table's version after it.
        rows: Rows in the data files it added, as the writer counted them.
        copied_rows: Of these, rows that were stored before and that copy-on-write only copied.
    """

    version: int
    rows: int
    copied_rows: int = 0


@dataclass(frozen=True, slots=True)
class CompactionResult:
    """A compaction that landed.

    Args:
        version: The table's version after it.
        files_removed, files_added: Counts of the files removed, and of the files that hold their rows since.
    """

    version: int
    files_removed: int
    files_added: int


@dataclass(frozen=True, slots=True)
class VacuumResult:
    """What a vacuum did.

    Args:
        live_files: Files of the newest version.
        removed_files, removed_bytes: Files that were removed, and their bytes.
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
    """What is known of a column without reading it.

    Args:
        nulls: Rows without a value.
        low, high: No value lies outside; None: not known, or no value. Of a floating-point column they also say that none is NaN.
    """

    nulls: int
    low: Any = None
    high: Any = None


@dataclass(frozen=True, slots=True)
class RowStatistics:
    """What is known of some rows without reading them; a column that is missing is not known."""

    rows: int
    columns: Mapping[str, ColumnStatistics]
