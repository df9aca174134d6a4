"""Reads the keys of a contract that describe a drop folder. A path outside the project is an error."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from lakeward.contracts import dialect
from lakeward.contracts.dialect import read_record_format
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.contracts.source import LIMIT_BYTES, FileDropSource
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc

KEYS: Mapping[str, KeyDoc] = {
    "path": KeyDoc(
        "folder", "Drop folder: relative to the project, or absolute below one of the project's `roots`.", "`inbox/<name>`"
    ),
    "pattern": KeyDoc(
        "glob",
        "Files below `path`, plain or packed (`.gz`, `.zst`, `.zip`), in either case of letters; `**` stands for folders.",
        "`**/*.<format>`",
    ),
    "limitBytes": KeyDoc(
        "whole number",
        "Most bytes of files in one batch; one file always fits. A sheet has as many at most, unpacked.",
        f"{LIMIT_BYTES}",
    ),
    **dialect.KEYS,
}


def read_file_drop(
    view: View, dataset: str, retention_days: int | None, roots: Sequence[Path] | None
) -> tuple[FileDropSource, RecordFormat]:
    """The drop folder in a mapping, and the record format of its files.

    Args:
        roots: Allowed folders outside the project; None if the project is unknown.
    """
    limit_bytes = view.positive_integer("limitBytes", LIMIT_BYTES)
    record_format = read_record_format(view, sheet_limit_bytes=limit_bytes)
    source = FileDropSource(
        path=_drop_folder(view, dataset, roots),
        pattern=_pattern(view, record_format.format),
        limit_bytes=limit_bytes,
        retention_days=retention_days,
    )
    return source, record_format


def _drop_folder(view: View, dataset: str, roots: Sequence[Path] | None) -> PurePosixPath:
    path = PurePosixPath(view.text("path", f"inbox/{dataset}"))
    outside = path.is_absolute() and roots is not None and not any(path.is_relative_to(root.as_posix()) for root in roots)
    if outside or ".." in path.parts or "\0" in str(path):
        view.fail("path", "contract_path_outside", key="path")
    return path


def _pattern(view: View, form: FileFormat) -> str:
    pattern = view.text("pattern", f"**/*.{form}")
    parts = PurePosixPath(pattern)
    if not parts.parts or parts.is_absolute() or ".." in parts.parts:
        view.fail("pattern", "contract_path_outside", key="pattern")
    return pattern
