"""OpenLineage run events (spec 2-0-2) as JSON-ready dicts, made from values of `model`.

The same step at the same time gives the same event, byte by byte, so that a lost COMPLETE can be recreated from the
commit. OpenLineage's client is imported only when an event is made: it takes a third of a second, which a DAG file that
only names a flow should not need.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lakeward_lineage.errors import LineageError
from lakeward_lineage.model import Step, event_id


def start(step: Step, at: datetime) -> dict[str, Any]:
    """The event that a step began; `at` is aware."""
    return _event(step, "START", at)


def complete(step: Step, at: datetime) -> dict[str, Any]:
    """The event that a step's commits are done; take `at` from the commit, so that it can be recreated."""
    return _event(step, "COMPLETE", at)


def fail(step: Step, at: datetime, error: str) -> dict[str, Any]:
    """The event that a step failed; `error` is visible to all readers of lineage, so it must not contain data values."""
    return _event(step, "FAIL", at, error)


def identify(event: Mapping[str, Any]) -> str:
    """The id of an event, from its run and type.

    Raises:
        LineageError: It has no run id or no type.
    """
    try:
        return event_id(event["run"]["runId"], event["eventType"])
    except (KeyError, TypeError, ValueError):
        raise LineageError("not_an_event", type=type(event).__name__) from None


def check_event(event: object) -> None:
    """Check that an event of another program is one of OpenLineage: its core, and the facets that the library knows.

    Raises:
        LineageError: It is not; with the place, what is expected there and the kind of value that was found.
    """
    from lakeward_lineage.validation import check_openlineage_event  # noqa: PLC0415 - see the module's docstring

    check_openlineage_event(event)


def _event(step: Step, event_type: str, at: datetime, error: str | None = None) -> dict[str, Any]:
    from lakeward_lineage.facets import run_event  # noqa: PLC0415 - see the module's docstring

    if at.tzinfo is None:
        raise LineageError("time_without_zone", type=event_type)
    time = at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return run_event(step, event_type, time, error)
