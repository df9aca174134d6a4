"""The process of `support.fault_proxy`: passes requests on to a store, and does to some what networks and stores do.

Usage: python fault_proxy_server.py ADDRESS. Says its port in one line, then takes orders as lines of JSON until its input ends.
"""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO
from urllib.parse import parse_qs, urlsplit

_ERROR = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>of the test</Message></Error>'
_CODES = {
    "500": (b"500 Internal Server Error", b"InternalError"),
    "503": (b"503 Slow Down", b"SlowDown"),
    "expired": (b"403 Forbidden", b"ExpiredToken"),
    "clock": (b"403 Forbidden", b"RequestTimeTooSkewed"),
}
# Seconds before the first byte of a slow answer.
_SLOW = 0.1
_OF_ONE_HOP = {b"connection", b"transfer-encoding", b"keep-alive", b"content-length", b"expect"}
_NO_BODY = {b"204", b"304"}


@dataclass
class Message:
    """A request or an answer.

    Args:
        words: Of its first line.
        headers: Names in small letters.
    """

    words: list[bytes]
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""

    def header(self, name: bytes) -> bytes:
        return next((value for key, value in self.headers if key == name), b"")

    def to_bytes(self, length: bytes) -> bytes:
        """The message, with this length of its body; of an answer to HEAD it is of what is not sent."""
        kept = [(key, value) for key, value in self.headers if key not in _OF_ONE_HOP] + [(b"content-length", length)]
        lines = [b" ".join(self.words), *(b"%s: %s" % each for each in kept)]
        return b"\r\n".join(lines) + b"\r\n\r\n"


@dataclass
class Schedule:
    """Which requests meet a fault, by their number from 1, and which there were."""

    at: int = 0
    kind: str = ""
    length: int = 1
    seen: list[tuple[str, str]] = field(default_factory=list)
    listings: dict[str, bytes] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, method: str, path: str) -> str:
        """The fault of this request; empty for none."""
        with self.lock:
            self.seen.append((method, path))
            return self.kind if self.at and self.at <= len(self.seen) < self.at + self.length else ""

    def reset(self, at: int, kind: str, length: int) -> None:
        with self.lock:
            self.at, self.kind, self.length = at, kind, length
            self.seen.clear()
            self.listings.clear()

    def body(self, path: str, kind: str, answer: Message) -> bytes:
        """The body of an answer; of a stale listing that of the time before."""
        if answer.words[1] != b"200" or "list-type" not in parse_qs(urlsplit(path).query):
            return answer.body
        with self.lock:
            before = self.listings.get(path, answer.body)
            self.listings[path] = answer.body
        return before if kind == "stale listing" else answer.body


class Connection:
    """A connection of a client, and that to the store behind it."""

    def __init__(self, client: socket.socket, target: tuple[str, int], schedule: Schedule) -> None:
        self._client, self._target, self._schedule = client, target, schedule
        self._store: socket.socket | None = None

    def serve(self) -> None:
        """Answer until one side goes away."""
        self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with self._client, self._client.makefile("rb") as incoming:
                while (request := self._read_request(incoming)) and self._answer(request):
                    pass
        except OSError:
            pass
        finally:
            if self._store:
                self._store.close()

    def _read_request(self, incoming: IO[bytes]) -> Message | None:
        request = _read_head(incoming)
        if request:
            if request.header(b"expect"):
                self._client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.body = incoming.read(int(request.header(b"content-length") or 0))
        return request

    def _answer(self, request: Message) -> bool:
        """Answer the request; False to hang up."""
        method, path = request.words[0].decode(), request.words[1].decode()
        kind = self._schedule.next(method, path)
        if kind in _CODES:
            status, code = _CODES[kind]
            self._send(method, Message([b"HTTP/1.1", status], [], _ERROR % code))
            return True
        if kind == "hang up":
            return False
        answer = self._ask(request, method)
        answer.body = self._schedule.body(path, kind, answer)
        if kind == "lost reply":
            return False
        if kind == "slow":
            time.sleep(_SLOW)
        self._send(method, answer, is_cut=kind == "cut body")
        return kind != "cut body"

    def _send(self, method: str, answer: Message, *, is_cut: bool = False) -> None:
        length = answer.header(b"content-length") if method == "HEAD" and answer.headers else b"%d" % len(answer.body)
        body = b"" if method == "HEAD" else answer.body
        self._client.sendall(answer.to_bytes(length or b"0") + (body[: len(body) // 2] if is_cut else body))

    def _ask(self, request: Message, method: str) -> Message:
        """The answer of the store to the request as it came: its signature covers the name of the host.

        Raises:
            OSError: The store does not answer.
        """
        is_new = self._store is None
        if self._store is None:
            self._store = socket.create_connection(self._target, 60)
            self._store.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._store.sendall(request.to_bytes(b"%d" % len(request.body)) + request.body)
        with self._store.makefile("rb") as incoming:
            answer = _read_answer(incoming, method)
        if answer is None or answer.header(b"connection").lower() == b"close":
            self._store.close()
            self._store = None
        if answer is None and is_new:
            raise ConnectionResetError
        return answer or self._ask(request, method)  # an idle connection that the store closed


def _read_head(incoming: IO[bytes]) -> Message | None:
    """First line and headers; None at the end."""
    first = incoming.readline()
    if not first.strip():
        return None
    headers = []
    while line := incoming.readline().strip():
        name, _, value = line.partition(b":")
        headers.append((name.strip().lower(), value.strip()))
    return Message(first.split(), headers)


def _read_answer(incoming: IO[bytes], method: str) -> Message | None:
    answer = _read_head(incoming)
    while answer and answer.words[1] == b"100":
        answer = _read_head(incoming)
    if answer and method != "HEAD" and answer.words[1] not in _NO_BODY:
        is_chunked = answer.header(b"transfer-encoding").lower() == b"chunked"
        length = answer.header(b"content-length")
        answer.body = b"".join(_chunks(incoming)) if is_chunked else incoming.read(int(length) if length else -1)
    return answer


def _chunks(incoming: IO[bytes]) -> Iterator[bytes]:
    while size := int(incoming.readline().partition(b";")[0], 16):
        yield incoming.read(size)
        incoming.readline()
    while incoming.readline().strip():
        pass


def _accept(server: socket.socket, target: tuple[str, int], schedule: Schedule) -> None:
    while True:
        connection = Connection(server.accept()[0], target, schedule)
        threading.Thread(target=connection.serve, daemon=True).start()


def _say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(upstream: str) -> None:
    """Serve until the input ends."""
    store = urlsplit(upstream)
    assert store.hostname
    assert store.port
    schedule, server = Schedule(), socket.create_server(("127.0.0.1", 0), backlog=128)
    threading.Thread(target=_accept, args=(server, (store.hostname, store.port), schedule), daemon=True).start()
    _say(str(server.getsockname()[1]))
    for line in sys.stdin:
        order = json.loads(line)
        if order is None:
            with schedule.lock:
                _say(json.dumps(schedule.seen))
        else:
            schedule.reset(*order)
            _say()


if __name__ == "__main__":
    main(sys.argv[1])
