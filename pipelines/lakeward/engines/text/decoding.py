"""Provides text files as UTF-8 that DuckDB can split into lines, without losing bytes that do not decode.

Bytes pass through Python's codecs in chunks, rows never do. A UTF-8 file with one kind of line end is read in
place; any other gets a working copy. No encoding is guessed, and no byte that does not decode is dropped or replaced. A UTF-8
file for which another encoding is declared is refused: it would decode to other characters.
"""

import codecs
import itertools
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lakeward.engines.text.utf8_evidence import Utf8Evidence

# The last code points of Unicode's plane 16, for private use: markers in a working copy. If a file contains one of them, its
# bytes are marked as if they had not decoded.
BYTE_MARK = 0x10FE00  # + the byte that did not decode
CARRIAGE_RETURN = chr(0x10FF0D)  # a carriage return in a file whose line ends are mixed
NEVER_IN_TEXT = chr(0x10FFFF)  # a delimiter that no line contains

_CHUNK = 1 << 20  # small enough for the CPU's caches, large enough that the loop costs nothing
_RESERVED_START = b"\xf4\x8f"
_RESERVED_UTF8 = re.compile(rb"\xf4\x8f[\xb8-\xbf]")
_RESERVED = re.compile(f"[{chr(BYTE_MARK)}-{NEVER_IN_TEXT}]")
_SURROGATE = 0xDC00  # + the byte, while a chunk is being decoded
_INNER_MARK = re.compile(rb"[\r\n]\xef\xbb\xbf|^\xef\xbb\xbf\xef\xbb\xbf")
_ORDER_MARKS = re.compile("(?<=[\r\n])\ufeff+")
_UNDECODED = re.compile("[\udc00-\udcff]")
_ORDER_MARKS_OF = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}
# GB18030 contains GBK and GB2312, and the GBK of Windows has more characters than Python's codec of that name.
_WIDER_CODECS = {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030"}


class OtherEncodingError(ValueError):
    """A file is UTF-8, and another encoding is declared."""


@dataclass(frozen=True, slots=True)
class TextView:
    r"""A text file as DuckDB can read it.

    Args:
        path: The file itself, or its working copy.
        newline: Line end: `\n`, `\r\n` or `\r`.
        undecoded: Whether some bytes do not decode; characters from `BYTE_MARK` on represent them.
        mixed: Whether line ends are mixed; then `CARRIAGE_RETURN` represents each carriage return and `newline` is `\n`.
    """

    path: Path
    newline: str
    undecoded: bool = False
    mixed: bool = False


def utf8_view(path: Path, encoding: str, scratch: Path) -> TextView:
    """The file at `path`, or a working copy that DuckDB can split into lines.

    Args:
        path: The file.
        encoding: Python codec name; `gbk` and `gb2312` are read as GB18030, which contains them.
        scratch: An existing folder for working copies, each at most four times as large as its file.

    Raises:
        LookupError: Python has no such codec.
        OSError: The file can't be read, or the scratch folder is full.
        OtherEncodingError: The file is UTF-8 and `encoding` is not.
    """
    codec = _codec(path, encoding)
    undecoded = False
    if codec not in ("utf-8", "utf-8-sig") or not _is_plain_utf8(path):
        path = _decoded_copy(path, codec, scratch)
        undecoded = _holds_reserved(path)
    newline = _detect_newline(path)
    if newline is None:
        path = _copy((chunk.replace(b"\r", CARRIAGE_RETURN.encode()) for chunk in _chunks(path)), scratch)
    return TextView(path, newline or "\n", undecoded=undecoded, mixed=newline is None)


def _codec(path: Path, encoding: str) -> str:
    """The codec to read with; UTF-16 or UTF-32 without a byte order mark is big-endian if its first byte is zero, as in ASCII names."""
    name = codecs.lookup(_WIDER_CODECS.get(encoding.lower(), encoding)).name
    if name not in _ORDER_MARKS_OF:
        return name
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(_ORDER_MARKS_OF[name]):
        return name
    return f"{name}-be" if start[:1] == b"\0" else f"{name}-le"


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _copy(chunks: Iterable[bytes], scratch: Path) -> Path:
    with tempfile.NamedTemporaryFile(dir=scratch, suffix=".utf8", delete=False) as copy:
        copy.writelines(chunks)
    return Path(copy.name)


def _decoded_copy(path: Path, codec: str, scratch: Path) -> Path:
    evidence = Utf8Evidence(codec)
    copy = _copy(_decode_chunks(path, codec, evidence), scratch)
    if evidence.proves():
        copy.unlink()
        raise OtherEncodingError
    return copy


def _is_plain_utf8(path: Path) -> bool:
    """Whether the file is UTF-8 and has no byte order mark but its first, and none of the reserved characters."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(path):
            if codecs.BOM_UTF8 in chunk and _INNER_MARK.search(chunk):
                return False
            if not chunk.isascii() or decoder.getstate()[0]:
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return not _holds_reserved(path)


def _holds_reserved(path: Path) -> bool:
    tail = b""
    for chunk in _chunks(path):
        if (_RESERVED_START in chunk or tail) and _RESERVED_UTF8.search(tail + chunk):
            return True
        tail = chunk[-3:] if not chunk[-3:].isascii() else b""
    return False


def _decode_chunks(path: Path, codec: str, evidence: Utf8Evidence) -> Iterator[bytes]:
    """The file as UTF-8, with a mark for each byte that does not decode."""
    decoder = codecs.getincrementaldecoder(codec)("lakeward.keep_bytes")
    before = "\n"
    for chunk in itertools.chain(_chunks(path), [b""]):
        evidence.add(chunk)
        text = decoder.decode(chunk, final=not chunk)
        yield _encode_with_marks(_without_order_marks(before, text))
        before = text[-1:] or before


def _without_order_marks(before: str, text: str) -> str:
    """The text without the marks that files begin with, which stand at the head of a line where files were joined."""
    if "\ufeff" not in text:
        return text
    return _ORDER_MARKS.sub("", before + text)[len(before) :]


def _encode_with_marks(text: str) -> bytes:
    """The text in UTF-8, with marks for what is no text: bytes that did not decode, and reserved characters."""
    if not text.isascii():
        text = _RESERVED.sub(lambda found: "".join(chr(_SURROGATE + byte) for byte in found[0].encode()), text)
        text = _UNDECODED.sub(lambda found: chr(BYTE_MARK + ord(found[0]) - _SURROGATE), text)
    return text.encode()


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    """Replace bytes that do not decode by lone surrogates, which no decoder produces."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(_SURROGATE + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("lakeward.keep_bytes", _keep_bytes)


def _detect_newline(path: Path) -> str | None:
    """The line end of a UTF-8 file; None if line ends are mixed."""
    returns = feeds = pairs = 0
    cut = False
    for chunk in _chunks(path):
        returns, feeds = returns + chunk.count(b"\r"), feeds + chunk.count(b"\n")
        if returns:
            pairs += chunk.count(b"\r\n") + (cut and chunk.startswith(b"\n"))
            cut = chunk.endswith(b"\r")
    if not returns:
        return "\n"
    if not feeds:
        return "\r"
    return "\r\n" if returns == feeds == pairs else None
