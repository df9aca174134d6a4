"""Copies files into a place of backups: what is there is not stored again, and what did not change since the last backup is not read again."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from lakeward.core.errors import DataError
from lakeward.core.storage import FileStore
from lakeward.flows.backup.lake_content import is_written_once, table_of
from lakeward.flows.backup.manifest import BackupFile, Manifest, Part
from lakeward.flows.backup.repository import BackupRepository, file_hash

# Files read and stored at once.
_WORKERS = 8
# Seconds: a file that changed so shortly before the last backup may have changed again within the resolution of its time.
_RACY = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileToCopy:
    """A file to back up.

    Args:
        name: Its name in the backup.
        modified_at: Seconds since 1970.
        store: Where it lies.
        folder: Folder of the store where files lie as they are; None to read a copy.
        stored_name: Its name in the store, if it has another there.
    """

    part: Part
    name: str
    size: int
    modified_at: float
    store: FileStore
    folder: Path | None = None
    stored_name: str | None = None


class ContentCopier:
    """Copies the files of one backup.

    Args:
        previous: The last backup; None before the first.
        scratch: Folder for copies, which only this process uses.
    """

    def __init__(self, repository: BackupRepository, previous: Manifest | None, scratch: Path) -> None:
        self.stored = 0
        self._counting = Lock()
        self._repository, self._previous, self._scratch = repository, previous, scratch
        self._known = {(file.part, file.name): file for file in previous.files} if previous else {}
        self._trusted_before = datetime.fromisoformat(previous.started_at).timestamp() - _RACY if previous else 0.0

    def copy(self, sources: Sequence[FileToCopy]) -> tuple[BackupFile, ...]:
        """Store the files; those that are gone meanwhile and belong to no table are left out.

        Raises:
            DataError: A file of a table is gone, or files were changed that are written once.
        """
        with ThreadPoolExecutor(_WORKERS) as pool:
            found = [*pool.map(self._copy_one, sources[:-1])]
        found += map(self._copy_one, sources[-1:])
        files = tuple(file for file in found if file)
        changed = sorted(file.name for file in files if self._is_damaged(file))
        if changed and self._previous:
            raise DataError("backup_files_changed", files=len(changed), file=changed[0], backup=self._previous.id)
        return files

    def _copy_one(self, source: FileToCopy) -> BackupFile | None:
        known = self._known.get((source.part, source.name))
        if known and self._is_unchanged(source, known):
            return known
        with self._content(source) as file:
            if file is None:
                if table := table_of(source.name) if source.part is Part.LAKE else None:
                    raise DataError("backup_table_damaged", table=table, file=source.name, files=1)
                return None
            sha256, size = file_hash(file), file.stat().st_size
            found = BackupFile(part=source.part, name=source.name, size=size, modified_at=source.modified_at, sha256=sha256)
            if not self._is_damaged(found) and self._repository.add(file, sha256):
                with self._counting:
                    self.stored += size
        return found

    def _is_unchanged(self, source: FileToCopy, known: BackupFile) -> bool:
        same = (source.size, source.modified_at) == (known.size, known.modified_at)
        is_old = source.modified_at < self._trusted_before
        return same and is_old and self._repository.is_stored(known.sha256, known.size)

    def _is_damaged(self, file: BackupFile) -> bool:
        known = self._known.get((file.part, file.name))
        return known is not None and file.part is Part.LAKE and is_written_once(file.name) and known.sha256 != file.sha256

    @contextmanager
    def _content(self, source: FileToCopy) -> Iterator[Path | None]:
        """The file as it is or, where it can change meanwhile or lies in an object store, a copy; None if it is gone."""
        name = source.stored_name or source.name
        if source.folder and is_written_once(source.name):
            path = source.folder / name
            yield path if path.is_file() else None
            return
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            yield folder / "content" if source.store.download(name, folder / "content") else None
        finally:
            shutil.rmtree(folder, ignore_errors=True)
