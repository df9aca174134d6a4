"""XML of a workbook's parts. Refuses document types, which no workbook has and whose entities can grow without bounds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO
from xml.parsers import expat  # bombs of entities need a document type, which is refused below
from zipfile import BadZipFile
from zlib import error as zlib_error

CHUNK = 1 << 16
# A compressed part that is cut, patched or of a method that Python does not have; XML that is none; numbers that are none.
_DAMAGE_ERRORS = (
    BadZipFile,
    zlib_error,
    EOFError,
    expat.ExpatError,
    KeyError,
    IndexError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


class UnreadableError(Exception):
    """The file can't be read as a workbook, or not as the one that was asked for.

    Args:
        code: Message code of the reason.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@contextmanager
def translate_damage() -> Iterator[None]:
    """Raise what a damaged file makes Python say as `UnreadableError`."""
    try:
        yield
    except _DAMAGE_ERRORS as error:
        raise UnreadableError("reject_workbook_damaged") from error


def new_parser() -> expat.XMLParserType:
    """A parser that names elements `<namespace>}<name>`."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _reject_doctype
    return parser


def parse(stream: IO[bytes], parser: expat.XMLParserType, *, more: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Feed the stream to the parser, giving the caller a turn after each piece, until its end or until no more is wanted."""
    while chunk := stream.read(CHUNK):
        parser.Parse(chunk)
        yield
        if not more():
            return
    parser.Parse(b"", True)
    yield


def elements(stream: IO[bytes]) -> list[tuple[str, dict[str, str]]]:
    """All elements of a small part, in the order in which they begin, with their attributes, names without namespaces."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = new_parser()
    parser.StartElementHandler = lambda name, attributes: found.append(
        (local_name(name), {local_name(key): attributes[key] for key in attributes})
    )
    for _ in parse(stream, parser):
        pass
    return found


class LocalNames(dict[str, str]):
    """Names of elements without their namespaces, each taken apart once: a sheet has few names and millions of elements."""

    def __missing__(self, name: str) -> str:
        self[name] = found = local_name(name)
        return found


def local_name(name: str) -> str:
    """The name without its namespace."""
    return name.rpartition("}")[2]


def _reject_doctype(*_: object) -> None:
    raise UnreadableError("reject_workbook_damaged")
