"""Where a file of JSON breaks off, or is none."""

import json
from pathlib import Path

from lakeward.core.errors import UsageError

# Bytes of a file that are looked through for its fault; of a larger one the message names no line.
LIMIT_BYTES = 64 << 20


def json_fault(path: Path, encoding: str) -> UsageError:
    """The error that names the place of a file's first fault: where it ends too early, or what is no JSON.

    Args:
        path: A file of JSON that could not be read.
    """
    if path.stat().st_size > LIMIT_BYTES:
        return UsageError("sample_json_broken", file=path, line="?", column="?")
    text = path.read_bytes().decode(encoding, errors="replace").lstrip("\ufeff")
    at, ends = _fault_place(text)
    line = text.count("\n", 0, at) + 1
    if ends:
        return UsageError("sample_json_cut", file=path, line=line)
    return UsageError("sample_json_broken", file=path, line=line, column=at - text.rfind("\n", 0, at))


def _fault_place(text: str) -> tuple[int, bool]:
    """The place of the first fault, and whether the text ends there inside a value."""
    decoder, at, end = json.JSONDecoder(), 0, len(text.rstrip())
    while at < end:
        start = at + len(text[at:end]) - len(text[at:end].lstrip())
        try:
            _, at = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            is_open = error.msg.startswith("Unterminated string") and "\n" not in text[error.pos : end]
            ends = error.pos >= end or is_open or _is_literal_begin(text[error.pos : end])
            return (end if ends else error.pos), ends
        except RecursionError:
            return start, False
    return end, False


def _is_literal_begin(rest: str) -> bool:
    """Whether what is left is the beginning of `true`, `false`, `null` or a number."""
    return any(word.startswith(rest) for word in ("true", "false", "null", "-", "NaN"))
