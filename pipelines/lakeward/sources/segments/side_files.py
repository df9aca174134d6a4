"""What lies beside segments, in an object store: versions of mappings and schemas, and what is known with a window.

A file that is known with a window has the number of its last segment in its name, and counts from the moment on in which the segment does.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lakeward.core.storage.bucket import CopiedBucket
from lakeward.core.storage.folder import FolderStore

# Folders of versions, each named by the first segment that it holds for; and the one of what is known with a window.
_VERSIONS, _WINDOWS = ("series", "schemas"), "windows"
# Names in the folder of windows that are of this machine: the lock, and windows that are being landed.
_OF_A_MACHINE = ("lock", "ready-", ".")
# File of the tags and hashes of what is the same here and there.
_NOTE = ".side_files.json"


@dataclass(frozen=True, slots=True)
class SideFiles:
    """The files beside the segments of one dataset.

    Args:
        folder: Folder of the dataset in the landing of this machine.
        prefix: Name of the same in the store.
    """

    store: CopiedBucket
    folder: Path
    prefix: str

    def fetch(self, newest: int) -> None:
        """Take over what other machines stored.

        Args:
            newest: Number of the newest segment that counts.

        Raises:
            MachineError: The store can't be reached, or refuses.
        """
        noted, found = self._read_note(), self._stored_files(newest)
        for name, (key, tag) in found.items():
            if noted.get(name, {}).get("tag") != tag and (content := self.store.read(key)) is not None:
                FolderStore(self.folder).replace(name, content)
                noted[name] = {"tag": tag, "sha256": hashlib.sha256(content).hexdigest()}
        self._note(noted)

    def store_changed(self, number: int) -> None:
        """Store what changed here.

        Args:
            number: Number of the newest segment once all segments are stored.

        Raises:
            MachineError: The store can't be reached, or refuses.
        """
        noted = self._read_note()
        for name, content in self._local():
            sha256 = hashlib.sha256(content).hexdigest()
            if noted.get(name, {}).get("sha256") == sha256:
                continue
            noted[name] = {"tag": self.store.replace_tagged(self._key(name, number), content), "sha256": sha256}
        self._note(noted)

    def has_changed(self) -> bool:
        """Whether something here is not stored yet."""
        noted = self._read_note()
        return any(noted.get(name, {}).get("sha256") != hashlib.sha256(content).hexdigest() for name, content in self._local())

    def _stored_files(self, newest: int) -> dict[str, tuple[str, str]]:
        """Name here -> name in the store and tag of what counts there."""
        found: dict[str, tuple[str, str]] = {}
        for folder in _VERSIONS:
            for name, tag in self.store.list_tags(f"{self.prefix}/{folder}", None):
                found[f"{folder}/{name}"] = f"{self.prefix}/{folder}/{name}", tag
        for name, tag in list(self.store.list_tags(f"{self.prefix}/{_WINDOWS}", None)):  # in the order of numbers
            number, _, file = name.partition("/")
            key, before = f"{self.prefix}/{_WINDOWS}/{name}", found.get(f"{_WINDOWS}/{file}")
            if int(number) > newest:  # of a window that never counted: it must not do so when others have this number
                self.store.delete(key)
                continue
            if before:
                self.store.delete(before[0])
            found[f"{_WINDOWS}/{file}"] = key, tag
        return found

    def _local(self) -> Iterator[tuple[str, bytes]]:
        for folder in (*_VERSIONS, _WINDOWS):
            for path in sorted((self.folder / folder).glob("*")):
                if path.is_file() and not path.name.startswith(_OF_A_MACHINE):
                    yield f"{folder}/{path.name}", path.read_bytes()

    def _key(self, name: str, number: int) -> str:
        folder, _, file = name.partition("/")
        return f"{self.prefix}/{folder}/{number:020d}/{file}" if folder == _WINDOWS else f"{self.prefix}/{name}"

    def _read_note(self) -> dict[str, Mapping[str, str]]:
        try:
            found: dict[str, Mapping[str, str]] = json.loads((self.folder / _NOTE).read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return found

    def _note(self, noted: Mapping[str, Mapping[str, str]]) -> None:
        FolderStore(self.folder).replace(_NOTE, json.dumps(noted).encode())
