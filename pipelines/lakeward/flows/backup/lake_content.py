"""The files that a lake consists of at pinned versions of its tables: what a copy of it needs, and no more."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from lakeward.core.errors import StoreConflictError
from lakeward.core.names import Layer, TableName
from lakeward.core.storage import FileStore
from lakeward.core.storage.lake import Lake, store_of
from lakeward.engines.delta.pinned_versions import Versions, pin_versions, version_files
from lakeward.engines.protocols import Engine

# Waits between looks at all tables, in seconds: first beside running batches, then with all datasets locked.
_FREE_WAITS, _LOCKED_WAITS = (0.2, 0.5, 1.0), (0.1,) * 20
# Work files, locks and copies of one machine.
_OF_A_MACHINE = frozenset({".scratch", ".turns", ".leases", ".probe", ".store_checked"})
# Keys are carried by people, apart from what they open.
KEYS = ".keys"
# What a restore or a move that has not ended knows of itself.
UNFINISHED = ".unfinished.json"
# Names of files that are written once: rows of tables, and received files under their hashes.
_WRITTEN_ONCE = re.compile(rf"(?:{'|'.join(Layer)})/.+\.parquet|landing/[^/]+/[0-9a-f]{{64}}")


@dataclass(frozen=True, slots=True)
class LakeFile:
    """A file of a lake.

    Args:
        name: Below the lake.
        modified_at: Seconds since 1970.
    """

    name: str
    size: int
    modified_at: float

    @property
    def is_written_once(self) -> bool:
        """Whether Lakeward never writes it again under this name, so that other bytes in it are damage."""
        return is_written_once(self.name)


def is_written_once(name: str) -> bool:
    """As `LakeFile.is_written_once`, of a name."""
    return _WRITTEN_ONCE.fullmatch(name) is not None and "/_delta_log/" not in name


def pinned_versions(engine: Engine, lake: Lake) -> Versions:
    """The versions of all tables at one instant; where batches run all the time, they wait for it.

    Raises:
        StoreConflictError: Others committed to governance tables at every look (`backup_lake_busy`).
    """
    root = lake.root()
    if (found := pin_versions(root, _FREE_WAITS)) is not None:
        return found
    datasets = sorted({info.name.name for info in engine.tables() if info.name.layer is not Layer.GOVERNANCE})
    with ExitStack() as locks:
        for dataset in datasets:
            locks.enter_context(engine.dataset_lock(dataset))
        found = pin_versions(root, _LOCKED_WAITS)
    if found is None:
        raise StoreConflictError("backup_lake_busy", lake=lake)
    return found


def lake_files(lake: Lake, versions: Versions) -> Iterator[LakeFile]:
    """The files of these versions, and all that lies beside the tables.

    Raises:
        DataError: A table's log can't be read, or a file of its version is missing.
        MachineError: The lake can't be read.
    """
    root = lake.root()
    for table, version in sorted(versions.items()):
        for file in version_files(root / table.layer / table.name, table, version):
            yield LakeFile(f"{table.layer}/{table.name}/{file.path}", file.size, file.modified_at)
    yield from _other_files(store_of(root))


def _other_files(store: FileStore) -> Iterator[LakeFile]:
    layers = set(map(str, Layer))
    for folder in store.list_folders(""):
        if folder not in layers | _OF_A_MACHINE | {KEYS}:
            for name, size, modified_at in store.walk(folder):
                yield LakeFile(f"{folder}/{name}", size, modified_at)
    for name in store.list_names(""):
        if name not in _OF_A_MACHINE | {UNFINISHED} and (content := store.read(name)) is not None:
            yield LakeFile(name, len(content), time.time())  # of now: it is small, and read each time


def table_of(name: str) -> TableName | None:
    """The table that a file of a lake belongs to; None for what lies beside the tables."""
    layer, _, rest = name.partition("/")
    return TableName(Layer(layer), rest.partition("/")[0]) if layer in set(map(str, Layer)) else None
