"""Detects file formats by their magic bytes at both ends.

Records are not checked: a text file with a bad line is still a text file.
"""

import json
import os
import re
from collections import Counter
from pathlib import Path

from lakeward.contracts.record_format import FileFormat
from lakeward.core.workbook import COMPOUND
from lakeward.sources.sniff.encoding import guess_encoding, looks_like_utf16

HEAD = 4096  # a disk's block: where a binary format shows itself, and a text file with a torn tail does not yet
PARQUET = b"PAR1"  # Apache Parquet format, "File format": magic number at both ends
FOOTER = 8  # four bytes of length and the magic number

ZIP = b"PK\x03\x04"  # .ZIP application note, 4.3.7; also .xlsx
# Message codes, each by the bytes that a file of the kind begins with.
_FORMAT_CODES = (
    (PARQUET, "file_is_parquet"),
    (b"\x1f\x8b", "file_is_gzip"),  # RFC 1952 §2.3.1
    (b"\x28\xb5\x2f\xfd", "file_is_zstd"),  # RFC 8878 §3.1.1
    (ZIP, "file_is_zip"),
    (COMPOUND, "file_is_office"),
    (b"%PDF-", "file_is_pdf"),
)
# Bytes that no text has; a share of them that a damaged text may have, and a share of NULs that a power failure leaves.
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
MAX_CONTROLS, MAX_NULS = 0.02, 0.3
# Lines with a control character equally often, from which share on it is a delimiter.
MIN_DIVIDED = 0.8
_LOCKED = "EncryptedPackage".encode("utf-16-le")  # [MS-OFFCRYPTO] 2.3.4.4
_SHEET = b"xl/"  # folder of a workbook's parts inside a .xlsx


def format_fault(path: Path, format_: FileFormat) -> str | None:
    """Message code of why the file can't be read as `format_` at all; None where it can.

    Raises:
        OSError: It can't be opened.
    """
    head, tail, size = _read_ends(path)
    if format_ is FileFormat.PARQUET:
        return _parquet_fault(head, tail, size)
    if format_ is FileFormat.XLSX:
        return _workbook_fault(path, head)
    for magic, code in _FORMAT_CODES:
        if head.startswith(magic):
            return "file_is_office" if code == "file_is_zip" and _SHEET in head + tail else code
    return "file_not_text" if not looks_like_utf16(head) and _is_binary(head) else None


def guess_format(path: Path) -> FileFormat:
    """Parquet and workbooks by their marks (old and encrypted workbooks too), JSON where an object or a list of them begins, else delimited text.

    Raises:
        OSError: It can't be opened.
    """
    head, tail, _ = _read_ends(path)
    if head.startswith(PARQUET):
        return FileFormat.PARQUET
    if head.startswith(COMPOUND) or (head.startswith(ZIP) and _SHEET in head + tail):
        return FileFormat.XLSX
    text = head.decode(guess_encoding(path), errors="ignore").lstrip("\ufeff")
    return FileFormat.JSONL if _begins_with_object(text) else FileFormat.CSV


def _is_binary(head: bytes) -> bool:
    """Whether the bytes are no text: NUL and other control characters, more than a fault here and there would leave."""
    found = _CONTROLS.findall(head)
    controls = len(found)
    if len(set(found)) == 1 and _divides_lines(found[0], head):
        return False
    return controls > MAX_CONTROLS * len(head) and (head.count(0) < controls or controls > MAX_NULS * len(head))


def _divides_lines(sign: bytes, head: bytes) -> bool:
    """Whether most lines have the control character equally often, as Hive and ASCII (its unit separator) have one between fields."""
    *lines, last = re.sub(rb'"[^"\n]*"', b"", head).split(b"\n")
    counts = Counter(line.count(sign) for line in lines or [last] if line.strip())
    often, agreeing = counts.most_common(1)[0] if counts else (0, 0)
    return sign != b"\0" and often > 0 and agreeing >= MIN_DIVIDED * counts.total()


def _read_ends(path: Path) -> tuple[bytes, bytes, int]:
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


def _workbook_fault(path: Path, head: bytes) -> str | None:
    """What is inside a .zip is the reader's business; a compound file names its streams in its directory."""
    if head.startswith(ZIP):
        return None
    if not head.startswith(COMPOUND):
        return "file_not_workbook"
    # [MS-CFB] 2.2: size of a sector as a power of two, and the directory's first sector; the header counts as one.
    size, sector = 1 << min(head[30], 12), int.from_bytes(head[48:52], "little")
    with path.open("rb") as file:
        file.seek((sector + 1) * size)
        locked = _LOCKED in file.read(HEAD)
    # Ledgers may hold `file_workbook_old` too, of workbooks that were received before an extra read them.
    return "file_workbook_locked" if locked else None


def _begins_with_object(text: str) -> bool:
    if re.match(r"\s*\[\s*([{\]]|$)|\s*\{\s*\n\s*[\"}]", text):
        return True
    line = next((line for line in text.splitlines() if line.strip()), "")
    if not line.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except json.JSONDecodeError:
        # The head may end inside the first object: a header that begins like one is no header anyone writes.
        return line.lstrip()[1:].lstrip().startswith(('"', "}"))
