"""What a worker says of a statement, for the access log."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFacts:
    """What the gateway logs of a statement, besides its rows.

    Args:
        objects: Tables that it reads, as `layer.name`.
        columns: `layer.table.column` -> action, grade and level.
        versions: Table -> its newest Delta version.
        has_digest: Whether the answer may hold important or core data.
        aggregated: See `Rows.aggregated`.
        parameters: Names of the parameters that have no value yet.
    """

    objects: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    has_digest: bool = False
    aggregated: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()

    def line(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self)).encode()


def read_facts(content: bytes) -> StatementFacts:
    """The facts of `StatementFacts.line`."""
    found = json.loads(content)
    return StatementFacts(**found | {"objects": tuple(found["objects"]), "parameters": tuple(found["parameters"])})
