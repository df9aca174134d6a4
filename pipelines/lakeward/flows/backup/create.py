"""Makes a backup: pins the versions of all tables, stores what is new of their files and of the project, and names it in a manifest."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib import metadata

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.core.storage.folder import FolderStore
from lakeward.core.storage.lake import store_of
from lakeward.engines.delta.pinned_versions import Versions
from lakeward.engines.protocols import Engine
from lakeward.flows.backup.copying import ContentCopier, FileToCopy
from lakeward.flows.backup.lake_content import lake_files, pinned_versions
from lakeward.flows.backup.lake_places import lie_in_each_other
from lakeward.flows.backup.manifest import BackupTable, Manifest, NeededKey, Part, backup_id, origin_of
from lakeward.flows.backup.needed_keys import needed_keys
from lakeward.flows.backup.object_locks import check_lockable, lock_manifest, lock_objects
from lakeward.flows.backup.removal import alone_at
from lakeward.flows.backup.repository import BackupRepository, open_repository
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import ACCOUNTS_FILE, register_path
from lakeward.flows.base.lake_schema import SCHEMA_APP, SCHEMA_TABLE
from lakeward.flows.base.workspace import Workspace, open_workspace

# Folders of a project that are backed up whole, beside the register of accounts.
_PROJECT_FOLDERS = ("expectations", "dags")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupAnswer:
    """A backup that was made.

    Args:
        id: By which `restore` finds it.
        place: Folder or URL.
        tables: Number of tables.
        files: Number of files, of the lake and of the project.
        bytes: Bytes of these files.
        new_bytes: Bytes that were not stored there before.
        locked_until: Until when the store lets no one delete or change it; None where nothing keeps it.
        keys: Keys that are needed to read all of it, and that it does not hold.
    """

    id: str
    place: str
    tables: int
    files: int
    bytes: int
    new_bytes: int
    locked_until: str | None
    keys: tuple[NeededKey, ...]

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward backup --json`."""
        return fields_of(self)


def back_up(settings: Settings, address: str, immutable_days: int | None = None) -> BackupAnswer:
    """Back up the lake and its project; what is stored at the place already is not stored again.

    Args:
        address: Folder or URL of the backups.
        immutable_days: Days for which the store must let no one delete or change the backup; None for no such lock.

    Raises:
        UsageError: Something else lies at the place, it lies in the lake, or it can't lock objects.
        DataError: A file of the lake is missing, or was changed though it is written once: the last backup stays the last good one.
        StoreConflictError: Others committed all the time, or took the place over from a process that was not heard of.
        MachineError: The lake can't be read or the place can't be written.
    """
    workspace = open_workspace(settings)
    repository = open_repository(settings, address, workspace.project)
    _check_place(workspace, repository)
    repository.prepare()
    until = datetime.now(UTC) + timedelta(days=immutable_days) if immutable_days is not None else None
    if until:
        check_lockable(repository)
    with alone_at(repository) as lease:
        with workspace.engine() as engine:
            manifest = _store_content(workspace, engine, repository)
        if until:
            is_locked, at = (
                lock_objects(repository, (file.sha256 for file in manifest.files), until),
                until.isoformat(timespec="seconds"),
            )
            manifest = replace(manifest, locked_until=at if is_locked else None, kept_until=at)
        lease.check_now()
        name = repository.write_manifest(manifest)
        if until:
            lock_manifest(repository, name, until)
    return _answer(manifest, repository)


def _store_content(workspace: Workspace, engine: Engine, repository: BackupRepository) -> Manifest:
    """Store what the lake and the project consist of now; the manifest of it."""
    started = datetime.now(UTC)
    versions = pinned_versions(engine, workspace.lake)
    origin = origin_of(workspace.project.name, workspace.lake)
    previous = repository.newest(origin)
    copier = ContentCopier(repository, previous, engine.scratch)
    files = copier.copy([*_sources(workspace, versions)])
    return Manifest(
        id=backup_id(started),
        project=origin.project,
        lake=origin.lake,
        host=origin.host,
        is_remote=workspace.lake.options is not None,
        schema_version=max(engine.txn(governance.table_name(SCHEMA_TABLE), SCHEMA_APP), 1),
        program=metadata.version("lakeward"),
        started_at=started.isoformat(timespec="seconds"),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        stored=copier.stored,
        locked_until=None,
        tables=tuple(BackupTable(str(table), version) for table, version in sorted(versions.items())),
        keys=tuple(needed_keys(workspace, engine)),
        files=files,
    )


def _sources(workspace: Workspace, versions: Versions) -> Iterator[FileToCopy]:
    """The files to back up. The register comes last: it knows at least what the lake has seen of it."""
    lake, project = store_of(workspace.lake.root()), FolderStore(workspace.project.root)
    folder = None if workspace.lake.options else workspace.files
    for file in lake_files(workspace.lake, versions):
        yield FileToCopy(part=Part.LAKE, name=file.name, size=file.size, modified_at=file.modified_at, store=lake, folder=folder)
    for top in _PROJECT_FOLDERS:
        for name, size, modified_at in project.walk(top):
            if "__pycache__" not in name:
                yield FileToCopy(part=Part.PROJECT, name=f"{top}/{name}", size=size, modified_at=modified_at, store=project)
    register = register_path(workspace)
    if register.is_file():
        found = register.stat()
        yield FileToCopy(
            part=Part.PROJECT,
            name=str(ACCOUNTS_FILE),
            size=found.st_size,
            modified_at=found.st_mtime,
            store=FolderStore(register.parent),
            stored_name=register.name,
        )


def _check_place(workspace: Workspace, repository: BackupRepository) -> None:
    """Check that neither of lake and backups lies in the other."""
    if lie_in_each_other(workspace.lake, repository.place):
        raise UsageError("backup_place_in_lake", place=repository.place, lake=workspace.lake)


def _answer(manifest: Manifest, repository: BackupRepository) -> BackupAnswer:
    return BackupAnswer(
        id=manifest.id,
        place=str(repository.place),
        tables=len(manifest.tables),
        files=len(manifest.files),
        bytes=manifest.size,
        new_bytes=manifest.stored,
        locked_until=manifest.locked_until,
        keys=manifest.keys,
    )
