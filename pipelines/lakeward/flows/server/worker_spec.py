"""What a worker is started with: settings, whom it answers, and its limits; handed over on its standard input, never on a command line."""

import json
from dataclasses import dataclass
from pathlib import Path

from lakeward.core.messages import Lang
from lakeward.core.settings import Settings

_PATHS = ("start", "token_key_file", "wrapping_key_file")
_TEXTS = ("lake", "token_key", "wrapping_key")
# What the lake's object store is reached with.
_MAPPINGS = ("store", "connections")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpec:
    """A worker to start.

    Args:
        socket: Its socket, in a folder of its owner alone.
        role, purpose, party: Whom it answers.
        account: Name that row filters compare; None where none does, so that accounts share the worker.
        megabytes: Memory that DuckDB may use.
        lanes: Statements that can run at the same time.
    """

    settings: Settings
    socket: str
    role: str
    purpose: str
    party: str
    account: str | None
    megabytes: int
    lanes: int

    def line(self) -> bytes:
        """The specification as one line."""
        own = {name: getattr(self.settings, name) for name in _TEXTS}
        own |= {name: path and str(path) for name in _PATHS for path in [getattr(self.settings, name)]}
        own |= {name: dict(getattr(self.settings, name)) for name in _MAPPINGS}
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "settings"}
        return json.dumps({"settings": own | {"lang": str(self.settings.lang)}, **plain}).encode() + b"\n"


def read_spec(line: bytes) -> WorkerSpec:
    """The specification of a line that `WorkerSpec.line` wrote."""
    found = json.loads(line)
    own = found.pop("settings")
    token_key_file, wrapping_key_file = (Path(own[name]) if own[name] else None for name in _PATHS[1:])
    settings = Settings(
        start=Path(own["start"]),
        lang=Lang(own["lang"]),
        lake=own["lake"],
        token_key=own["token_key"],
        token_key_file=token_key_file,
        wrapping_key=own["wrapping_key"],
        wrapping_key_file=wrapping_key_file,
        store=own["store"],
        connections=own["connections"],
    )
    return WorkerSpec(settings=settings, **found)
