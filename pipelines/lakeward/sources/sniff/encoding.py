"""The encoding of a text file: by its byte order mark, else by what decodes and reads like text.

A guess is only for the draft of a contract. A declared encoding is never guessed.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from lakeward.core.chinese_pairs import is_chinese, reads_as_pairs

CHUNK = 1 << 20
# UTF-32's mark begins like UTF-16's: longest first.
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# In UTF-16 the names and numbers of a table have a zero in every other byte, and nearly none in the others.
_ZEROS, _NO_ZEROS = 0.4, 0.05
# Big5's signs and common characters (level 1); words have two of them and more, an accent of western text stands alone.
_BIG5_WORD = re.compile(rb"(?:[\xa1-\xc6][\x40-\x7e\xa1-\xfe]){2,}")
# What ISO 8859-1 has no character for, and Windows has.
_WINDOWS = re.compile(rb"[\x80-\x9f]")
_PLAUSIBLE = 0.9


def guess_encoding(path: Path) -> str:
    """A Python codec name: `utf-8`, `utf-8-sig`, `utf-16`, `utf-16-le`, `utf-16-be`, `gb18030`, `big5`, `cp1252` or `latin-1`.

    UTF-8 of which nothing reads like it, and all like GB18030, is the latter: a few short Chinese texts.

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
        return "gb18030" if reads_as_pairs(path) else "utf-8"
    if _decodes(path, "gb18030") and _first_text(path, is_chinese):
        return "gb18030"
    if _decodes(path, "big5") and _first_text(path, _traditional):
        return "big5"
    return "cp1252" if _first_text(path, _has_windows_signs) and _decodes(path, "cp1252") else "latin-1"


def _has_windows_signs(chunk: bytes) -> bool:
    """Whether it has characters of Windows where ISO 8859-1 has control characters, such as € and curly quotes."""
    return _WINDOWS.search(chunk) is not None


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


def _first_text(path: Path, reads_well: Callable[[bytes], bool]) -> bool:
    """Whether what is not ASCII reads well, in the first chunk that has some."""
    for chunk in _chunks(path):
        if not chunk.isascii():
            return reads_well(chunk)
    return False


def _traditional(chunk: bytes) -> bool:
    """Whether it reads like traditional Chinese: nearly all that is not ASCII are words of common characters."""
    high = len(re.findall(rb"[\x80-\xff]", chunk))
    words = b"".join(_BIG5_WORD.findall(chunk))
    return len(re.findall(rb"[\x80-\xff]", words)) >= _PLAUSIBLE * high
