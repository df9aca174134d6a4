"""Versions of a dataset's `series.csv`: each is kept, with the first segment that it holds for.

So a segment is always read by the mapping of its time, and a renamed tag does not rewrite history.
"""

import hashlib
import os
from pathlib import Path

from lakeward.core.errors import MachineError
from lakeward.sources.file_copy import scratch_file, sync_folder


def land_series_file(folder: Path, project_file: Path | None, newest: int) -> None:
    """Keep the project's mapping as the one of segments after `newest`, if it is another than before.

    Args:
        folder: Where the versions are.
        project_file: The mapping that people edit; None or missing: no mapping.

    Raises:
        MachineError: The landing can't be written.
    """
    content = project_file.read_bytes() if project_file and project_file.is_file() else b""
    versions = _versions(folder)
    if content == (versions[-1].read_bytes() if versions else b""):
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with scratch_file(folder) as draft:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(folder / f"{newest + 1:020d}.csv")
        sync_folder(folder)
    except OSError as error:
        raise MachineError("segment_not_landed", folder=folder, found=error.strerror) from error


def series_file_of(folder: Path, number: int) -> Path | None:
    """The version that holds for segment `number`; None where there is no mapping."""
    found = [path for path in _versions(folder) if int(path.stem) <= number]
    return found[-1] if found and found[-1].stat().st_size else None


def series_version(path: Path) -> str:
    """Name of a version: the beginning of its hash."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _versions(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.csv"))
