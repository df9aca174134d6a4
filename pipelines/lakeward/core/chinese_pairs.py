"""Whether bytes read like Chinese text in GB18030: pairs of bytes, of which UTF-8 of a few characters can consist too."""

import codecs
import re
from pathlib import Path

from lakeward.core.utf8_text import utf8_share

_CHUNK = 1 << 20
# GB2312's two-byte plane (GB/T 2312): both bytes from A1 up; hanzi of level 1, the common ones, have first bytes B0 to D7.
_PLANE, _LEVEL_1 = 0xA1, range(0xB0, 0xD8)
# Its rows of signs, letters and hanzi; those of kana, Cyrillic and none are met in misread text alone.
_ROWS = frozenset((0xA1, 0xA2, 0xA3, 0xA6, *range(0xB0, 0xF8)))
_UNIT = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]|[\x80-\xff].", re.DOTALL)  # GB18030's units of four bytes and of two
# What units are written with: ℃ ° ± × μ Ω ‰ ③ and the like (rows 1, 2 and 6 of the plane), all of them odd pairs in western text.
_SIGNS = frozenset(sign.encode("gb18030") for sign in "℃°±×÷‰μΩΦαβγδθλπ·（）：，、㎡％＝①②③④")
# First bytes of UTF-8 of three bytes and more.
_LONGER = re.compile(rb"[\xe0-\xff]")
# Chinese text is nearly all in that plane; western text read as GB18030 pairs an accent with an ASCII letter, outside it.
_PLAUSIBLE = 0.9


def reads_as_pairs(path: Path, limit: int | None = None) -> bool:
    """Whether a UTF-8 file has characters of two bytes alone, none of which reads like UTF-8, and which are Chinese in GB18030.

    Args:
        limit: Bytes to look at, in whole MiB; None: all.

    Raises:
        OSError: It can't be read.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    seen, left = False, limit
    with path.open("rb") as file:
        while (left is None or left > 0) and (chunk := file.read(_CHUNK)):
            left = None if left is None else left - len(chunk)
            if chunk.isascii():
                continue
            if not _is_pairs(chunk, decoder):
                return False
            seen = True
    return seen


def _is_pairs(chunk: bytes, decoder: codecs.IncrementalDecoder) -> bool:
    if _LONGER.search(chunk):
        return False
    try:
        text = decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return not utf8_share(text)[0] and is_chinese(chunk)


def is_chinese(chunk: bytes) -> bool:
    """Whether what is not ASCII reads like Chinese in GB18030: nearly all common characters, one of them usual in a plant."""
    units = _UNIT.findall(chunk)
    pairs = [unit for unit in units if len(unit) == 2]
    common = [pair for pair in pairs if pair[0] in _ROWS and pair[1] >= _PLANE]
    plausible = any(pair[0] in _LEVEL_1 or pair in _SIGNS for pair in common)
    return plausible and len(common) >= _PLAUSIBLE * len(pairs)
