"""Finds the data files under a path and their formats, from names and first bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lakeward.contracts.record_format import FileFormat
from lakeward.core.errors import DataError
from lakeward.engines.external import ExternalData, ExternalFormat
from lakeward.flows.base.lake_files import check_outside_lake
from lakeward.sources.packing import PackingError, plain_suffix, unpack_beside
from lakeward.sources.sniff import guess_format

PARQUET = (".parquet", ".pq")
JSON = (".json", ".jsonl", ".ndjson")
TEXT = (".csv", ".tsv", ".txt", ".xlsx", ".xls")
# Most bytes that a packed file may hold.
LIMIT_BYTES = 4 << 30
# Marker files such as `_SUCCESS` and `.part-0.crc` are not data.
_HIDDEN = ("_", ".")


@dataclass(frozen=True, slots=True)
class TextFiles:
    """Files of text: where each lies, unpacked if it was packed, and how messages name it."""

    files: tuple[Path, ...]
    names: tuple[str, ...]


def resolve_data(path: Path, scratch: Path) -> ExternalData | TextFiles:
    """The data at `path`: files with their own types, or text files.

    Args:
        scratch: Folder that packed files are unpacked into.

    Raises:
        DataError: `path` does not exist, holds files of a lake, or has no data files, or files of more than one format.
    """
    check_outside_lake(path)
    if (path / "_delta_log").is_dir():
        return ExternalData(ExternalFormat.DELTA, folder=path.absolute())
    received = _files(path)
    for folder in {file.resolve().parent for file in received}:
        check_outside_lake(folder)
    files = tuple(_unpack(file, scratch / "unpacked") for file in received)
    carriers = [_carrier(file) for file in files]
    if len(set(carriers)) > 1:
        differing = next(index for index, carrier in enumerate(carriers) if carrier is not carriers[0])
        kinds = {"expected": carriers[0] or FileFormat.CSV, "found": carriers[differing] or FileFormat.CSV}
        raise DataError("data_files_differ", file=received[differing], first=received[0], column="*", **kinds)
    return ExternalData(carriers[0], files) if carriers[0] else TextFiles(files, tuple(map(str, received)))


def _unpack(file: Path, folder: Path) -> Path:
    try:
        return unpack_beside(file, folder, LIMIT_BYTES)
    except PackingError as error:
        raise DataError("data_not_unpacked", file=file, reason=error.code) from None


def _files(path: Path) -> tuple[Path, ...]:
    if path.is_file():
        return _check_not_empty(path, [path])
    if not path.is_dir():
        raise DataError("data_not_found", found=path)
    data_files = [file for file in path.rglob("*") if plain_suffix(file) in (*PARQUET, *JSON, *TEXT) and file.is_file()]
    return _check_not_empty(path, sorted(file for file in data_files if not _is_hidden(file.relative_to(path))))


def _check_not_empty(path: Path, files: Sequence[Path]) -> tuple[Path, ...]:
    if not files:
        raise DataError("data_without_files", file=path)
    empty = next((file for file in files if not file.stat().st_size), None)
    if empty:
        raise DataError("data_unreadable", file=empty)
    return tuple(files)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(_HIDDEN) for part in path.parts)


def _carrier(file: Path) -> ExternalFormat | None:
    """None for text. A file named as Parquet counts as Parquet, so that a damaged one is not read as text."""
    if file.suffix.lower() in PARQUET:
        return ExternalFormat.PARQUET
    if file.suffix.lower() in JSON:
        return ExternalFormat.JSON
    return {FileFormat.PARQUET: ExternalFormat.PARQUET, FileFormat.JSONL: ExternalFormat.JSON}.get(guess_format(file))
