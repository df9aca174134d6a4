"""The landing of a lake in an object store: received files and the ledger lie there; this machine has copies of what it reads.

A file is stored before the manifest that names it, and a manifest before a batch is planned with it. Call all of this under the lock of
the dataset.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lakeward.core.errors import StoreConflictError
from lakeward.core.storage.bucket import BucketStore
from lakeward.sources.file_copy import scratch_file

_CONTENT = re.compile(r"[0-9a-f]{64}")
_LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class LandingCopies:
    """The landing of one dataset in an object store, with this machine's copies.

    Args:
        folder: Folder of the copies.
        prefix: Name of the landing in the store.
    """

    store: BucketStore
    folder: Path
    prefix: str

    def sync(self) -> None:
        """Fetch manifests that are not here, and store manifests and files that are not there.

        A manifest that was never stored, and whose number another machine took meanwhile, is replaced by the one that is stored: no
        batch was planned with it, and its files count as new.

        Raises:
            StoreConflictError: Another machine stored a manifest of the same number at the same time.
            MachineError: The store can't be reached, or refuses.
        """
        there = self.store.list_names(f"{self.prefix}/{_LEDGER}")
        stored = self._stored_count()
        here = self._manifests()
        for name in there:
            if name not in here or int(Path(name).stem) > stored:
                self._fetch(f"{_LEDGER}/{name}")
        if new := sorted(set(here) - set(there)):
            self._store(new)
        self._mark_stored(len(there) + len(new))

    def fetch(self, sha256: str) -> None:
        """Fetch the received file, unless it is here or was discarded."""
        if not (self.folder / sha256).exists():
            self._fetch(sha256)

    def delete(self, sha256: str) -> None:
        """Delete the received file from the store."""
        self.store.delete(f"{self.prefix}/{sha256}")

    def _store(self, manifests: Collection[str]) -> None:
        there = set(self.store.list_names(self.prefix))
        for file in sorted(self.folder.glob("*")):
            if _CONTENT.fullmatch(file.name) and file.name not in there:
                self.store.upload(file, f"{self.prefix}/{file.name}")
        for name in manifests:
            key, data = f"{self.prefix}/{_LEDGER}/{name}", (self.folder / _LEDGER / name).read_bytes()
            if not self.store.create(key, data) and self.store.read(key) != data:
                raise StoreConflictError("landing_taken", file=key)

    def _manifests(self) -> set[str]:
        return {path.name for path in (self.folder / _LEDGER).glob("[0-9]*.json")}

    def _fetch(self, name: str) -> None:
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_file(target.parent) as draft:
            if self.store.download(f"{self.prefix}/{name}", draft):
                draft.replace(target)

    @property
    def _mark(self) -> Path:
        return self.folder / ".stored"

    def _stored_count(self) -> int:
        """Number of the last manifest that this machine knows to be stored."""
        try:
            return int(self._mark.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def _mark_stored(self, count: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._mark.write_text(str(count), encoding="ascii")
