"""Packed files: gzip, Zstandard, and a .zip with one file in it. What is received stays as it is; what is read is unpacked beside it.

A .zip with several files or a password is an error, and so is one that unpacks to more than the limit.
"""

import gzip
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path, PurePath

from lakeward.core.drop_folder import PACKED_SUFFIXES
from lakeward.core.names import Sha256
from lakeward.core.zip_archive import DamagedArchiveError, translate_archive_damage, zip_entries
from lakeward.sources.file_copy import CHUNK, CopyResult

# Unpacked, at most 32,000 times as much: one block of 4 bytes may stand for 128 KiB (RFC 8878 §3.1.1.2).
_ZSTANDARD_CHUNK = 1 << 11
# Longest of the magic numbers below.
_HEAD = 4
_WORKBOOK_PART = "[content_types].xml"  # ECMA-376 part 2, 10.1.2: every package has it
_SHEETS = b"xl/"  # folder of a workbook's parts, in the name of each
_ENCRYPTED = 0x1  # .ZIP application note, 4.4.4: bit 0


class Packing(StrEnum):
    """How a file is packed."""

    GZIP = "gz"
    ZSTANDARD = "zst"
    ZIP = "zip"


_MAGIC: Mapping[bytes, Packing] = {
    b"\x1f\x8b": Packing.GZIP,  # RFC 1952 §2.3.1
    b"\x28\xb5\x2f\xfd": Packing.ZSTANDARD,  # RFC 8878 §3.1.1
    b"PK\x03\x04": Packing.ZIP,  # .ZIP application note, 4.3.7
}


class PackingError(Exception):
    """The file can't be unpacked: `code` is the message of why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def packing_of(path: Path, *, is_workbook: bool = False) -> Packing | None:
    """How the file is packed, by its first bytes; None for one that is not, and for a workbook, which is a .zip of its own.

    Args:
        is_workbook: A .zip that can't be opened is meant to be a workbook, and a damaged one.

    Raises:
        OSError: It can't be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    found = next((packing for magic, packing in _MAGIC.items() if head.startswith(magic)), None)
    return None if found is Packing.ZIP and _is_package(path, otherwise=is_workbook) else found


def unpack_file(path: Path, packing: Packing, target: Path, limit: int) -> CopyResult:
    """Write what is in `path` over the existing `target`, down to the disk; the identity and size of what came out.

    Args:
        limit: Most bytes that may come out: a small file can hold more than a disk.

    Raises:
        PackingError: It is damaged, holds not one file, needs a password, or is larger than allowed.
        OSError: One can't be read, or the other can't be written.
    """
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as copy:
        for chunk in _chunks(path, packing):
            size += len(chunk)
            if size > limit:
                raise PackingError("file_unpacked_too_large")
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return CopyResult(Sha256(digest.hexdigest()), size)


def plain_suffix(name: PurePath) -> str:
    """The ending of the name, small letters; of a packed file that of what is packed, where the name says it."""
    inner = PurePath(name.stem).suffix if name.suffix.lower() in PACKED_SUFFIXES else ""
    return (inner if inner[1:].isalpha() else name.suffix).lower()


def unpack_beside(path: Path, folder: Path, limit: int) -> Path:
    """`path` itself, or what is packed in it, unpacked into `folder` under the ending of what it is.

    Raises:
        PackingError: As `unpack_file`.
        OSError: It can't be read, or the folder not written.
    """
    packing = packing_of(path, is_workbook=True)
    if packing is None:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=plain_suffix(path), dir=folder)
    os.close(handle)
    unpack_file(path, packing, Path(name), limit)
    return Path(name)


def _chunks(path: Path, packing: Packing) -> Iterator[bytes]:
    """The bytes of a packed file, its damage in our words."""
    try:
        with translate_archive_damage():
            yield from _READERS[packing](path)
    except DamagedArchiveError:
        raise PackingError("file_packed_damaged") from None


def _read_zip(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as package:
        entry = _single_entry(package)
        if entry.flag_bits & _ENCRYPTED:
            raise PackingError("file_zip_locked")
        with package.open(entry) as stream:
            while chunk := stream.read(CHUNK):
                yield chunk


def _read_gzip(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _read_zstandard(path: Path) -> Iterator[bytes]:
    """Frame by frame: the stream reader of the library takes a torn file for a whole one."""
    import zstandard  # noqa: PLC0415 -- few lakes receive it, and it costs each command its import

    frame = None
    with path.open("rb") as file:
        while packed := file.read(_ZSTANDARD_CHUNK):
            while packed:
                frame = frame or zstandard.ZstdDecompressor().decompressobj()
                try:
                    yield frame.decompress(packed)
                except zstandard.ZstdError:
                    raise EOFError from None
                packed = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    if frame is not None:
        raise EOFError


_READERS: Mapping[Packing, Callable[[Path], Iterator[bytes]]] = {
    Packing.GZIP: _read_gzip,
    Packing.ZSTANDARD: _read_zstandard,
    Packing.ZIP: _read_zip,
}


def _single_entry(package: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = zip_entries(package)
    if len(entries) != 1:
        raise PackingError("file_zip_several" if entries else "file_zip_empty")
    return entries[0]


def _is_package(path: Path, *, otherwise: bool) -> bool:
    """Whether a .zip is a document of Office: then it is read as it is."""
    try:
        with translate_archive_damage(), zipfile.ZipFile(path) as package:
            return any(entry.filename.casefold() == _WORKBOOK_PART for entry in package.infolist())
    except DamagedArchiveError:
        with path.open("rb") as file:
            return otherwise or _SHEETS in file.read(CHUNK)
