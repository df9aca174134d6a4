"""A transport returns only when the receiver has the event, tries once, and tells a refusal from a receiver that is away."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import perf_counter, sleep

import pytest

from lakeward_lineage import FileTransport, HttpTransport, LineageError, Outbox, RefusedError, complete


@pytest.fixture
def event(step, at):
    return complete(step, at)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lineage" / "events.jsonl"


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_file_gets_one_line_per_event(path, step, at):
    events = [complete(replace(step, job=job), at) for job in "abc"]
    for event in events:
        FileTransport(path).send(event)
    assert lines(path) == events


def test_an_event_sent_again_after_a_kill_is_not_written_twice(path, event):
    FileTransport(path).send(event)
    FileTransport(path).send(event)
    assert lines(path) == [event]


@pytest.mark.parametrize("before", [b"", b'{"a": 1}\n', b"not json\n"])
def test_a_line_that_a_kill_cut_short_is_cut_off(path, event, before):
    path.parent.mkdir()
    path.write_bytes(before + b'{"torn": ')
    FileTransport(path).send(event)
    assert path.read_bytes() == before + json.dumps(event, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def test_a_file_that_cannot_be_written_is_a_lineage_error(tmp_path, event):
    (tmp_path / "file").touch()
    with pytest.raises(LineageError) as error:
        FileTransport(tmp_path / "file" / "events.jsonl").send(event)
    assert error.value.code == "not_delivered"


class Endpoint(BaseHTTPRequestHandler):
    """Answers with the server's status and remembers what was posted."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, self.headers.get("Authorization"), json.loads(body)))
        sleep(self.server.delay)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *args):  # noqa: A002 - the name is the base class's
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        server.posts, server.status, server.delay = [], 201, 0
        server.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def test_http_posts_the_event_as_it_is(server, event):
    HttpTransport(server.url).send(event)
    assert server.posts == [("/api/v1/lineage", None, event)]


def test_http_sends_the_token_to_the_given_endpoint(server, event):
    HttpTransport(server.url, endpoint="openapi/openlineage/api/v1/lineage", api_key="k3y").send(event)
    path, authorization, _ = server.posts[0]
    assert (path, authorization) == ("/openapi/openlineage/api/v1/lineage", "Bearer k3y")


@pytest.mark.parametrize("status", [400, 413, 422])
def test_http_tells_an_event_that_will_never_do(server, event, status):
    server.status = status
    with pytest.raises(RefusedError):
        HttpTransport(server.url).send(event)


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_http_tries_once_and_leaves_the_rest_to_the_outbox(server, event, status):
    server.status = status
    with pytest.raises(LineageError) as error:
        HttpTransport(server.url).send(event)
    assert not isinstance(error.value, RefusedError)
    assert len(server.posts) == 1


def test_http_does_not_wait_longer_than_its_timeout(server, event):
    server.delay = 1
    begun = perf_counter()
    with pytest.raises(LineageError):
        HttpTransport(server.url, timeout=0.1).send(event)
    assert perf_counter() - begun < 0.9


def test_http_to_a_dead_endpoint_fails_at_once_and_tells_no_secret(event):
    begun = perf_counter()
    with pytest.raises(LineageError) as error:
        HttpTransport("http://user:s3cret@127.0.0.1:9", api_key="k3y").send(event)
    assert perf_counter() - begun < 2
    assert "s3cret" not in str(error.value)
    assert "k3y" not in str(error.value)


@pytest.mark.parametrize("url", ["", "127.0.0.1:5000", "ftp://host", "http://"])
def test_an_address_that_is_no_url_is_refused(url):
    with pytest.raises(LineageError) as error:
        HttpTransport(url)
    assert error.value.code == "bad_receiver"


def test_an_outbox_waits_until_the_endpoint_is_back(server, event, tmp_path):
    outbox = Outbox(tmp_path / "outbox")
    outbox.append(event)
    server.status = 503
    with pytest.raises(LineageError):
        outbox.deliver(HttpTransport(server.url))
    server.status = 201
    assert outbox.deliver(HttpTransport(server.url)).sent == 1
    assert outbox.pending() == ()
