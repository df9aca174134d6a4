"""The lakes that a restore moved aside and has not reported yet: a restore that was cut off is finished by another, which names them."""

import json
from dataclasses import dataclass
from pathlib import Path

from lakeward.core.storage.folder import FolderStore
from lakeward.core.storage.lake import Lake

_NOTE = "moved-lakes.json"


@dataclass(frozen=True, slots=True)
class MovedLakes:
    """The note of what was moved aside, in a project's folder of its own.

    Args:
        own: That folder.
        lake: The lake that is restored.
    """

    own: Path
    lake: Lake

    def add(self, aside: Path) -> None:
        """Note where the lake in the way is going to lie; before it is moved, so that a kill loses nothing."""
        self._write([*self.paths(), aside])

    def paths(self) -> list[Path]:
        """Where the lakes lie that were moved and not reported, oldest first."""
        return [path for path in map(Path, self._notes().get(str(self.lake), ())) if path.is_dir()]

    def forget(self) -> None:
        """Remove the note, as the restore ended and names them."""
        if self._notes():
            self._write([])

    def _notes(self) -> dict[str, list[str]]:
        notes: dict[str, list[str]] = json.loads(FolderStore(self.own).read(_NOTE) or b"{}")
        return notes

    def _write(self, paths: list[Path]) -> None:
        notes = self._notes() | {str(self.lake): [*map(str, paths)]}
        FolderStore(self.own).replace(_NOTE, json.dumps({lake: there for lake, there in notes.items() if there}).encode())
