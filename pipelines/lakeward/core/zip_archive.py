"""Names of the files in a .zip archive, without what operating systems add to it; and what Python says of a damaged one."""

import errno
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What Windows, macOS and others add to a .zip beside the files that a person packed.
_SYSTEM_NAMES = ("__macosx", ".ds_store", "thumbs.db", "desktop.ini")

# What Python raises for a damaged archive or compressed stream, beside OSError: a flipped bit may name any of .zip's methods.
_DAMAGE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
    OverflowError,
)
# A read at a place that no file has. Bad data of bzip2 and gzip has no number at all.
_NO_SUCH_PLACE = (None, errno.EINVAL, errno.EOVERFLOW)


class DamagedArchiveError(Exception):
    """The bytes of an archive or of a compressed stream are damaged."""


@contextmanager
def translate_archive_damage() -> Iterator[None]:
    """Raise what Python says of damaged bytes as `DamagedArchiveError`.

    Raises:
        OSError: The machine can't read or write, which is no fault of the bytes.
    """
    try:
        yield
    except _DAMAGE_ERRORS as error:
        raise DamagedArchiveError from error
    except OSError as error:
        if error.errno not in _NO_SUCH_PLACE:
            raise
        raise DamagedArchiveError from error


def zip_entries(archive: zipfile.ZipFile) -> tuple[zipfile.ZipInfo, ...]:
    """The files that a person packed, in the order of the archive."""
    return tuple(
        entry for entry in archive.infolist() if not entry.filename.endswith("/") and not _is_system_file(entry.filename)
    )


def zip_names(path: Path) -> tuple[str, ...]:
    """Paths of these files in the archive; none if the archive can't be opened, or is gone."""
    try:
        with translate_archive_damage(), zipfile.ZipFile(path) as archive:
            return tuple(entry.filename for entry in zip_entries(archive))
    except (DamagedArchiveError, FileNotFoundError):
        return ()


def _is_system_file(name: str) -> bool:
    return any(part.startswith("._") or part in _SYSTEM_NAMES for part in name.replace("\\", "/").lower().split("/"))
