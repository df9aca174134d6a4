"""The place of backups: a folder or a URL, with each content once under its hash, and one manifest per backup.

A manifest is written after all that it names, so a backup that was cut off has none, and what it stored is used by the next one.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from lakeward.contracts.lake_storage import LakeStorage
from lakeward.contracts.project import Project
from lakeward.core.errors import DataError, MachineError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.storage import FileStore
from lakeward.core.storage.folder import FolderStore
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.object_lock import ObjectLocks
from lakeward.core.storage.options import S3Options
from lakeward.flows.backup.manifest import SHA256, BackupOrigin, Manifest, id_of_name, manifest_name, read_manifest
from lakeward.flows.base.connections import connection_of
from lakeward.flows.base.lake import lake_at_url

# Objects of a place of backups.
_MARK, _MARK_TEXT = "lakeward-backups.json", b'{"format": 1}\n'
OBJECTS, MANIFESTS = "objects", "backups"
# Permissions of its files: they hold what the tables hold.
_PRIVATE = 0o600


class BackupRepository:
    """The backups at one place.

    Args:
        place: The folder or URL.
    """

    def __init__(self, place: Lake) -> None:
        self.place = place
        self.store: FileStore = place.bucket() or FolderStore(place.files, _PRIVATE)
        self._stored: dict[str, int] | None = None

    def prepare(self) -> None:
        """Make the place ready to take a backup.

        Raises:
            UsageError: Something else lies there.
            MachineError: It can't be written.
        """
        with place_faults(self.place):
            if self.store.exists(_MARK):
                return
            if next(iter(self.store.walk("")), None) is not None:
                raise UsageError("backup_place_used", place=self.place)
            self.store.create(_MARK, _MARK_TEXT)

    def manifest_names(self) -> list[str]:
        """Names of the manifests, oldest first.

        Raises:
            UsageError: It is no place of backups.
        """
        with place_faults(self.place):
            names = self.store.list_names(MANIFESTS)
            kept = {name.rpartition("/")[2] for name, _ in self.locks.versions(f"{MANIFESTS}/")} if self.locks else ()
            if not names and not kept and not self.store.exists(_MARK):
                raise UsageError("backup_place_missing", place=self.place)
            return sorted({*names, *kept})

    def manifest(self, name: str) -> Manifest:
        """The manifest of this name.

        Raises:
            DataError: It was changed or is missing.
        """
        with place_faults(self.place):
            content = self.store.read(f"{MANIFESTS}/{name}") or b""
        if manifest_name(id_of_name(name), content) != name and self.locks:
            with TemporaryDirectory() as folder:
                file = Path(folder) / name
                self._find_version(
                    f"{MANIFESTS}/{name}", file, lambda: manifest_name(id_of_name(name), file.read_bytes()) == name
                )
                content = file.read_bytes() if file.exists() else b""
        return read_manifest(name, content)

    def find(self, wanted: str | None) -> Manifest:
        """The backup of this id, or the newest.

        Raises:
            UsageError: There is none.
            DataError: Its manifest was changed.
        """
        names = self.manifest_names()
        found = [name for name in names if wanted is None or id_of_name(name) == wanted]
        if not found:
            newest = ", ".join(id_of_name(name) for name in names[-3:]) or "-"
            raise UsageError("backup_not_found", place=self.place, backup=ascii(wanted or "-"), newest=newest)
        return self.manifest(found[-1])

    def newest(self, origin: BackupOrigin) -> Manifest | None:
        """The newest backup of this lake whose manifest is whole; None before the first. Others may share the place."""
        for name in reversed(self.manifest_names()):
            with suppress(DataError):
                found = self.manifest(name)
                if found.origin == origin:
                    return found
        return None

    def write_manifest(self, manifest: Manifest) -> str:
        """Write the manifest, which makes the backup; returns the name of its object."""
        content = manifest.to_bytes()
        name = f"{MANIFESTS}/{manifest_name(manifest.id, content)}"
        with place_faults(self.place):
            self.store.create(name, content)
        return name

    def add(self, file: Path, sha256: str) -> bool:
        """Store the content of a file under its hash; False if it is stored already."""
        size = file.stat().st_size
        if self.is_stored(sha256, size):
            return False
        with place_faults(self.place):
            self.store.upload(file, object_name(sha256))
        self._stored_sizes()[sha256] = size
        return True

    def is_stored(self, sha256: str, size: int) -> bool:
        """Whether there is an object of this hash and size."""
        with place_faults(self.place):
            return self._stored_sizes().get(sha256) == size

    @contextmanager
    def content(self, sha256: str, scratch: Path) -> Iterator[Path | None]:
        """The stored content as a file; None if it is missing or has another hash, and no locked version has this one.

        Args:
            scratch: Path for a copy of what lies in an object store.
        """
        name = object_name(sha256)
        if not self.place.options:
            file = self.place.files / name
            with place_faults(self.place):
                is_whole = file.is_file() and file_hash(file) == sha256
            yield file if is_whole else None
            return
        try:
            is_whole = self.store.download(name, scratch) and file_hash(scratch) == sha256
            yield scratch if is_whole or self._find_version(name, scratch, lambda: file_hash(scratch) == sha256) else None
        finally:
            scratch.unlink(missing_ok=True)

    def _find_version(self, name: str, file: Path, is_right: Callable[[], bool]) -> bool:
        """Download versions of the object until one is right; False if none is."""
        locks = self.locks
        if locks is None:
            return False
        for found, version in locks.versions(name):
            if found == name:
                locks.download(name, version, file)
                if is_right():
                    return True
        return False

    @cached_property
    def locks(self) -> ObjectLocks | None:
        """The locks of a bucket that keeps some."""
        place = self.place
        locks = ObjectLocks(place.address, place.options) if isinstance(place.options, S3Options) else None
        return locks if locks and locks.is_available() else None

    def _stored_sizes(self) -> dict[str, int]:
        if self._stored is None:
            objects = ((name.rpartition("/")[2], size) for name, size, _ in self.store.walk(OBJECTS))
            self._stored = {name: size for name, size in objects if SHA256.fullmatch(name)}
        return self._stored


@contextmanager
def place_faults(place: Lake) -> Iterator[None]:
    """Raise failures of the machine at a place of backups as `MachineError`."""
    try:
        yield
    except OSError as error:
        raise MachineError("backup_place_fault", place=place, found=error.strerror or type(error).__name__) from error


def open_repository(settings: Settings, address: str, project: Project | None) -> BackupRepository:
    """The place of backups at this folder or URL.

    Raises:
        SettingsError: The URL is not valid, or there are no credentials for it.
        MachineError: The extra `s3` is missing.
    """
    root = project.root if project else settings.start
    storage = project.storage if project else LakeStorage()
    if "://" not in address:
        return BackupRepository(Lake.in_folder(str(Path(address).expanduser().absolute())))
    return BackupRepository(lake_at_url(address, root, storage, settings, partial(connection_of, root, settings)))


def object_name(sha256: str) -> str:
    """Name of the object that has the content of this hash."""
    return f"{OBJECTS}/{sha256[:2]}/{sha256}"


def file_hash(file: Path) -> str:
    """SHA-256 of the file's bytes, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
