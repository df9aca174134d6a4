"""Transports of the outbox: a file of JSON lines, or an OpenLineage endpoint over HTTP.

A transport sends one event and returns when the receiver has it. It tries once; the outbox retries.
"""

import fcntl
import mmap
import os
from collections.abc import Mapping
from json import dumps, loads
from pathlib import Path
from typing import IO, Any, Final, Protocol
from urllib.parse import urlsplit

from lakeward_lineage.errors import LineageError, RefusedError
from lakeward_lineage.events import identify

# The event is rejected (malformed, too large, not processable): a retry does not help.
_PERMANENT_STATUSES: Final = frozenset({400, 413, 422})


class Transport(Protocol):
    """A receiver of events."""

    def send(self, event: Mapping[str, Any]) -> None:
        """Send one event; on return the receiver has it.

        Raises:
            RefusedError: The receiver rejects it permanently.
            LineageError: The receiver did not accept it now.
        """
        ...


class FileTransport:
    """Appends events to a file of JSON lines, one writer at a time.

    At least once: an event that is already the file's last line is not written twice, as after a kill between this and the
    outbox; any other repetition is written, with the same id. A truncated last line is removed.

    Args:
        path: Created, with its folder, at the first event.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, event: Mapping[str, Any]) -> None:
        """Append one event; it is on disk on return.

        Raises:
            LineageError: The file cannot be written.
        """
        try:
            self._append(event)
        except OSError as error:
            raise LineageError("not_delivered", host=self._path.name, reason=type(error).__name__) from error

    def _append(self, event: Mapping[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not _ends_with(file, identify(event)):
                file.write(dumps(event, sort_keys=True, ensure_ascii=False).encode() + b"\n")
                file.flush()
            # Also for a line of an earlier attempt, which could be written but not synced.
            os.fsync(file.fileno())


class HttpTransport:
    """Posts events to an OpenLineage endpoint (Marquez, DataHub, OpenMetadata) through OpenLineage's client.

    Args:
        url: Such as `http://127.0.0.1:5000`.
        endpoint: Path under it; DataHub's is `openapi/openlineage/api/v1/lineage`.
        api_key: Sent as a bearer token; None for an open receiver.
        timeout: Seconds to wait for the connection, and again between two pieces of the answer.

    Raises:
        LineageError: The address is not an http(s) URL.
    """

    def __init__(self, url: str, *, endpoint: str = "api/v1/lineage", api_key: str | None = None, timeout: float = 5.0) -> None:
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise LineageError("bad_receiver")
        self._host = address.hostname
        # The client (with requests) is imported only for HTTP.
        from openlineage.client.transport.http import HttpConfig, create_token_provider  # noqa: PLC0415
        from openlineage.client.transport.http import HttpTransport as Client  # noqa: PLC0415

        auth = create_token_provider({"type": "api_key", "apiKey": api_key} if api_key else {})
        self._client = Client(HttpConfig(url=url, endpoint=endpoint, timeout=timeout, auth=auth, retry={"total": 0}))

    def send(self, event: Mapping[str, Any]) -> None:
        """Post one event; on return the receiver has confirmed it."""
        from requests import HTTPError, RequestException  # noqa: PLC0415

        body: Any = dict(event)
        try:
            self._client.emit(body)
        except HTTPError as error:
            status = error.response.status_code if error.response is not None else None
            if status in _PERMANENT_STATUSES:
                raise RefusedError("refused", status=status) from None
            raise LineageError("not_delivered", host=self._host, reason=f"status {status}") from None
        except RequestException as error:
            # Only the error's name: its text can contain the URL with a secret.
            raise LineageError("not_delivered", host=self._host, reason=type(error).__name__) from None


def _ends_with(file: IO[bytes], identity: str) -> bool:
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        return False
    with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as content:
        end = content.rfind(b"\n")
        last = content[content.rfind(b"\n", 0, max(end, 0)) + 1 : max(end, 0)]
    if end != size - 1:
        os.ftruncate(file.fileno(), end + 1)
    return _identity(last) == identity


def _identity(line: bytes) -> str | None:
    try:
        return identify(loads(line))
    except (ValueError, LineageError):
        return None
