"""Whether text whose bytes are both UTF-8 and pairs of another encoding, such as GB18030, reads like UTF-8.

UTF-8 of two bytes has signs and letters of Latin, Greek, Cyrillic and the like (`°` is C2 B0). A Chinese text of a few characters can
consist of such pairs alone: `炉` is C2 AF in GB18030, which is `¯` in UTF-8. The letters beside a character tell which of both it is.
"""

import re

_CHARACTER = re.compile("[\u0080-\u07ff]")
_PLAUSIBLE = re.compile(
    "°|[µμ](?=[A-Za-z/])|(?<=[A-Za-z)\\]])[²³]|±(?=\\s?\\d)|(?<=[\\dkMmGT\\s(\\[])Ω|(?<=[A-Za-z])·(?=[A-Za-z])"
    "|§(?=\\s?\\d)|[£¥](?=\\d)|(?<=[A-Za-z])[®©]|(?<=\\d)[¼½¾]|«(?=\\s?[A-Za-z])|(?<=[A-Za-z.])»"
    "|(?<=[a-z])[ß-öø-\u017f]|[À-ÖØ-öø-\u017f](?=[a-z])"
    # Words of one script; and second bytes below A1, where pairs hold no common character.
    "|[\u0370-\u03ff]{3,}|[\u0400-\u04ff]{3,}|[\u0590-\u05ff]{3,}|[\u0600-\u06ff]{3,}"
    f"|[{''.join(chr(point) for point in range(0x80, 0x800) if 0x80 <= (0x80 | point & 0x3F) <= 0xA0)}]"
)


def utf8_share(text: str) -> tuple[int, int]:
    """How many of the characters that are not ASCII read like UTF-8 beside their neighbours, and how many there are.

    Args:
        text: Decoded as UTF-8; characters of three bytes are none of both.
    """
    held = len(_CHARACTER.findall(text))
    return sum(len(_CHARACTER.findall(found[0])) for found in _PLAUSIBLE.finditer(text)) if held else 0, held
