"""A store of S3's protocol that ignores `If-None-Match`, as some do: what must be refused. It checks no signature."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

_LIST = '<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>'
_ENTRY = '<Contents><Key>{}</Key><LastModified>2026-03-01T00:00:00Z</LastModified><ETag>"1"</ETag><Size>{}</Size></Contents>'
_MISSING = b"<Error><Code>NoSuchKey</Code></Error>"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    @property
    def key(self):
        return unquote(urlsplit(self.path).path)

    def do_PUT(self):
        self.server.objects[self.key] = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.reply(200, b"", ETag='"1"')

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            prefix = self.key.rstrip("/") + "/" + query.get("prefix", [""])[0]
            bucket = len(self.key.rstrip("/")) + 1
            found = [
                _ENTRY.format(key[bucket:], len(data)) for key, data in self.server.objects.items() if key.startswith(prefix)
            ]
            self.reply(200, _LIST.format("".join(found)).encode())
        else:
            data = self.server.objects.get(self.key)
            self.reply(404 if data is None else 200, _MISSING if data is None else data)

    def do_DELETE(self):
        self.server.objects.pop(self.key, None)
        self.reply(204, b"")

    def reply(self, status, body, **headers):
        self.send_response(status)
        for name, value in ({"Last-Modified": "Sun, 01 Mar 2026 00:00:00 GMT", "ETag": '"1"'} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def careless_store():
    """The address of such a store."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads, server.objects = True, {}
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
