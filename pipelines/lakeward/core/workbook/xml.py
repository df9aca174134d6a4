"""Parses the XML of a workbook's parts. Document types are an error, since their entities can expand without bounds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO
from xml.parsers import expat  # entity bombs need a document type, which is an error below

from lakeward.core.zip_archive import DamagedArchiveError, translate_archive_damage

CHUNK = 1 << 16
# Errors of invalid XML, of parts that are missing or locked, beside those of a damaged archive.
_DAMAGE_ERRORS = (DamagedArchiveError, expat.ExpatError, LookupError, RuntimeError)


class UnreadableError(Exception):
    """The file can't be read as a workbook, or lacks the requested sheet.

    Args:
        code: Message code of the reason.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@contextmanager
def translate_damage() -> Iterator[None]:
    """Raise Python's errors for a damaged file as `UnreadableError`."""
    try:
        with translate_archive_damage():
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
    """Feed the stream to the parser and yield after each chunk, until the end or until `more()` is false."""
    while chunk := stream.read(CHUNK):
        parser.Parse(chunk)
        yield
        if not more():
            return
    parser.Parse(b"", True)
    yield


def elements(stream: IO[bytes]) -> list[tuple[str, dict[str, str]]]:
    """All elements of a small part in document order, with attributes, names without namespaces."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = new_parser()
    parser.StartElementHandler = lambda name, attributes: found.append(
        (local_name(name), {local_name(key): attributes[key] for key in attributes})
    )
    for _ in parse(stream, parser):
        pass
    return found


class LocalNames(dict[str, str]):
    """Cache of element names without namespaces: a sheet has few names and millions of elements."""

    def __missing__(self, name: str) -> str:
        self[name] = found = local_name(name)
        return found


def local_name(name: str) -> str:
    """The name without its namespace."""
    return name.rpartition("}")[2]


def _reject_doctype(*_: object) -> None:
    raise UnreadableError("reject_workbook_damaged")
