"""Keeps every program out of a lake that is not whole yet, or was moved away, by the number in place of its schema version.

Programs of earlier versions refuse such a lake too: to them it is newer than they are.
"""

import json
import uuid
from pathlib import Path

from lakeward.core.errors import StoreConflictError, UsageError
from lakeward.core.storage import FileStore
from lakeward.core.storage.lake import Lake, store_of
from lakeward.engines.delta.dataset_lock import TURNS, is_locked
from lakeward.engines.delta.lease import LEASES, read_lease
from lakeward.engines.delta.log_commit import write_commit
from lakeward.engines.delta.open_tables import committed_version, open_table
from lakeward.flows.backup.lake_content import UNFINISHED as NOTE
from lakeward.flows.base.lake_schema import SCHEMA_APP, SCHEMA_TABLE, UNFINISHED

SCHEMA_FOLDER = f"governance/{SCHEMA_TABLE}"
_LOG = f"{SCHEMA_FOLDER}/_delta_log"
_FIRST = f"{_LOG}/{0:020}.json"
# As its contract has it: where a move is taken back, later versions are appended to it.
_SCHEMA = {
    "type": "struct",
    "fields": [
        {"name": name, "type": type_, "nullable": False, "metadata": {}}
        for name, type_ in (("schema_version", "long"), ("program", "string"))
    ],
}


def open_for_filling(lake: Lake, source: str) -> bool:
    """Close an empty lake to all programs, to be filled from `source`.

    Returns:
        Whether an earlier attempt from the same source was cut off and left its files.

    Raises:
        UsageError: The lake has tables, or is being filled from something else.
    """
    store = store_of(lake.root())
    note = store.read(NOTE)
    if note is not None and json.loads(note)["source"] != source:
        raise UsageError("fill_other_source", lake=lake, found=json.loads(note)["source"], expected=source)
    if note is None and not is_unfinished(store) and has_tables(store):
        raise UsageError("fill_not_empty", lake=lake)
    if note is None:
        store.create(_FIRST, _closing_commit(UNFINISHED))
        store.create(NOTE, json.dumps({"source": source}).encode())
    return note is not None


def open_to_all(lake: Lake) -> None:
    """End the filling, after the table of schema versions was written over the closing commit; or remove that commit, if there is none."""
    store = store_of(lake.root())
    if is_unfinished(store):
        store.delete(_FIRST)
        if lake.options is None and not store.list_names(_LOG):
            (lake.files / _LOG).rmdir()
            (lake.files / SCHEMA_FOLDER).rmdir()
    store.delete(NOTE)


def close_lake(lake: Lake, number: int) -> None:
    """Write this number in place of the lake's schema version, unless it is there; also to open a closed lake again.

    Raises:
        StoreConflictError: Another commit came first.
    """
    folder = lake.root() / "governance" / SCHEMA_TABLE
    table = open_table(folder)
    if committed_version(table, SCHEMA_APP) == number:
        return
    if table is None:
        store_of(lake.root()).create(_FIRST, _closing_commit(number))
    elif not write_commit(folder, table.version() + 1, "MOVE", [{"txn": {"appId": SCHEMA_APP, "version": number}}]):
        raise StoreConflictError("table_taken", table=SCHEMA_TABLE, app=SCHEMA_APP, version=number)


def is_unfinished(store: FileStore) -> bool:
    """Whether a restore or move into the lake has not ended."""
    first = store.read(_FIRST)
    return first is not None and _version_of(first) == UNFINISHED


def has_tables(store: FileStore) -> bool:
    """Whether there is any table."""
    return any(store.list_folders("governance"))


def check_unused(lake: Lake) -> None:
    """Check that no one writes the lake.

    Raises:
        UsageError: A process holds a dataset.
    """
    store = store_of(lake.root())
    if lake.options is None:
        turns = sorted(path.name for path in (lake.files / TURNS).glob("*"))
        held = [dataset for dataset in turns if is_locked(lake, dataset)]
    else:
        held = [name for name in store.list_folders(LEASES) if (lease := read_lease(store, name)) and lease.is_held()]
    if held:
        lease = read_lease(store, held[0])
        raise UsageError("lake_in_use", lake=lake, dataset=held[0], holder=lease.program if lease else "-", datasets=len(held))


def free_name(path: Path) -> Path:
    """The path, or the first with a number at its end, that does not exist."""
    found, number = path, 2
    while found.exists():
        found, number = path.with_name(f"{path.name}-{number}"), number + 1
    return found


def _version_of(commit: bytes) -> int | None:
    try:
        actions = [json.loads(line) for line in commit.splitlines()]
    except ValueError:
        return None
    txns = (action["txn"] for action in actions if "txn" in action)
    return next((txn["version"] for txn in txns if txn["appId"] == SCHEMA_APP), None)


def _closing_commit(version: int) -> bytes:
    """The first commit of a table of schema versions that has no rows, and this number."""
    metadata = {
        "id": str(uuid.uuid4()),
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps(_SCHEMA),
        "partitionColumns": [],
        "configuration": {},
        "createdTime": 0,
    }
    actions = (
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {"metaData": metadata},
        {"txn": {"appId": SCHEMA_APP, "version": version}},
    )
    return "".join(json.dumps(action) + "\n" for action in actions).encode()
