"""SQL predicates of the stored rows that a rewrite deletes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from lakeward.contracts.model import Kind
from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, literal, path_literal
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.data_file import DataFile
from lakeward.engines.tables import TableSpec

# Kinds whose bounds prune files and can be written as text; not floating-point numbers and bytes.
_BOUNDED = {Kind.STRING, Kind.INTEGER, Kind.DECIMAL, Kind.DATE, Kind.TIMESTAMP}


@dataclass(frozen=True, slots=True)
class DeletePredicate:
    """Rows to delete, over a relation of the table.

    Args:
        matching: Maps a relation to the SELECT of its rows to delete.
        remaining: Maps a relation to the SELECT of its other rows.
    """

    matching: Callable[[str], str]
    remaining: Callable[[str], str]


def delete_same_keys(
    con: duckdb.DuckDBPyConnection, folder: LakePath, spec: TableSpec, keys: Sequence[str], added: Sequence[DataFile]
) -> DeletePredicate | None:
    """Stored rows with a key of the rows in the files `added`, whose bounds limit the files to read; None without rows."""
    if not added:
        return None
    names = ", ".join(map(identifier, keys))
    new = f"({_new_keys_select(folder, spec, keys, added)})"
    within = _key_bounds(con, spec, keys, new)
    return DeletePredicate(
        matching=lambda scan: f"SELECT * FROM (SELECT * FROM {scan} WHERE {within}) SEMI JOIN {new} USING ({names})",
        remaining=lambda scan: f"SELECT * FROM {scan} ANTI JOIN {new} USING ({names})",
    )


def _new_keys_select(folder: LakePath, spec: TableSpec, keys: Sequence[str], added: Sequence[DataFile]) -> str:
    """SELECT of the keys of the new rows; values of partition columns come from the paths."""
    names = ", ".join(map(identifier, keys))
    if not {*keys} & {*spec.partition_by}:
        return f"SELECT {names} FROM {_scan(folder, added)}"
    types = {column.name: sql_type(column.type) for column in spec.columns}

    def value(file: DataFile, key: str) -> str:
        return f"{_constant(file.partition[key], types[key])} AS {identifier(key)}" if key in file.partition else identifier(key)

    return " UNION ALL ".join(
        f"SELECT {', '.join(value(file, key) for key in keys)} FROM {_scan(folder, [file])}" for file in added
    )


def _scan(folder: LakePath, files: Sequence[DataFile]) -> str:
    names = ", ".join(path_literal(folder / file.path) for file in files)
    return f"read_parquet([{names}], hive_partitioning = false)"


def _key_bounds(con: duckdb.DuckDBPyConnection, spec: TableSpec, keys: Sequence[str], new_keys: str) -> str:
    """Constant bounds of each key column, to be compared with Delta's statistics before a file is opened."""
    types = {column.name: column.type for column in spec.columns if column.name in keys and column.type.kind in _BOUNDED}
    if not types:
        return "TRUE"
    items = ", ".join(f"CAST({f}({identifier(name)}) AS VARCHAR)" for name in types for f in ("min", "max"))
    bounds = iter(con.execute(f"SELECT {items} FROM {new_keys}").fetchall()[0])
    return " AND ".join(
        f"{identifier(name)} BETWEEN {_constant(next(bounds), sql_type(type_))} AND {_constant(next(bounds), sql_type(type_))}"
        for name, type_ in types.items()
    )


def _constant(text: str | None, type_: str) -> str:
    return f"CAST({'NULL' if text is None else literal(text)} AS {type_})"
