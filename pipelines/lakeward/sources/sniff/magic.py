"""A file against its name: the marks by which formats are told apart, at both ends.

Refuses to judge single records: a text file with a bad line is still a text file.
"""

import json
import os
from pathlib import Path

from lakeward.contracts.model import FileFormat
from lakeward.sources.sniff.encoding import guess_encoding, looks_like_utf16

HEAD = 4096  # a disk's block: where a binary format shows itself, and a text file with a torn tail does not yet
PARQUET = b"PAR1"  # Apache Parquet format, "File format": magic number at both ends
FOOTER = 8  # four bytes of length and the magic number

# Message codes, each by the bytes that a file of the kind begins with.
_KINDS = (
    (PARQUET, "file_is_parquet"),
    (b"\x1f\x8b", "file_is_gzip"),  # RFC 1952 §2.3.1
    (b"\x28\xb5\x2f\xfd", "file_is_zstd"),  # RFC 8878 §3.1.1
    (b"PK\x03\x04", "file_is_zip"),  # .ZIP application note, 4.3.7; also .xlsx
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file_is_office"),  # compound file: .xls
    (b"%PDF-", "file_is_pdf"),
)
_SHEET = b"xl/"  # folder of a workbook's parts inside a .xlsx


def fault(path: Path, format_: FileFormat) -> str | None:
    """Message code of why the file can't be read as `format_` at all; None where it can.

    Raises:
        OSError: It can't be opened.
    """
    head, tail, size = _ends(path)
    if format_ is FileFormat.PARQUET:
        return _parquet_fault(head, tail, size)
    for magic, code in _KINDS:
        if head.startswith(magic):
            return "file_is_office" if code == "file_is_zip" and _SHEET in head + tail else code
    return "file_not_text" if b"\0" in head and not looks_like_utf16(head) else None


def guess_format(path: Path) -> FileFormat:
    """Parquet by its mark, JSON lines where the first line is an object, else delimited text.

    Raises:
        OSError: It can't be opened.
    """
    head, _, _ = _ends(path)
    if head.startswith(PARQUET):
        return FileFormat.PARQUET
    text = head.decode(guess_encoding(path), errors="ignore").lstrip("\ufeff")
    return FileFormat.JSONL if _begins_with_object(text) else FileFormat.CSV


def _ends(path: Path) -> tuple[bytes, bytes, int]:
    with path.open("rb") as file:
        head = file.read(HEAD)
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - HEAD))
        return head, file.read(HEAD), size


def _parquet_fault(head: bytes, tail: bytes, size: int) -> str | None:
    if not head.startswith(PARQUET):
        return "file_not_parquet"
    footer = int.from_bytes(tail[-FOOTER : -len(PARQUET)], "little")
    whole = tail.endswith(PARQUET) and size >= len(PARQUET) + footer + FOOTER
    return None if whole else "file_truncated_parquet"


def _begins_with_object(text: str) -> bool:
    line = next((line for line in text.splitlines() if line.strip()), "")
    if not line.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except json.JSONDecodeError:
        # The head may end inside the first object: a header that begins like one is no header anyone writes.
        return line.lstrip()[1:].lstrip().startswith(('"', "}"))
