"""Writes commits that deltalake has no function for: of the metadata of a table, and of what takes a version back.

The number of such a commit admits it only if no other commit came between.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from deltalake import DeltaTable

from lakeward.core.storage.folder import FolderStore
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.table_files import LOG

Action = Mapping[str, Any]


def write_commit(folder: LakePath, version: int, operation: str, actions: Iterable[Action]) -> bool:
    """Commit the actions as this version; False if another commit came first."""
    head = {"timestamp": now_ms(), "operation": operation, "operationParameters": {}, "engineInfo": "lakeward"}
    lines = (json.dumps(action, ensure_ascii=False) for action in ({"commitInfo": head}, *actions))
    content = "".join(f"{line}\n" for line in lines).encode()
    log, file = folder / LOG, f"{version:020}.json"
    if isinstance(log, RemotePath):
        # After a lost reply the object can be our own.
        return log.store.create(f"{log.key}/{file}", content) or log.store.read(f"{log.key}/{file}") == content
    return FolderStore(log).create(file, content)


def metadata_action(table: DeltaTable, change: Callable[[list[dict[str, Any]]], None] = lambda _: None) -> Action:
    """The table's metadata as an action.

    Args:
        change: Changes the fields of the schema, which are as Delta's JSON has them.
    """
    schema, stored = json.loads(table.schema().to_json()), table.metadata()
    change(schema["fields"])
    found = {
        "id": str(stored.id),
        "name": stored.name,
        "description": stored.description,
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps(schema, ensure_ascii=False),
        "partitionColumns": stored.partition_columns,
        "configuration": stored.configuration,
        "createdTime": stored.created_time,
    }
    return {"metaData": {key: value for key, value in found.items() if value is not None}}


def now_ms() -> int:
    """Milliseconds since 1970, as Delta writes times."""
    return time.time_ns() // 1_000_000
