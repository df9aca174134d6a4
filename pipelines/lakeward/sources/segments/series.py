"""Versions of what people edit beside a contract: each is kept, with the first segment that it holds for.

So a segment is always read by the mapping and the schemas of its time: a renamed tag does not rewrite history.
"""

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
    land_version(folder, project_file.read_bytes() if project_file and project_file.is_file() else b"", newest, ".csv")


def land_version(folder: Path, content: bytes, newest: int, suffix: str) -> None:
    """Keep the content as that of segments after `newest`, if it is another than before.

    Raises:
        MachineError: The landing can't be written.
    """
    versions = _versions(folder, suffix)
    if content == (versions[-1].read_bytes() if versions else b""):
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with scratch_file(folder) as draft:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(folder / f"{newest + 1:020d}{suffix}")
        sync_folder(folder)
    except OSError as error:
        raise MachineError("segment_not_landed", folder=folder, found=error.strerror) from error


def series_file_of(folder: Path, number: int) -> Path | None:
    """The mapping that holds for segment `number`; None where there is none."""
    return version_of(folder, number, ".csv")


def version_of(folder: Path, number: int, suffix: str) -> Path | None:
    """The version that holds for segment `number`; None where there is none, or where it is empty."""
    found = [path for path in _versions(folder, suffix) if int(path.stem) <= number]
    return found[-1] if found and found[-1].stat().st_size else None


def series_versions(folder: Path) -> list[tuple[int, Path]]:
    """All versions of the mapping, also empty ones, each with the first segment that it holds for, in order."""
    return [(int(path.stem), path) for path in _versions(folder, ".csv")]


def newest_version(folder: Path, suffix: str) -> int:
    """Number of the newest version; 0 without one."""
    return max((int(path.stem) for path in _versions(folder, suffix)), default=0)


def _versions(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.glob(f"[0-9]*{suffix}"))
