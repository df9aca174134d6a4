"""Gaps on disk, so that a collector that is killed before it has closed them does not forget them."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from lakeward.core.errors import MachineError
from lakeward.sources.file_copy import scratch_file, sync_folder

FILE = "gaps.json"


@dataclass(slots=True)
class KeptGaps:
    """The gaps of one collector.

    Args:
        folder: The dataset's folder in the landing.
    """

    folder: Path
    _known: Mapping[str, datetime] = field(default_factory=dict)

    def read(self) -> dict[str, datetime]:
        """Address -> where its gap begins.

        Raises:
            MachineError: The file is damaged.
        """
        path = self.folder / FILE
        if not path.is_file():
            return {}
        try:
            found = {address: datetime.fromisoformat(text) for address, text in json.loads(path.read_bytes()).items()}
        except (OSError, ValueError, AttributeError, TypeError):
            raise MachineError("opcua_gaps_damaged", file=path) from None
        self._known = found
        return found

    def keep(self, starts: Mapping[str, datetime]) -> None:
        """Keep these in place of those of before; on disk on return.

        Raises:
            MachineError: The disk is full, or can't be written.
        """
        if starts == self._known:
            return
        try:
            with scratch_file(self.folder) as draft:
                with draft.open("w", encoding="utf-8") as file:
                    json.dump({address: time.isoformat() for address, time in starts.items()}, file, ensure_ascii=False)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(self.folder / FILE)
            sync_folder(self.folder)
        except OSError as error:
            found = error.strerror or type(error).__name__
            raise MachineError("segment_not_landed", folder=self.folder, found=found) from error
        self._known = dict(starts)
