"""Forms with files: read as they come, with bounds; a file that is too large is read to its end and dropped, so that the text beside it stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from lakeward.flows import GivenDocument, document_limits
from lakeward.portal.security import LARGEST_FORM, MAX_FIELDS, RefusedRequest, checked_lengths

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MULTIPART_TYPE = "multipart/form-data"
# Bytes of a form with files; beyond it nothing is read.
LARGEST_UPLOAD = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SentForm:
    """What a form sent.

    Args:
        fields: Its fields; of several of one name the last.
        files: Its files, in their order.
    """

    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: tuple[GivenDocument, ...] = ()


def has_files(request: Request) -> bool:
    """Whether a form is sent in the way that files are."""
    return _content_type(request)[0] == MULTIPART_TYPE


async def read_upload(request: Request, *, keeps_files: bool) -> SentForm:
    """The fields and files of a form.

    Args:
        keeps_files: Whether the contents of files are kept; without it each counts as too large.

    Raises:
        RefusedRequest: The form or a field is too large, or it is no form.
    """
    boundary = _content_type(request)[1]
    if not boundary:
        raise RefusedRequest(400)
    limits, size = document_limits(), 0
    parts = _Parts(limits.size, limits.together if keeps_files else 0)
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        async for chunk in request.stream():
            size += len(chunk)
            if size > LARGEST_UPLOAD:
                raise RefusedRequest(413)
            parser.write(chunk)
    except FormParserError:
        raise RefusedRequest(400) from None
    return parts.form()


def _content_type(request: Request) -> tuple[str, bytes]:
    """The type of a form, and the boundary of its parts."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    return kind.decode("latin-1").lower(), options.get(b"boundary", b"")


class _Parts:
    """Takes the parts of a form as the parser finds them.

    Args:
        largest: Bytes that a file may have.
        room: Bytes that all files may have together.
    """

    def __init__(self, largest: int, room: int) -> None:
        self._largest, self._room, self._field_bytes, self._is_complete = largest, room, 0, False
        self._fields: list[tuple[bytes, bytes]] = []
        self._files: list[GivenDocument] = []
        self._begin()

    def callbacks(self) -> MultipartCallbacks:
        """The parser's calls, by their names."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_header_name,
            "on_header_value": self._add_header_value,
            "on_header_end": self._end_header,
            "on_part_data": self._add_data,
            "on_part_end": self._end,
            "on_end": self._complete,
        }

    def form(self) -> SentForm:
        """What was sent.

        Raises:
            RefusedRequest: It ended early, is no text, or a field is too long.
        """
        if not self._is_complete:
            raise RefusedRequest(400)
        try:
            fields = {name.decode("utf-8"): value.decode("utf-8").replace("\r\n", "\n") for name, value in self._fields}
        except UnicodeDecodeError:
            raise RefusedRequest(400) from None
        return SentForm(fields=checked_lengths(fields), files=tuple(self._files))

    def _begin(self) -> None:
        self._header_name, self._header_value = b"", b""
        self._options: Mapping[bytes, bytes] = {}
        self._data, self._is_too_large = bytearray(), False

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._options = parse_options_header(self._header_value)[1]
        self._header_name, self._header_value = b"", b""

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if b"filename" not in self._options:
            self._field_bytes += end - start
            if self._field_bytes > LARGEST_FORM:
                raise RefusedRequest(413)
        elif len(self._data) + end - start > min(self._largest, self._room):
            self._is_too_large, self._data = True, bytearray()
        if not self._is_too_large:
            self._data += data[start:end]

    def _end(self) -> None:
        if len(self._fields) + len(self._files) >= MAX_FIELDS:
            raise RefusedRequest(400)
        if b"filename" not in self._options:
            self._fields.append((self._options.get(b"name", b""), bytes(self._data)))
            return
        name = self._options[b"filename"].decode("utf-8", "replace")
        if name or self._data or self._is_too_large:  # a field of files where none was chosen has neither
            content = None if self._is_too_large else bytes(self._data)
            self._room -= len(content or b"")
            self._files.append(GivenDocument(name=name, content=content))

    def _complete(self) -> None:
        self._is_complete = True
