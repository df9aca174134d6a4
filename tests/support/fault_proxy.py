"""A proxy before an object store that does what networks and stores do: errors, silence, cut answers, and success whose reply is lost."""

import http.client
import random
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KINDS = ("500", "503", "hang up", "lost reply", "cut body", "slow", "expired", "stale listing")
_ERROR = b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>of the test</Message></Error>'
_CODES = {
    "500": (500, b"InternalError"),
    "503": (503, b"SlowDown"),
    "expired": (403, b"ExpiredToken"),
    "clock": (403, b"RequestTimeTooSkewed"),
}
# Seconds before the first byte of a slow answer.
_SLOW = 0.3
_OF_ONE_HOP = {"connection", "transfer-encoding", "keep-alive"}


@dataclass
class Faults:
    """What goes wrong, by number of the request from 1, and what was seen.

    Args:
        at: Number of the first request that meets the fault; 0 for none.
        kind: One of `KINDS`.
        length: Requests in a row that meet it: clients repeat one.
    """

    at: int = 0
    kind: str = ""
    length: int = 1
    seen: list = field(default_factory=list)
    listings: dict = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, method, path):
        """The fault of this request; empty for none."""
        with self.lock:
            self.seen.append((method, path))
            return self.kind if self.at and self.at <= len(self.seen) < self.at + self.length else ""

    def reset(self, at=0, kind="", length=1):
        """Another schedule, counted anew."""
        with self.lock:
            self.at, self.kind, self.length = at, kind, length
            self.seen.clear()

    def answer(self, path, kind, status, body):
        """The body of an answer; of a stale listing that of the time before."""
        if "list-type" not in parse_qs(urlsplit(path).query) or status != 200:
            return body
        with self.lock:
            before = self.listings.get(path, body)
            self.listings[path] = body
        return before if kind == "stale listing" else body


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.server.faults.next(self.command, self.path)
        if kind in _CODES:
            self.reply(_CODES[kind][0], {}, _ERROR % _CODES[kind][1])
        elif kind == "hang up":
            self.close_connection = True
        else:
            self.forward(body, kind)

    def forward(self, body, kind):
        found, content = self.ask(body)
        content = self.server.faults.answer(self.path, kind, found.status, content)
        if kind == "lost reply":
            self.close_connection = True
            return
        if kind == "slow":
            time.sleep(_SLOW)
        headers = {name: value for name, value in found.getheaders() if name.lower() not in _OF_ONE_HOP}
        self.reply(found.status, headers, content, cut=kind == "cut body")

    def ask(self, body):
        """The answer of the store to the request as it came: its signature covers the name of the host."""
        target = self.server.target
        connection = http.client.HTTPConnection(target.hostname, target.port, timeout=60)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _OF_ONE_HOP:
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            found = connection.getresponse()
            return found, found.read()
        finally:
            connection.close()

    def reply(self, status, headers, content, *, cut=False):
        has_body = self.command != "HEAD"
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in {"content-length", "date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)) if has_body else headers.get("Content-Length", "0"))
        self.end_headers()
        if has_body:
            self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.wfile.flush()
            self.close_connection = True

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815


@contextmanager
def proxy(upstream):
    """A proxy before the store at this address; gives its own address, and its faults."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.faults, server.target = Faults(), urlsplit(upstream)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.faults
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def schedules(seed, count, requests):
    """Seeded faults over a flow of so many requests: number of the request, kind, and how many in a row."""
    chance = random.Random(seed)
    return [(chance.randint(1, requests), chance.choice(KINDS), chance.choice((1, 1, 3, 8))) for _ in range(count)]
