"""Whether a text file for which another encoding is declared is UTF-8: it would decode without an error, to other characters."""

import codecs
import re

from lakeward.core.utf8_text import utf8_share

# Encodings of which every byte that is not ASCII is an error in a UTF-8 file anyway, or that are UTF-8.
_HARMLESS = frozenset(("utf-8", "utf-8-sig", "ascii"))
_HIGH_BYTES = bytes(range(128, 256))
_TWO_BYTES, _THREE_BYTES = re.compile("[^\\x00-\\x7f]"), re.compile("[\u0800-\U0010ffff]")
_ANY = re.compile(".")


class Utf8Evidence:
    """Collects evidence from the chunks of a file, in order; a file that is no UTF-8 is known by its first bad byte.

    The whole file must be UTF-8. Under an encoding of single bytes one character that is not ASCII suffices. Under one of pairs, such
    as GB18030, there must be one of three bytes, or most of those of two bytes must read like UTF-8 beside their neighbours, as `°C`
    and `Öl` do: short texts of pairs can be UTF-8 of two bytes. UTF-16 and UTF-32 text always has
    zero bytes. A byte order mark of UTF-8 suffices under any encoding.

    Args:
        codec: Name that `codecs.lookup` gives the declared encoding.
    """

    def __init__(self, codec: str) -> None:
        self._decoder = None if codec in _HARMLESS else codecs.getincrementaldecoder("utf-8")()
        self._wide = codec.startswith(("utf-16", "utf-32"))
        self._form = _ANY if self._wide else _TWO_BYTES if _has_single_bytes(codec) else _THREE_BYTES
        self._marked: bool | None = None
        self._has_character = False
        self._pairs = self._form is _THREE_BYTES
        self._plausible, self._held = 0, 0

    def add(self, chunk: bytes) -> None:
        """Take the next chunk; an empty one ends the file."""
        if self._decoder is None:
            return
        if self._marked is None:
            self._marked = chunk.startswith(codecs.BOM_UTF8)
        # ASCII decides nothing, except under an encoding that has none.
        if chunk.isascii() and chunk and not self._wide and not self._decoder.getstate()[0]:
            return
        try:
            text = self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            self._decoder = None
            return
        if self._wide and "\0" in text:
            self._decoder = None
        self._has_character = self._has_character or self._form.search(text) is not None
        if self._pairs and not self._has_character:
            plausible, held = utf8_share(text)
            self._plausible, self._held = self._plausible + plausible, self._held + held

    def proves(self) -> bool:
        """Whether the file is UTF-8; to be asked after its end."""
        reads_well = self._has_character or 2 * self._plausible > self._held
        return bool(self._marked) or (self._decoder is not None and reads_well)


def _has_single_bytes(codec: str) -> bool:
    return len(_HIGH_BYTES.decode(codec, "replace")) == len(_HIGH_BYTES)
