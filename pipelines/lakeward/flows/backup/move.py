"""Moves a lake to another place: copies it while its datasets are locked, compares, and closes it where it lay. Nothing is deleted."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lakeward.contracts.source import COLLECTED_SOURCES
from lakeward.core.errors import InvariantError, StoreConflictError, UsageError
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import EMBEDDED
from lakeward.core.storage import FileStore
from lakeward.core.storage.lake import Lake, store_of
from lakeward.core.storage.options import AzureOptions
from lakeward.engines.delta.pinned_versions import Versions, newest_versions
from lakeward.engines.factory import open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.backup.closed_lake import close_lake, is_unfinished
from lakeward.flows.backup.filling import FillCount, Filling, LakeFilling
from lakeward.flows.backup.lake_content import KEYS, UNFINISHED, is_written_once, lake_files
from lakeward.flows.backup.lake_places import lie_in_each_other
from lakeward.flows.backup.migration_record import MigrationRecord, last_record
from lakeward.flows.base.lake_schema import MOVED, SCHEMA_TABLE
from lakeward.flows.base.workspace import Workspace
from lakeward.sources.opening import Landing
from lakeward.sources.segments.journal import unfinished_journals
from lakeward.sources.segments.store import SegmentStore

# Rounds of copying what others, who hold no dataset, wrote meanwhile.
_ROUNDS = 20
# Lock of the lake as a whole, which is no name of a dataset; only migrations take it.
LAKE_LOCK = ".lake"
_SCHEMA = TableName(Layer.GOVERNANCE, SCHEMA_TABLE)


@contextmanager
def all_locked(engine: Engine) -> Iterator[None]:
    """Hold the lake and all its datasets until the end of the block: one that has no dataset has a lock too."""
    with ExitStack() as locks:
        locks.enter_context(engine.dataset_lock(LAKE_LOCK))
        datasets = sorted({info.name.name for info in engine.tables() if info.name.layer is not Layer.GOVERNANCE})
        for dataset in datasets:
            locks.enter_context(engine.dataset_lock(dataset))
        yield


def check_movable(workspace: Workspace, target: Lake) -> None:
    """Check that the lake can lie at the target.

    Raises:
        UsageError: One lies in the other, something else lies there, or a collector has not landed all that it took.
    """
    if lie_in_each_other(workspace.lake, target):
        raise UsageError("move_to_itself", lake=workspace.lake, place=target)
    _check_empty(workspace.lake, target)
    if isinstance(target.options, AzureOptions) and next(iter(store_of(workspace.lake.root()).walk(KEYS)), None):
        raise UsageError("lake_keys_not_in_azure", lake=target)
    _check_landed(workspace)


def _check_landed(workspace: Workspace) -> None:
    """Check that no rows of a collector wait on this machine: of a lake in an object store only segments move."""
    for name, contract in workspace.project.valid_contracts().items():
        if copies := Landing.of_lake(workspace.lake).segments(contract):
            copies.settle()
        if isinstance(contract.source, COLLECTED_SOURCES) and unfinished_journals(
            SegmentStore.of_dataset(Landing.of_lake(workspace.lake).folder, workspace.lake.names.stored_name(name)).folder
        ):
            raise UsageError("move_unlanded", dataset=name)


def _check_empty(lake: Lake, target: Lake) -> None:
    """Check that the folder or prefix is empty, or holds what the same move left when it was cut off."""
    record = last_record(store_of(lake.root()))
    is_resumed = record is not None and not record.after and record.to_place == str(target)
    if not is_resumed and _holds_something(target):
        raise UsageError("move_place_used", place=target)


def _holds_something(place: Lake) -> bool:
    if place.options is not None:
        return next(iter(store_of(place.root()).walk("")), None) is not None
    folder = place.files
    return folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))


@dataclass(frozen=True, slots=True)
class LakeMove:
    """A move of a workspace's lake.

    Args:
        engine: Session over the lake as it lies now, with all datasets locked.
        record: What the move is, with the versions before it.
    """

    workspace: Workspace
    engine: Engine
    target: Lake
    record: MigrationRecord

    def run(self) -> FillCount:
        """Copy, close the lake where it lay, and open it at the target.

        Raises:
            UsageError: There is another lake at the target.
            StoreConflictError: Others wrote all the time.
            InvariantError: A table at the target is not equal.
        """
        if self._is_at_target():
            return FillCount(0, 0, 0)
        source = self.workspace.lake
        from_store = source.options is not None
        filling = LakeFilling(self.target, f"{source} {self.record.id}", from_store=from_store, scratch=self.engine.scratch)
        count = self._copy_until_quiet(filling)
        close_lake(source, MOVED)  # who opened it before may still write
        count += self._copy_until_quiet(filling)
        self._compare()  # as long as the target is closed
        before = self.record.before.get(str(_SCHEMA))
        return count + filling.finish(self._fillings({} if before is None else {_SCHEMA: before}))

    def _is_at_target(self) -> bool:
        """Whether the target was opened by an attempt that was cut off before its record ended."""
        store = store_of(self.target.root())
        return self.record.stored_in(store) is not None and not store.exists(UNFINISHED) and not is_unfinished(store)

    def _copy_until_quiet(self, filling: LakeFilling) -> FillCount:
        """Copy until no one wrote a table meanwhile."""
        count = FillCount(0, 0, 0)
        for _ in range(_ROUNDS):
            versions = self._versions(self.workspace.lake)
            count += filling.write(self._fillings(versions))
            if self._versions(self.workspace.lake) == versions:
                return count
        raise StoreConflictError("backup_lake_busy", lake=self.workspace.lake)

    def _versions(self, lake: Lake) -> Versions:
        """Of all tables but that of the schema versions, which says where the lake lies."""
        return {name: version for name, version in newest_versions(lake.root()).items() if name != _SCHEMA}

    def _fillings(self, versions: Versions) -> Iterator[Filling]:
        store = store_of(self.workspace.lake.root())
        for file in lake_files(self.workspace.lake, versions):
            is_final = is_written_once(file.name) or "/_delta_log/0" in file.name
            content = partial(_content, store, file.name)
            yield Filling(name=file.name, size=file.size, sha256=None, content=content, is_final=is_final)
        for name, size, _ in store.walk(KEYS):
            content = partial(_content, store, f"{KEYS}/{name}")
            yield Filling(name=f"{KEYS}/{name}", size=size, sha256=None, content=content)

    def _compare(self) -> None:
        """Check that each table has the same version, rows, columns and transactions at both places."""
        there = open_engine(EMBEDDED, self.target, self.workspace.settings.memory)
        try:
            for name, version in self._versions(self.workspace.lake).items():
                if _description_of(self.engine, name) != _description_of(there, name):
                    raise InvariantError("move_differs", table=name, version=version, place=self.target)
        finally:
            there.close()


def _description_of(engine: Engine, name: TableName) -> object:
    info = engine.info(name)
    return (info and (info.version, info.rows, info.columns), dict(engine.transactions(name)))


@contextmanager
def _content(store: FileStore, name: str, copy: Path) -> Iterator[Path | None]:
    try:
        yield copy if store.download(name, copy) else None
    finally:
        copy.unlink(missing_ok=True)
