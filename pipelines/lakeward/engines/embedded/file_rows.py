"""Reads rows of a table from chosen files of it: Delta's scan reads the log for each query, and each file that it can't skip."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

import duckdb
from deltalake import DeltaTable

from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, path_literal
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.batch_files import action_values, batch_file_indexes
from lakeward.engines.delta.schemas import columns_of, unsupported_features
from lakeward.engines.embedded.file_copies import read_places
from lakeward.engines.tables import Bounds, TableColumn

# More files are better found by Delta's scan, which reads no footer of a file that it skips.
_MOST_FILES = 32


class FileChoice(Protocol):
    """Chooses files of a table."""

    def indexes(self, files: Any) -> Sequence[int]:
        """Places of the chosen files in the table's flat add actions."""
        ...


class AllFiles:
    """All files."""

    def indexes(self, files: Any) -> Sequence[int]:
        """See `FileChoice`."""
        return range(int(files.num_rows))


ALL_FILES = AllFiles()


@dataclass(frozen=True, slots=True)
class BatchFiles:
    """The files of one batch; none if another file could hold rows of it."""

    batch_seq: int

    def indexes(self, files: Any) -> Sequence[int]:
        """See `FileChoice`."""
        return batch_file_indexes(files, self.batch_seq)


@dataclass(frozen=True, slots=True)
class FilesWithin:
    """All files but those whose statistics prove that they hold no row within the bounds."""

    bounds: Bounds

    def indexes(self, files: Any) -> Sequence[int]:
        """See `FileChoice`."""
        kept = [True] * int(files.num_rows)
        for column, (low, high) in self.bounds.items():
            names = (f"min.{column}", f"max.{column}")
            if set(names) <= set(files.schema.names):
                pairs = zip(*(action_values(files, name) for name in names), strict=True)
                kept = [before and _may_hold(least, most, low, high) for before, (least, most) in zip(kept, pairs, strict=True)]
        return [index for index, is_kept in enumerate(kept) if is_kept]


def _may_hold(least: Any, most: Any, low: Any, high: Any) -> bool:
    """Whether a file of these bounds may hold a value from `low` to `high`. Other programs store the beginning of a long text as its bound."""
    return None in (least, most) or (least <= high and (low <= most or (isinstance(low, str) and low.startswith(most))))


def rows_of_files(con: duckdb.DuckDBPyConnection, folder: LakePath, table: DeltaTable, choice: FileChoice) -> str | None:
    """SELECT of the rows of the chosen files of this version of the table; None if Delta's scan is needed."""
    if unsupported_features(table) or table.metadata().partition_columns:
        return None
    files = table.get_add_actions(flatten=True)
    chosen = choice.indexes(files)
    if not 0 < len(chosen) <= _MOST_FILES:
        return None
    paths, sizes = (action_values(files, name) for name in ("path", "size_bytes"))
    found = read_places(folder, {unquote(paths[index]): sizes[index] for index in chosen})
    names, columns = ", ".join(map(path_literal, found)), columns_of(table)
    scan = f"read_parquet([{names}], hive_partitioning = false"
    if _have_all(files, chosen, columns):
        there = {column.name.lower() for column in columns}
    else:
        scan += ", union_by_name = true"
        there = {name.lower() for name in con.sql(f"SELECT * FROM {scan})").columns}  # names of Delta differ in more than case
    items = ", ".join(
        f"CAST({identifier(column.name) if column.name.lower() in there else 'NULL'} AS {sql_type(column.type)}) AS {identifier(column.name)}"
        for column in columns
    )
    return f"SELECT {items} FROM {scan})"


def _have_all(files: Any, chosen: Sequence[int], columns: Sequence[TableColumn]) -> bool:
    """Whether the log says how many NULLs each chosen file has in each column: then no file is older than a column."""
    counts = [f"null_count.{column.name}" for column in columns]
    return set(counts) <= set(files.schema.names) and all(
        files.column(name)[index].as_py() is not None for name in counts for index in chosen
    )
