"""Sets metadata of a table's columns: one small commit for all of them.

Rows, types and comments stay unchanged. deltalake changes one column per commit, so the commit is written here: it holds the metadata of
the table alone, and its number admits it only if no other commit came between. A concurrent commit of rows is retried by its own writer.
"""

import time
from collections.abc import Mapping
from typing import Any

from deltalake import DeltaTable

from lakeward.core.errors import StoreConflictError, UsageError
from lakeward.core.names import TableName
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.log_commit import metadata_action, write_commit
from lakeward.engines.delta.open_tables import OpenTables

# Waits between retries, in seconds; a commit takes a few milliseconds.
_BACKOFF = (0.01, 0.05, 0.1, 0.2, 0.4, 0.8)


def annotate(folder: LakePath, name: TableName, texts: Mapping[str, Mapping[str, str]], tables: OpenTables) -> int:
    """See `TableStore.annotate`."""
    changed: set[str] = set()
    for wait in (*_BACKOFF, None):
        table = tables.open(folder)
        if table is None:
            raise UsageError("table_not_found", table=name)
        due = _changed_entries(table, texts)
        changed |= set(due)
        if not due or _commit(folder, table, due):
            return len(changed)
        if wait is not None:
            time.sleep(wait)
    raise StoreConflictError("table_taken", table=name, app="-", version="-")


def _changed_entries(table: DeltaTable, texts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Entries that differ from the stored ones; columns that the table does not have are ignored."""
    stored = {field.name: field.metadata for field in table.schema().fields}
    differing = {
        column: {key: text for key, text in entries.items() if stored[column].get(key) != text}
        for column, entries in texts.items()
        if column in stored
    }
    return {column: entries for column, entries in differing.items() if entries}


def _commit(folder: LakePath, table: DeltaTable, due: Mapping[str, Mapping[str, str]]) -> bool:
    """Commit the entries as the next version; False if another commit came first."""

    def add_entries(fields: list[dict[str, Any]]) -> None:
        for field in fields:
            field["metadata"] |= due.get(field["name"], {})

    return write_commit(folder, table.version() + 1, "SET COLUMN METADATA", [metadata_action(table, add_entries)])
