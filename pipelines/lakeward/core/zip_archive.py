"""Names of the files in a .zip archive, without what operating systems add to it."""

import zipfile
from pathlib import Path

# What Windows, macOS and others add to a .zip beside the files that a person packed.
_SYSTEM_NAMES = ("__macosx", ".ds_store", "thumbs.db", "desktop.ini")


def zip_entries(archive: zipfile.ZipFile) -> tuple[zipfile.ZipInfo, ...]:
    """The files that a person packed, in the order of the archive."""
    return tuple(entry for entry in archive.infolist() if not entry.is_dir() and not _is_system_file(entry.filename))


def zip_names(path: Path) -> tuple[str, ...]:
    """Paths of these files in the archive; none if the archive can't be opened, or is gone."""
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(entry.filename for entry in zip_entries(archive))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, FileNotFoundError):
        return ()


def _is_system_file(name: str) -> bool:
    return any(part.startswith("._") or part in _SYSTEM_NAMES for part in name.replace("\\", "/").lower().split("/"))
