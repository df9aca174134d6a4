"""Lists the backups of a place, and verifies that each of their files is what was stored."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lakeward.contracts.project import Project, find_project, load_project
from lakeward.core.errors import DataError, LakewardError
from lakeward.core.settings import Settings
from lakeward.flows.backup.manifest import BackupFile, Manifest, id_of_name
from lakeward.flows.backup.repository import BackupRepository, object_name, open_repository
from lakeward.flows.base.answers import fields_of

# Objects read at once.
_WORKERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedBackup:
    """A backup.

    Args:
        id: By which `restore` finds it.
        project: Name of the project; None of a damaged manifest.
        tables: Number of tables.
        files: Number of files.
        bytes: Bytes of these files.
        new_bytes: Bytes that it added to the place.
        locked_until: Until when the store lets no one delete or change it.
        is_whole: Whether its manifest is what was written; its files are looked at by `backup verify`.
    """

    id: str
    project: str | None
    tables: int | None
    files: int | None
    bytes: int | None
    new_bytes: int | None
    locked_until: str | None
    is_whole: bool

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward backup list --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedFile:
    """A file of a backup that can't be restored.

    Args:
        backups: Ids of the backups that it is part of.
        file: Name of the file below the lake or the project, or of a manifest.
        stored_as: Name of its object in the place of backups.
        is_missing: Whether the object is missing; otherwise it has other bytes.
    """

    backups: tuple[str, ...]
    file: str
    stored_as: str
    is_missing: bool

    def as_dict(self) -> dict[str, object]:
        """`backups, file, stored_as, is_missing`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupVerification:
    """What was verified.

    Args:
        backups: Number of backups.
        objects: Number of objects whose hashes were computed.
        bytes: Their bytes.
        damaged: What can't be restored.
    """

    backups: int
    objects: int
    bytes: int
    damaged: tuple[DamagedFile, ...]

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward backup verify --json`."""
        return fields_of(self)


def list_backups(settings: Settings, address: str) -> list[ListedBackup]:
    """The backups at this folder or URL, oldest first.

    Raises:
        UsageError: It is no place of backups.
        MachineError: It can't be read.
    """
    repository = open_repository(settings, address, _project(settings))
    return [_list_entry(repository, name) for name in repository.manifest_names()]


def verify_backups(settings: Settings, address: str, backup: str | None = None) -> BackupVerification:
    """Compute the hashes of all that the backups consist of.

    Args:
        backup: Id of one backup; None for all.

    Raises:
        UsageError: It is no place of backups, or there is no such backup.
        MachineError: It can't be read.
    """
    repository = open_repository(settings, address, _project(settings))
    names = [name for name in repository.manifest_names() if backup in (None, id_of_name(name))]
    if not names:
        repository.find(backup)  # says that there is none
    manifests, damaged = _manifests(repository, names)
    users: dict[str, list[str]] = {}
    files: dict[str, BackupFile] = {}
    for manifest in manifests:
        for file in manifest.files:
            files.setdefault(file.sha256, file)
            users.setdefault(file.sha256, []).append(manifest.id)
    with TemporaryDirectory() as scratch:
        bad = damaged_files(repository, files.values(), Path(scratch))
    damaged += [
        DamagedFile(
            backups=tuple(dict.fromkeys(users[file.sha256])),
            file=file.name,
            stored_as=object_name(file.sha256),
            is_missing=not repository.store.exists(object_name(file.sha256)),
        )
        for file in bad
    ]
    read = sum(file.size for file in files.values())
    return BackupVerification(backups=len(names), objects=len(files), bytes=read, damaged=tuple(damaged))


def damaged_files(repository: BackupRepository, files: Iterable[BackupFile], scratch: Path) -> list[BackupFile]:
    """Those of the files whose contents are missing or have another hash; contents that several share are read once.

    Args:
        scratch: Folder for copies.
    """
    contents = [*{file.sha256: file for file in files}.values()]
    with ThreadPoolExecutor(_WORKERS) as pool:
        whole = pool.map(lambda file: _is_whole(repository, file, scratch), contents)
        return [file for file, is_whole in zip(contents, whole, strict=True) if not is_whole]


def _project(settings: Settings) -> Project | None:
    """The project, for how it reaches stores; None outside of one."""
    try:
        return load_project(find_project(settings.start))
    except LakewardError:
        return None


def _list_entry(repository: BackupRepository, name: str) -> ListedBackup:
    try:
        found = repository.manifest(name)
    except DataError:
        nothing = dict.fromkeys(("project", "tables", "files", "bytes", "new_bytes", "locked_until"))
        return ListedBackup(id=id_of_name(name), is_whole=False, **nothing)
    return ListedBackup(
        id=found.id,
        project=found.project,
        tables=len(found.tables),
        files=len(found.files),
        bytes=found.size,
        new_bytes=found.stored,
        locked_until=found.locked_until,
        is_whole=True,
    )


def _manifests(repository: BackupRepository, names: list[str]) -> tuple[list[Manifest], list[DamagedFile]]:
    found, damaged = [], []
    for name in names:
        try:
            found.append(repository.manifest(name))
        except DataError:
            damaged.append(DamagedFile(backups=(id_of_name(name),), file=name, stored_as=f"backups/{name}", is_missing=False))
    return found, damaged


def _is_whole(repository: BackupRepository, file: BackupFile, scratch: Path) -> bool:
    with repository.content(file.sha256, scratch / file.sha256) as content:
        return content is not None
