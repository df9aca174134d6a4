"""Finds the drop folder and its finished files.

A path outside the project's roots is an error, in the contract or by a link inside the folder.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lakeward.core.errors import ContractError, UsageError

# Names of unfinished files of browsers, editors, rsync and SFTP clients.
UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", "~")

# Hidden files, and lock files of Office beside an open document.
HIDDEN = (".", "~$")


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """A file in the drop folder at one time.

    Args:
        name: Its path below the drop folder, `/`-separated.
        size: Size in bytes.
        mtime_ns: Time of its last change, in nanoseconds since 1970.
    """

    name: str
    size: int
    mtime_ns: int


def drop_folder(path: PurePosixPath, root: Path, roots: Iterable[Path]) -> Path:
    """The drop folder, links followed.

    Args:
        path: Path in the contract: relative to `root`, or absolute.
        root: The project's folder.
        roots: Other allowed folders of the project.

    Raises:
        ContractError: It is outside all of them.
        UsageError: It does not exist: a wrong path, or a disk that is not mounted.
    """
    folder = (root / path).resolve()
    if not any(folder.is_relative_to((root / allowed).resolve()) for allowed in (root, *roots)):
        raise ContractError("source_outside_roots", folder=folder, root=root)
    if not folder.is_dir():
        raise UsageError("drop_folder_missing", folder=folder)
    return folder


def delivered_files(folder: Path, pattern: str) -> tuple[DeliveredFile, ...]:
    """The files that match `pattern`, sorted by name, without hidden and unfinished ones.

    Raises:
        UsageError: A link leads out of the folder.
    """
    found = {path.relative_to(folder).as_posix(): path for path in folder.glob(pattern) if _is_data_file(path, folder)}
    return tuple(seen for name in sorted(found) if (seen := _stat_file(name, found[name])))


def _is_data_file(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(HIDDEN) for part in path.relative_to(folder).parts)
    if hidden or path.name.lower().endswith(UNFINISHED) or not path.is_file():
        return False
    if not path.resolve().is_relative_to(folder):
        raise UsageError("drop_link_outside", file=path, folder=folder)
    return True


def _stat_file(name: str, path: Path) -> DeliveredFile | None:
    """None if the file was removed after it was listed."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return DeliveredFile(name, stat.st_size, stat.st_mtime_ns)
