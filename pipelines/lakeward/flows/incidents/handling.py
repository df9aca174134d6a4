"""Opens, states, scopes, lists and closes incidents. Each step is signed and only added; who may do it is anyone who is named."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from lakeward.core.errors import UsageError
from lakeward.core.names import sha256
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.incidents.record import (
    Discovery,
    Incident,
    IncidentStep,
    append_step,
    find_incident,
    read_incidents,
)
from lakeward.flows.incidents.rules import MEASURES, incident_rules
from lakeward.flows.incidents.scope import IncidentScope, check_columns, find_scope

# No lake is older, and times near the ends of the calendar can't be shown in every zone.
FIRST_YEAR = 1970
# Above any loss in yuan, and any number of persons.
MOST = Decimal(10) ** 15


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDraft:
    """What is known when an incident is opened.

    Args:
        title: What happened, in one line.
        columns: Columns or tables whose values may have leaked or changed.
        since: ISO 8601 time; without an offset in the project's zone.
        until: The same; empty for an incident that goes on.
        found_by: `own-monitoring`, `public-url` or `third-party`.
    """

    title: str
    columns: tuple[str, ...]
    since: str
    until: str = ""
    found_by: str = Discovery.OWN_MONITORING


def open_incident(settings: Settings, draft: IncidentDraft, by: str = "") -> Incident:
    """Open an incident; its number is the next one.

    Raises:
        UsageError: The title is empty, a column does not exist, a time is not valid, or no one is named.
        ProtectionError: The token is not valid.
    """
    workspace = open_workspace(settings)
    since, until = _time(workspace, draft.since), _time(workspace, draft.until) if draft.until else None
    if not draft.title.strip():
        raise UsageError("incident_title_missing")
    if draft.found_by not in tuple(Discovery):
        raise UsageError("incident_found_by", found=ascii(draft.found_by), expected=", ".join(Discovery))
    if since > workspace.clock.now() or (until is not None and until <= since):
        raise UsageError("incident_times", found=f"{draft.since} … {draft.until}")
    check_columns(workspace, draft.columns)
    facts = {
        "title": draft.title.strip(),
        "columns": list(draft.columns),
        "since": since.isoformat(),
        "until": until.isoformat() if until else None,
        "found_by": draft.found_by,
    }
    with workspace.engine() as engine:
        return find_incident(engine, append_step(workspace, engine, None, IncidentStep.OPENED, facts, by))


def list_incidents(settings: Settings) -> list[Incident]:
    """All incidents, the oldest first."""
    with open_workspace(settings).engine() as engine:
        return list(read_incidents(engine).values())


def state_incident_facts(settings: Settings, number: str, facts: Mapping[str, str], by: str = "") -> Incident:
    """State what telemetry can't know, by field of the report; a later statement of a field replaces an earlier one.

    Raises:
        UsageError: There is no such incident or field, it is closed, an amount is no number, or no one is named.
        ProtectionError: The token is not valid.
    """
    allowed = [field.key for field in incident_rules().fields if field.by_person]
    for key, value in facts.items():
        if key not in allowed:
            raise UsageError("incident_fact_unknown", found=ascii(key), expected=", ".join(allowed))
        if not value.strip() or not value.isprintable():
            raise UsageError("incident_fact_form", found=ascii(f"{key}={value}"))
        if key in MEASURES and not _is_amount(key, value):
            raise UsageError("incident_fact_number", fact=key, found=ascii(value))
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        _open(engine, number)
        append_step(workspace, engine, number, IncidentStep.STATED, dict(facts), by)
        return find_incident(engine, number)


def scope_incident(settings: Settings, number: str, by: str = "") -> IncidentScope:
    """Find who read what in the time of the incident, and record that it was found, with its sums and the hash of the whole.

    Raises:
        UsageError: There is no such incident, one of its columns is gone, or no one is named.
        ProtectionError: The token is not valid.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        found = find_scope(workspace, engine, find_incident(engine, number))
        facts = {
            "columns": len(found.columns),
            "exposures": len(found.exposures),
            "unknown_reads": found.unknown_reads,
            "sha256": sha256(repr(found.as_dict()).encode()),
        }
        append_step(workspace, engine, number, IncidentStep.SCOPED, facts, by)
    return found


def close_incident(settings: Settings, number: str, by: str = "") -> Incident:
    """Close an incident whose scope was found and whose cause, measures, improvement and lessons are stated.

    Raises:
        UsageError: There is no such incident, it is closed, something is missing, or no one is named.
        ProtectionError: The token is not valid.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        incident = _open(engine, number)
        missing = [key for key in incident_rules().to_close if not incident.facts.get(key, "").strip()]
        if missing or incident.scoped_at is None:
            raise UsageError(
                "incident_not_ready", incident=number, missing=", ".join([*missing, *([] if incident.scoped_at else ["scope"])])
            )
        append_step(workspace, engine, number, IncidentStep.CLOSED, {}, by)
        return find_incident(engine, number)


def _open(engine: Engine, number: str) -> Incident:
    incident = find_incident(engine, number)
    if incident.closed_at is not None:
        raise UsageError("incident_closed", incident=number, at=incident.closed_at)
    return incident


def _time(workspace: Workspace, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError("incident_times", found=ascii(text)) from None
    if not FIRST_YEAR <= found.year <= workspace.clock.now().year + 1:
        raise UsageError("incident_times", found=ascii(text))
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(workspace.project.zone))


def _is_amount(key: str, text: str) -> bool:
    """Whether it is money from 0, or a whole number of persons, in plain digits."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return False
    is_whole = key == "loss" or (found.is_finite() and found == found.to_integral_value())
    return found.is_finite() and 0 <= found < MOST and is_whole
