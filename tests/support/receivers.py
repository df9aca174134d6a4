"""Servers on loopback that keep what they are sent: of HTTP, and of mail."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Posted:
    """One request."""

    path: str
    headers: Any
    body: str


class Web(BaseHTTPRequestHandler):
    """Keeps what it gets; answers as the server says."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append(Posted(self.path, self.headers, body))
        self.send_response(self.server.status)
        self.send_header("Location", "/other")
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_):
        pass


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as one message needs."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line.split()[0].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go\r\n")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.got.append(text.decode())
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


def web_server() -> Any:
    """A server with `got`, `status` and `answer`, and its `server_port`."""
    return _running(ThreadingHTTPServer(("127.0.0.1", 0), Web))


def mail_server() -> Any:
    """A server with `got`, and its `server_address`."""
    return _running(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail))


@contextmanager
def _running(server: Any) -> Iterator[Any]:
    server.got, server.status, server.answer = [], 200, b""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
