"""Writes commits that deltalake has no function for: of the metadata of a table, and of what takes a version back.

The number of such a commit admits it only if no other commit came between.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from deltalake import DeltaTable
from deltalake.transaction import AddAction, CommitProperties, RemoveAction, Transaction

from lakeward.core.storage.folder import FolderStore
from lakeward.core.storage.remote_path import LakePath, RemotePath
from lakeward.engines.delta.log_mirror import keep_commit, sync_log
from lakeward.engines.delta.table_files import LOG
from lakeward.engines.tables import Txn

Action = Mapping[str, Any]
NO_OTHERS: Mapping[str, object] = MappingProxyType({})
# Signs of paths that need no encoding.
_SAFE = "/=:"
NO_PARAMETERS: Mapping[str, str] = {}


def write_commit(
    folder: LakePath, version: int, operation: str, actions: Iterable[Action], parameters: Mapping[str, str] = NO_PARAMETERS
) -> bool:
    """Commit the actions as this version; False if another commit came first.

    Args:
        parameters: Of the operation, for the history of the table.
    """
    head = {"timestamp": now_ms(), "operation": operation, "operationParameters": {**parameters}, "engineInfo": "lakeward"}
    lines = (json.dumps(action, ensure_ascii=False, separators=(",", ":")) for action in ({"commitInfo": head}, *actions))
    content = "".join(f"{line}\n" for line in lines).encode()
    file = f"{version:020}.json"
    if not isinstance(folder, RemotePath):
        return FolderStore(folder / LOG).create(file, content)
    name = f"{folder.key}/{LOG}/{file}"
    if tag := folder.store.create_tagged(name, content):
        keep_commit(folder, version, content, tag)
        return True
    is_own = folder.store.read(name) == content  # after a lost reply
    if is_own:
        sync_log(folder)
    return is_own


def metadata_action(
    table: DeltaTable, change: Callable[[list[dict[str, Any]]], None] = lambda _: None, others: Mapping[str, object] = NO_OTHERS
) -> Action:
    """The table's metadata as an action.

    Args:
        change: Changes the fields of the schema, which are as Delta's JSON has them.
        others: Other values of keys of the action.
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
        **others,
    }
    return {"metaData": {key: value for key, value in found.items() if value is not None}}


def file_action(change: AddAction | RemoveAction) -> Action:
    """A change of files as an action of the log."""
    path = quote(change.path, safe=_SAFE)
    if isinstance(change, RemoveAction):
        return {"remove": {"path": path, "dataChange": change.data_change, "deletionTimestamp": change.deletion_timestamp}}
    return {
        "add": {
            "path": path,
            "partitionValues": dict(change.partition_values),
            "size": change.size,
            "modificationTime": change.modification_time,
            "dataChange": change.data_change,
            "stats": change.stats,
        }
    }


def removal(path: str, *, data_change: bool = True) -> RemoveAction:
    """The Delta action that removes the file.

    Args:
        data_change: False if its rows stay in the table, in other files.
    """
    return RemoveAction(path, data_change=data_change, deletion_timestamp=now_ms())


def properties_of(txns: Sequence[Txn], retries: int | None = None) -> CommitProperties:
    """What a commit of deltalake carries."""
    return CommitProperties(max_commit_retries=retries, app_transactions=[Transaction(txn.app, txn.version) for txn in txns])


def txn_action(txn: Txn) -> Action:
    """A transaction as an action of the log."""
    return {"txn": {"appId": txn.app, "version": txn.version, "lastUpdated": now_ms()}}


def now_ms() -> int:
    """Milliseconds since 1970, as Delta writes times."""
    return time.time_ns() // 1_000_000
