"""The encoding of a text file: by its byte order mark, else by what decodes and reads like text.

A guess is only for the draft of a contract. A declared encoding is never guessed.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from lakeward.core.utf8_text import utf8_share

CHUNK = 1 << 20
# UTF-32's mark begins like UTF-16's: longest first.
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# In UTF-16 the names and numbers of a table have a zero in every other byte, and nearly none in the others.
_ZEROS, _NO_ZEROS = 0.4, 0.05
# GB2312's two-byte plane (GB/T 2312): both bytes from A1 up; hanzi of level 1, the common ones, have first bytes B0 to D7.
_PLANE, _LEVEL_1 = 0xA1, range(0xB0, 0xD8)
# Its rows of signs, letters and hanzi; those of kana, Cyrillic and none are met in misread text alone.
_ROWS = frozenset((0xA1, 0xA2, 0xA3, 0xA6, *range(0xB0, 0xF8)))
_UNIT = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]|[\x80-\xff].", re.DOTALL)  # GB18030's units of four bytes and of two
# What units are written with: ℃ ° ± × μ Ω ‰ ③ and the like (rows 1, 2 and 6 of the plane), all of them odd pairs in western text.
_SIGNS = frozenset(sign.encode("gb18030") for sign in "℃°±×÷‰μΩΦαβγδθλπ·（）：，、㎡％＝①②③④")
# Big5's signs and common characters (level 1); words have two of them and more, an accent of western text stands alone.
_BIG5_WORD = re.compile(rb"(?:[\xa1-\xc6][\x40-\x7e\xa1-\xfe]){2,}")
# First bytes of UTF-8 of three bytes and more; what ISO 8859-1 has no character for, and Windows has.
_LONGER, _WINDOWS = re.compile(rb"[\xe0-\xff]"), re.compile(rb"[\x80-\x9f]")
# Chinese text is nearly all in that plane; western text read as GB18030 pairs an accent with an ASCII letter, outside it.
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
        return "gb18030" if _reads_as_pairs(path) else "utf-8"
    if _decodes(path, "gb18030") and _first_text(path, _chinese):
        return "gb18030"
    if _decodes(path, "big5") and _first_text(path, _traditional):
        return "big5"
    return "cp1252" if _first_text(path, _has_windows_signs) and _decodes(path, "cp1252") else "latin-1"


def _reads_as_pairs(path: Path) -> bool:
    """Whether a UTF-8 file has characters of two bytes alone, none of which reads like UTF-8, and which are Chinese in GB18030."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    seen = False
    for chunk in _chunks(path):
        if chunk.isascii():
            continue
        if _LONGER.search(chunk) or utf8_share(decoder.decode(chunk))[0] or not _chinese(chunk):
            return False
        seen = True
    return seen


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


def _chinese(chunk: bytes) -> bool:
    units = _UNIT.findall(chunk)
    pairs = [unit for unit in units if len(unit) == 2]
    common = [pair for pair in pairs if pair[0] in _ROWS and pair[1] >= _PLANE]
    plausible = any(pair[0] in _LEVEL_1 or pair in _SIGNS for pair in common)
    return plausible and len(common) >= _PLAUSIBLE * len(pairs)


def _traditional(chunk: bytes) -> bool:
    """Whether it reads like traditional Chinese: nearly all that is not ASCII are words of common characters."""
    high = len(re.findall(rb"[\x80-\xff]", chunk))
    words = b"".join(_BIG5_WORD.findall(chunk))
    return len(re.findall(rb"[\x80-\xff]", words)) >= _PLAUSIBLE * high
