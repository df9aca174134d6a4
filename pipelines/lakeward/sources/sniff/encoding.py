"""The encoding of a text file: by its byte order mark, else by what decodes and reads like text.

A guess is only for the draft of a contract. A declared encoding is never guessed.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 20
# UTF-32's mark begins like UTF-16's: longest first.
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# In UTF-16 the names and numbers of a table have a zero in every other byte, and nearly none in the others.
_ZEROS, _NO_ZEROS = 0.4, 0.05
# GB2312's two-byte plane (GB/T 2312): both bytes from A1 up; hanzi of level 1, the common ones, have first bytes B0 to D7.
_PLANE, _LEVEL_1 = 0xA1, range(0xB0, 0xD8)
_UNIT = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]|[\x80-\xff].", re.DOTALL)  # GB18030's units of four bytes and of two
# Chinese text is nearly all in that plane; western text read as GB18030 pairs an accent with an ASCII letter, outside it.
_PLAUSIBLE = 0.9


def guess_encoding(path: Path) -> str:
    """A Python codec name: `utf-8`, `utf-8-sig`, `utf-16`, `utf-16-le`, `utf-16-be`, `gb18030` or `latin-1`.

    Raises:
        OSError: It can't be read.
    """
    with path.open("rb") as file:
        head = file.read(CHUNK)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if looks_like_utf16(head):
        return "utf-16-be" if _zeros(head[::2]) > _zeros(head[1::2]) else "utf-16-le"
    if _decodes(path, "utf-8"):
        return "utf-8"
    return "gb18030" if _decodes(path, "gb18030") and _reads_chinese(path) else "latin-1"


def looks_like_utf16(head: bytes) -> bool:
    """Whether the bytes begin with UTF-16's mark, or have its zeros."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    low, high = sorted((_zeros(head[::2]), _zeros(head[1::2])))
    return high >= _ZEROS and low <= _NO_ZEROS


def _zeros(part: bytes) -> float:
    return part.count(0) / len(part) if part else 0.0


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _decodes(path: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _reads_chinese(path: Path) -> bool:
    """Whether what is not ASCII reads like Chinese, in the first chunk that has some."""
    for chunk in _chunks(path):
        if not chunk.isascii():
            return _chinese(chunk)
    return False


def _chinese(chunk: bytes) -> bool:
    units = _UNIT.findall(chunk)
    pairs = [unit for unit in units if len(unit) == 2]
    common = [pair for pair in pairs if pair[1] >= _PLANE]
    return len(common) >= _PLAUSIBLE * len(pairs) and any(pair[0] in _LEVEL_1 for pair in common)
