"""The ledger of received files in order: numbered manifests that are written once and never changed.

A manifest number can be taken once; a second process reads the ledger again. A missing number is an error.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import KW_ONLY, asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lakeward.contracts.record_format import FileFormat
from lakeward.core.drop_folder import DeliveredFile
from lakeward.core.errors import InvariantError
from lakeward.core.names import Sha256
from lakeward.core.storage.links import link_new
from lakeward.sources.file_copy import CopyResult, scratch_file, sync_folder


@dataclass(frozen=True, slots=True)
class LandedFile:
    """A landed file.

    Args:
        fault: Message code if it can't be read as `format`.
        unpacked: Identity and size of what was packed in it; None: it is read as it was received.
    """

    file: DeliveredFile
    sha256: Sha256
    format: FileFormat
    fault: str | None
    _: KW_ONLY
    unpacked: CopyResult | None = None

    @property
    def content(self) -> CopyResult:
        """What is read: the same whether it came packed or not."""
        return self.unpacked or CopyResult(self.sha256, self.file.size)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An input of the source: a file with new content.

    Args:
        seq: Its number, from 1 without gaps.
        received: Time of its entry.
    """

    seq: int
    landed: LandedFile
    received: datetime


@dataclass(frozen=True, slots=True)
class LedgerState:
    """The contents of the ledger at one time.

    Args:
        manifests: Number of manifests.
        duplicates: Files whose content was already known, under this or another name.
    """

    manifests: int
    entries: tuple[LedgerEntry, ...]
    duplicates: frozenset[DeliveredFile]

    @property
    def files(self) -> frozenset[DeliveredFile]:
        """All received files."""
        return self.duplicates | {entry.landed.file for entry in self.entries}

    @property
    def contents(self) -> frozenset[Sha256]:
        """All content that was received, unpacked."""
        return frozenset(entry.landed.content.sha256 for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The manifests in one folder."""

    folder: Path

    def read(self) -> LedgerState:
        """Read all entries.

        Raises:
            InvariantError: A manifest or an input number is missing, because it was removed.
        """
        numbers = [int(path.stem) for path in self.folder.glob("[0-9]*.json")]
        manifests = [self._manifest(number) for number in range(1, max(numbers, default=0) + 1)]
        entries = tuple(_entry(item, manifest["received"]) for manifest in manifests for item in manifest["inputs"])
        for seq, entry in enumerate(entries, 1):
            if entry.seq != seq:
                raise InvariantError("ledger_hole", folder=self.folder, expected=seq, found=entry.seq)
        duplicates = frozenset(DeliveredFile(**item) for manifest in manifests for item in manifest["again"])
        return LedgerState(len(manifests), entries, duplicates)

    def record(self, landed: Sequence[LandedFile], now: datetime) -> int:
        """Enter the new files of `landed`; returns the number of new inputs.

        Raises:
            OSError: The manifest can't be written.
        """
        while True:
            state = self.read()
            unseen = [landed_file for landed_file in landed if landed_file.file not in state.files]
            if not unseen:
                return 0
            known = state.contents
            new = {landed_file.content.sha256: landed_file for landed_file in reversed(unseen)}
            inputs = [file for file in unseen if new[file.content.sha256] is file and file.content.sha256 not in known]
            manifest = {
                "received": now.isoformat(),
                "inputs": [_item(seq, landed_file) for seq, landed_file in enumerate(inputs, len(state.entries) + 1)],
                "again": [asdict(landed_file.file) for landed_file in unseen if landed_file not in inputs],
            }
            if self._write_manifest(state.manifests + 1, manifest):
                return len(inputs)

    def _path(self, number: int) -> Path:
        # Twenty digits hold every 64-bit number, so names sort as numbers do.
        return self.folder / f"{number:020d}.json"

    def _manifest(self, number: int) -> Any:
        try:
            return json.loads(self._path(number).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InvariantError("ledger_hole", folder=self.folder, expected=number, found=number + 1) from None

    def _write_manifest(self, number: int, manifest: dict[str, Any]) -> bool:
        """Write the manifest; False if another process has taken its number."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with scratch_file(self.folder) as draft:
            with draft.open("w", encoding="utf-8") as file:
                json.dump(manifest, file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            try:
                link_new(draft, self._path(number))
            except FileExistsError:
                return False
        sync_folder(self.folder)
        return True


def _item(seq: int, landed: LandedFile) -> dict[str, Any]:
    item = {"seq": seq, **asdict(landed.file), "sha256": landed.sha256, "format": landed.format, "fault": landed.fault}
    return item | ({"unpacked": asdict(landed.unpacked)} if landed.unpacked else {})


def _entry(item: dict[str, Any], received: str) -> LedgerEntry:
    delivery = DeliveredFile(item["name"], item["size"], item["mtime_ns"])
    unpacked = CopyResult(Sha256(item["unpacked"]["sha256"]), item["unpacked"]["size"]) if "unpacked" in item else None
    landed = LandedFile(delivery, Sha256(item["sha256"]), FileFormat(item["format"]), item["fault"], unpacked=unpacked)
    return LedgerEntry(item["seq"], landed, datetime.fromisoformat(received))
