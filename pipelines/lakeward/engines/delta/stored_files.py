"""Lists the data files of a stored table from its log, without opening one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from deltalake import DeltaTable


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A data file of a version of a table.

    Args:
        path: Relative to the table's folder, as on disk.
        rows: Number of rows; None if its writer did not record it.
        partition: Value of each partition column as text; None for NULL.
    """

    path: str
    size: int
    rows: int | None
    partition: Mapping[str, str | None]


def stored_files(table: DeltaTable) -> list[StoredFile]:
    """The files of the table, oldest first."""
    actions: Any = table.get_add_actions(flatten=False)
    names = ("path", "size_bytes", "num_records", "modification_time")
    columns = [_action_values(actions, name) for name in names]
    partitions = _action_values(actions, "partition")
    found = [
        (at or 0, StoredFile(unquote(path), size, rows, _partition_texts(values or {})))
        for path, size, rows, at, values in zip(*columns, partitions, strict=True)
    ]
    return [file for _, file in sorted(found, key=lambda entry: (entry[0], entry[1].path))]


def _action_values(actions: Any, name: str) -> list[Any]:
    """A column of the actions; None for each file if the table does not have it."""
    if name not in actions.schema.names:
        return [None] * int(actions.num_rows)
    return [value.as_py() for value in actions.column(name)]


def _partition_texts(values: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else _partition_text(value) for name, value in values.items()}


def _partition_text(value: Any) -> str:
    """The value as DuckDB reads it for any type."""
    return "".join(f"\\x{byte:02X}" for byte in value) if isinstance(value, bytes) else str(value)
