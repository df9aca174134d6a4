"""A running server over the lake of canaries, for tests that only read: one per process of the tests."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from lakeward.core.settings import Settings
from support.flight_server import Client, ServerProcess, accounts_of, running_server


@dataclass
class ServedCanaries:
    """A server with the settings of its accounts by role."""

    settings: Settings
    accounts: dict[str, Settings]
    server: ServerProcess

    def client(self, role, asked=None, **more):
        return Client(self.server, self.accounts[role], asked, **more)


@pytest.fixture(scope="session")
def served_canaries(canary_lake, tmp_path_factory):
    """See `ServedCanaries`; take `own_server` to change or kill something."""
    settings, accounts = copy_with_accounts(
        canary_lake, tmp_path_factory.mktemp("served") / "plant", {"calls_per_minute": 1_000_000}
    )
    with running_server(settings.start) as server:
        yield ServedCanaries(settings, accounts, server)


@pytest.fixture
def own_server(canary_lake, tmp_path):
    """`own_server(limits)`: a project of one test with these limits, its accounts, and a server that is not started yet."""
    made = []

    def make(*options, **limits):
        settings, accounts = copy_with_accounts(canary_lake, tmp_path / f"plant{len(made)}", limits)
        made.append(ServedCanaries(settings, accounts, ServerProcess(settings.start, *options)))
        return made[-1]

    yield make
    for one in made:
        if one.server.process:
            one.server.stop(9)


def copy_with_accounts(canary_lake, root, limits=None):
    shutil.copytree(canary_lake.start, root)
    if limits:
        write_limits(root, limits)
    settings = Settings(start=Path(root))
    return settings, accounts_of(settings)


def write_limits(root, limits):
    file = Path(root) / "expectations/project.yaml"
    lines = "".join(f"  {name}: {value}\n" for name, value in limits.items())
    file.write_text(file.read_text(encoding="utf-8") + f"server:\n{lines}", encoding="utf-8")
