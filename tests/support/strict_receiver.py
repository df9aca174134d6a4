"""A receiver of lineage on loopback that takes only what OpenLineage's schemas, and its client for Java, say is right."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

# Folder with the jars of io.openlineage:openlineage-java and of what it needs (tests/README.md).
JARS = "TEST_OPENLINEAGE_JARS"
SUPPORT = Path(__file__).parent
SCHEMA = SUPPORT.parent / "unit" / "lineage" / "openlineage-2-0-2.schema.json"
# Faults of a body; none, if it is right.
Check = Callable[[str], list[str]]


class Door(BaseHTTPRequestHandler):
    """Takes an event that no check finds a fault in; others are refused for good."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        faults = [fault for check in self.server.checks for fault in check(body)]
        self.server.faults += faults
        self.server.taken += [] if faults else [json.loads(body)]
        self.send_response(422 if faults else 201)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def strict_receiver(*checks: Check) -> Iterator[Any]:
    """A server with `server_port`, the events that were `taken`, and the `faults` of others."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.checks, server.taken, server.faults = (schema_faults, *checks), [], []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def schema_faults(body: str) -> list[str]:
    """Where the event is not what the schemas of OpenLineage say."""
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(body))]


@contextmanager
def java_client() -> Iterator[Check]:
    """A check by OpenLineage's own client for Java: it reads the event, and has all of it still when it writes it."""
    jars = os.environ.get(JARS)  # noqa: TID251
    if not jars or not shutil.which("java"):
        pytest.skip(f"{JARS} names no folder with the jars of openlineage-java, or java is missing (tests/README.md)")
    command = ["java", "-cp", f"{jars}/*", str(SUPPORT / "LineageParser.java")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1
    ) as process:
        assert process.stdin
        assert process.stdout
        turn = threading.Lock()

        def check(body: str) -> list[str]:
            with turn:
                process.stdin.write(json.dumps(json.loads(body)) + "\n")
                answer = process.stdout.readline().strip()
            return [answer] if answer.startswith("refused") else _lost(json.loads(body), json.loads(answer), "$")

        yield check
        process.stdin.close()


def _lost(sent: Any, kept: Any, place: str) -> list[str]:
    """What of an event the other side no longer has."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        lost = [f"{place}.{key} is lost" for key in sent if key not in kept and sent[key] is not None]
        return lost + [fault for key in sent.keys() & kept.keys() for fault in _lost(sent[key], kept[key], f"{place}.{key}")]
    if isinstance(sent, list) and isinstance(kept, list) and len(sent) == len(kept):
        return [fault for number, pair in enumerate(zip(sent, kept, strict=True)) for fault in _lost(*pair, f"{place}[{number}]")]
    is_same = sent == kept or place.endswith(".eventTime")  # a time is written in another form
    return [] if is_same else [f"{place} is {kept!r}, not {sent!r}"]
