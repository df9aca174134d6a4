"""Sets metadata of a table's columns: one small commit per changed column.

Rows, types and comments stay unchanged. A concurrent commit of rows is retried by its own writer.
"""

import time
from collections.abc import Mapping

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from lakeward.core.errors import StoreConflictError, UsageError
from lakeward.core.names import TableName
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.delta.open_tables import OpenTables

# Commits from which on a checkpoint pays: a log of 20 commits opens in 8 ms, its checkpoint in 3.
MANY_COMMITS = 5
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
        try:
            for column, entries in due.items():
                table.alter.set_column_metadata(column, entries)
        except CommitFailedError:
            if wait is not None:
                time.sleep(wait)
        else:
            if len(due) >= MANY_COMMITS:
                table.create_checkpoint()
            return len(changed)
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
