"""The source of a silver dataset: a drop folder and the dialect of its files. Refuses a path that leaves the project."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from lakeward.contracts.model import FileFormat, FileSource
from lakeward.contracts.view import View

KEYS = (
    *("path", "pattern", "format", "delimiter", "quote", "escape", "encoding", "nulls", "decimal", "timezone"),
    *("sheet", "headerRow", "headerRows", "limitBytes"),
)
# Bounds of one batch where the contract names none: minutes of work, and within the memory of a small machine.
MAX_BYTES = 4 << 30


def read_source(view: View, dataset: str, retention_days: int | None, roots: Sequence[Path] | None) -> FileSource:
    """The source that the custom property `source` describes.

    Args:
        roots: Folders outside the project that it may lie in; None: which project it is for is not known here.
    """
    view.only(KEYS)
    form = view.choice("format", tuple(FileFormat))
    source = FileSource(
        path=_drop_folder(view, dataset, roots),
        pattern=_pattern(view, form),
        format=form,
        delimiter=_character(view, "delimiter", ","),
        quote=_character(view, "quote", '"'),
        escape=_character(view, "escape", '"'),
        encoding=view.entry("encoding", "a text codec of Python such as utf-8 or gb18030", _codec, "utf-8") or "",
        nulls=view.texts("nulls", ("",)),
        decimal=_character(view, "decimal", ".", ".,"),
        zone=view.zone("timezone", "") or None,
        sheet=view.text("sheet", "") or None,
        header_row=view.whole("headerRow", 1),
        header_rows=view.whole("headerRows", 1),
        limit_bytes=view.whole("limitBytes", MAX_BYTES),
        retention_days=retention_days,
    )
    _told_apart(view, source)
    return source


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


def _character(view: View, key: str, default: str, allowed: str = "") -> str:
    expected = " or ".join(allowed) or "one character, no letter, digit or line end"

    def read(value: Any) -> str | None:
        one = isinstance(value, str) and len(value) == 1
        return value if one and (value in allowed if allowed else not value.isalnum() and value not in "\r\n\0") else None

    return view.entry(key, expected, read, default) or default


def _codec(name: Any) -> str | None:
    """The codec as the contract names it, if it makes text of bytes."""
    try:
        "a".encode(name)
    except (LookupError, TypeError, ValueError):
        return None
    return str(name).lower()


def _told_apart(view: View, source: FileSource) -> None:
    for key in ("quote", "decimal"):
        if source.format is FileFormat.CSV and getattr(source, key) == source.delimiter:
            view.fail(key, "contract_same_character", key=key)
    if source.escape not in {source.quote, "\\"}:
        view.wrong("escape", "the quote itself, or a backslash")
