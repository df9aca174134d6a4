"""Finds the drop folder and its finished files.

A path outside the project's roots is an error, in the contract or by a link inside the folder.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from lakeward.core.errors import ContractError, UsageError
from lakeward.core.zip_archive import zip_names

# Names of unfinished files of browsers, editors, rsync and SFTP clients.
UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", "~")

# Hidden files, and lock files of Office beside an open document.
HIDDEN = (".", "~$")

# Endings of packed files, beside the name that a pattern means.
PACKED_SUFFIXES = (".gz", ".zst", ".zip")
_BRACKETS = re.compile(r"(\[[^]]*\])")
_LETTER = re.compile(r"[^\W\d_]")


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
    """The files that `pattern` means, packed or not, in the order of their names; hidden and unfinished ones are left alone.

    A packed file has the name of the plain one and a suffix (`a.csv.gz`); a .zip may have any name if it holds such a file.
    Letters match in either case: what Windows calls one name is one name here.

    Raises:
        UsageError: A link leads out of the folder.
    """
    globs = [_any_case(pattern), *(_any_case(pattern + suffix) for suffix in PACKED_SUFFIXES)]
    paths = (*(path for glob in globs for path in folder.glob(glob)), *_archives_with(folder, PurePosixPath(pattern)))
    found = {path.relative_to(folder).as_posix(): path for path in paths if _is_data_file(path, folder)}
    return tuple(seen for name in sorted(found) if (seen := _stat_file(name, found[name])))


def _archives_with(folder: Path, pattern: PurePosixPath) -> Iterator[Path]:
    """The .zip files where the pattern looks that hold a file of its last part."""
    for path in folder.glob(_any_case(str(pattern.with_name("*.zip")))):
        names = (PurePosixPath(name).name for name in zip_names(path))
        if any(fnmatchcase(name.lower(), pattern.name.lower()) for name in names):
            yield path


def _any_case(pattern: str) -> str:
    """The glob with each letter in both cases; what stands between brackets is left as it is."""
    parts = _BRACKETS.split(pattern)
    return "".join(part if at % 2 else _LETTER.sub(_both_cases, part) for at, part in enumerate(parts))


def _both_cases(letter: re.Match[str]) -> str:
    lower, upper = letter[0].lower(), letter[0].upper()
    return f"[{lower}{upper}]" if len(lower) == len(upper) == 1 and lower != upper else letter[0]


def visible_files(folder: Path) -> frozenset[Path]:
    """All files in the folder that are neither hidden nor unfinished, whatever a pattern means."""
    return frozenset(path for path in folder.rglob("*") if _is_visible_file(path, folder))


def _is_visible_file(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(HIDDEN) for part in path.relative_to(folder).parts)
    return not hidden and not path.name.lower().endswith(UNFINISHED) and path.is_file()


def _is_data_file(path: Path, folder: Path) -> bool:
    if not _is_visible_file(path, folder):
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
