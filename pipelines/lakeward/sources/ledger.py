"""What was received, in what order, for ever: numbered manifests that are put once and never changed.

A manifest's number is the fence between two processes: the second to take it must look again. Refuses to go on over a hole.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lakeward.contracts.record_format import FileFormat
from lakeward.core.errors import InvariantError
from lakeward.core.names import Sha256
from lakeward.sources.copying import scratch_file, sync_folder
from lakeward.sources.folder import Delivery


@dataclass(frozen=True, slots=True)
class Landed:
    """A delivery whose bytes are in the landing.

    Args:
        fault: Message code of why it can't be read as `format` at all.
    """

    delivery: Delivery
    sha256: Sha256
    format: FileFormat
    fault: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """An input of the source: a delivery with content that was new.

    Args:
        seq: Its number, from 1 without holes.
        received: When it was entered.
    """

    seq: int
    landed: Landed
    received: datetime


@dataclass(frozen=True, slots=True)
class Book:
    """The ledger as one reading found it.

    Args:
        manifests: How many there are.
        again: Deliveries whose content was known, under this or another name.
    """

    manifests: int
    entries: tuple[Entry, ...]
    again: frozenset[Delivery]

    @property
    def deliveries(self) -> frozenset[Delivery]:
        """All that was received."""
        return self.again | {entry.landed.delivery for entry in self.entries}

    @property
    def contents(self) -> frozenset[Sha256]:
        """All content that was received."""
        return frozenset(entry.landed.sha256 for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The manifests in one folder."""

    folder: Path

    def read(self) -> Book:
        """All that was entered so far.

        Raises:
            InvariantError: A manifest or an input number is missing: someone removed it.
        """
        numbers = [int(path.stem) for path in self.folder.glob("[0-9]*.json")]
        manifests = [self._manifest(number) for number in range(1, max(numbers, default=0) + 1)]
        entries = tuple(_entry(item, manifest["received"]) for manifest in manifests for item in manifest["inputs"])
        for place, entry in enumerate(entries, 1):
            if entry.seq != place:
                raise InvariantError("ledger_hole", folder=self.folder, expected=place, found=entry.seq)
        again = frozenset(Delivery(**item) for manifest in manifests for item in manifest["again"])
        return Book(len(manifests), entries, again)

    def enter(self, landed: Sequence[Landed], now: datetime) -> int:
        """Enter what is new among `landed`; the number of new inputs.

        Raises:
            OSError: The manifest can't be written.
        """
        while True:
            book = self.read()
            unseen = [one for one in landed if one.delivery not in book.deliveries]
            if not unseen:
                return 0
            new = {one.sha256: one for one in reversed(unseen) if one.sha256 not in book.contents}
            inputs = [one for one in unseen if new.get(one.sha256) is one]
            manifest = {
                "received": now.isoformat(),
                "inputs": [_item(seq, one) for seq, one in enumerate(inputs, len(book.entries) + 1)],
                "again": [asdict(one.delivery) for one in unseen if one not in inputs],
            }
            if self._put(book.manifests + 1, manifest):
                return len(inputs)

    def _path(self, number: int) -> Path:
        # Twenty digits hold every 64-bit number, so names sort as numbers do.
        return self.folder / f"{number:020d}.json"

    def _manifest(self, number: int) -> Any:
        try:
            return json.loads(self._path(number).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InvariantError("ledger_hole", folder=self.folder, expected=number, found=number + 1) from None

    def _put(self, number: int, manifest: dict[str, Any]) -> bool:
        """Whether the manifest got the number; another process may have taken it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with scratch_file(self.folder) as draft:
            with draft.open("w", encoding="utf-8") as file:
                json.dump(manifest, file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            try:
                self._path(number).hardlink_to(draft)
            except FileExistsError:
                return False
        sync_folder(self.folder)
        return True


def _item(seq: int, one: Landed) -> dict[str, Any]:
    return {"seq": seq, **asdict(one.delivery), "sha256": one.sha256, "format": one.format, "fault": one.fault}


def _entry(item: dict[str, Any], received: str) -> Entry:
    delivery = Delivery(item["name"], item["size"], item["mtime_ns"])
    landed = Landed(delivery, Sha256(item["sha256"]), FileFormat(item["format"]), item["fault"])
    return Entry(item["seq"], landed, datetime.fromisoformat(received))
