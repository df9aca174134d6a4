"""Lakeward: an industrial data lakehouse with governance built in."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakeward.flows.serve import Connection

__all__ = ["connect"]


def connect(role: str, project: str | Path | None = None) -> "Connection":
    """The lake of the project at or above `project` (default: here), as `role` has it: `connect(role="analyst").sql("from gold.x")`.

    A convenience for notebooks, not a wall: it runs in the reader's own process. See `lakeward.flows.serve`.

    Raises:
        UsageError: There is no such project, or no such role.
        PolicyError: The policy is not valid.
        ProtectionError: The key of tokens is not safe where it lies.
    """
    from lakeward.flows.serve import connect as open_door  # noqa: PLC0415 -- whoever parses a DAG must not pay for DuckDB

    return open_door(role, project)
