"""Limits of the server, from the mapping `server` of `project.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass

from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """What one account, and all accounts together, may ask of the server.

    Args:
        rows, megabytes: Largest answer; past it the statement ends in an error, never in a short answer.
        seconds: Longest time of a statement, until its last row is fetched.
        statements: Statements of one account that run at the same time.
        all_statements: The same of all accounts.
        calls_per_minute: Calls of one account in a minute; a statement takes two or three.
        workers: Processes that answer, one for each set of answers: role, purpose, party and policy.
        worker_megabytes: Memory that DuckDB may use in one of them, and that it may hold beyond its first until another takes its place.
        idle_seconds: Time after which an unused process, or a session, ends.
        stated: Names of the limits that the project states; of these `rows`, `megabytes` and `seconds` hold in process, too.
    """

    rows: int = 5_000_000
    megabytes: int = 2_000
    seconds: int = 600
    statements: int = 4
    all_statements: int = 16
    calls_per_minute: int = 1_200
    workers: int = 8
    worker_megabytes: int = 1_000
    idle_seconds: int = 300
    stated: frozenset[str] = frozenset()


DEFAULT_LIMITS = ServerLimits()
SERVER_KEYS: Mapping[str, KeyDoc] = {
    "rows": KeyDoc("whole number", "Rows of one answer; past it a statement fails.", f"{DEFAULT_LIMITS.rows}"),
    "megabytes": KeyDoc(
        "whole number", "Size of one answer in Arrow's form; past it a statement fails.", f"{DEFAULT_LIMITS.megabytes}"
    ),
    "seconds": KeyDoc("whole number", "Time of a statement until its last row is fetched.", f"{DEFAULT_LIMITS.seconds}"),
    "statements": KeyDoc("whole number", "Statements of one account at the same time.", f"{DEFAULT_LIMITS.statements}"),
    "all_statements": KeyDoc("whole number", "Statements of all accounts at the same time.", f"{DEFAULT_LIMITS.all_statements}"),
    "calls_per_minute": KeyDoc(
        "whole number", "Calls of one account in a minute; a statement takes two or three.", f"{DEFAULT_LIMITS.calls_per_minute}"
    ),
    "workers": KeyDoc(
        "whole number", "Processes that answer: one for each role, purpose, party and policy in use.", f"{DEFAULT_LIMITS.workers}"
    ),
    "worker_megabytes": KeyDoc(
        "whole number",
        "Memory that DuckDB may use in one of them; one that holds as much more than at its start is replaced.",
        f"{DEFAULT_LIMITS.worker_megabytes}",
    ),
    "idle_seconds": KeyDoc("whole number", "Time after which one that is not used ends.", f"{DEFAULT_LIMITS.idle_seconds}"),
}


def read_server_limits(view: View) -> ServerLimits:
    """Read the mapping; faults are collected in `view`."""
    view.allow_only(SERVER_KEYS)
    stated = frozenset(key for key in SERVER_KEYS if view.values.get(key) is not None)
    return ServerLimits(**{key: view.positive_integer(key, getattr(DEFAULT_LIMITS, key)) for key in SERVER_KEYS}, stated=stated)
