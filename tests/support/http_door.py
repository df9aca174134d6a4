"""A project whose dataset takes messages by HTTP, and a sender."""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lakeward.core.settings import Settings
from lakeward.flows import NewAccount, collect
from lakeward.flows.base.workspace import open_workspace
from lakeward.sources.collectors.state import CollectorState, read_state
from support.accounts import make_accounts
from support.line_contracts import line_contract

CONTRACT = line_contract(
    "http",
    "senders: [gateway]",
    "payload: json",
    "segmentSeconds: 1",
    "messageBytes: 2000",
    columns=(
        "{name: machine, logicalType: string, required: true}",
        "{name: number, logicalType: integer, required: true}",
        "{name: sender, physicalName: $sender, logicalType: string}",
        "{name: place, physicalName: $topic, logicalType: string}",
    ),
)
GATEWAY = NewAccount(name="gateway", person="Gateway of line 3", roles=("analyst",))
STRANGER = NewAccount(name="stranger", person="Somebody else", roles=("analyst",))


@dataclass
class Sender:
    """Sends to a door; each request by a connection of its own."""

    url: str
    token: str = ""
    context: ssl.SSLContext | None = None
    headers: dict = field(default_factory=dict)

    def post(self, path: str, body: bytes = b"", method: str = "POST", **headers: str) -> tuple[int, dict, dict]:
        """Status, headers and JSON of the answer."""
        parts = urlsplit(self.url)
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=30, context=self.context)
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            connection.request(method, path, body, {**own, **{name.replace("_", "-"): text for name, text in headers.items()}})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), json.loads(answer.read())
        finally:
            connection.close()


def message(number: int) -> bytes:
    return json.dumps({"machine": f"M{number % 3}", "number": number}).encode()


@contextmanager
def opened(settings: Settings, *names: str) -> Iterator[dict]:
    """Collectors that run; gives what each said, and at the end `failed`."""
    stop, said = threading.Event(), {}

    def run() -> None:
        said["failed"] = collect(settings, names, stop, lambda name, notice: said.setdefault(name, []).append(notice))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield said
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def wait_for(settings: Settings, state: str, dataset: str = "line", seconds: float = 8) -> CollectorState:
    folder = open_workspace(settings).files / "landing" / dataset
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = read_state(folder)
        if found and found.state == state:
            return found
        time.sleep(0.02)
    raise AssertionError(read_state(folder))


def tokens(settings: Settings) -> dict[str, str]:
    """Tokens of the accounts, by name."""
    return {name: own.token for name, own in make_accounts(settings, GATEWAY, STRANGER).items()}
