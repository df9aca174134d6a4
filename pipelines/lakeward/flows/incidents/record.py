"""The incidents of a lake: steps that are only added, and what follows from them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from lakeward.core.errors import UsageError
from lakeward.core.spelling import did_you_mean
from lakeward.engines.protocols import Engine, TableReader
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.decision_roles import check_decision_role
from lakeward.flows.base.given_texts import check_given_texts
from lakeward.flows.base.identity import identify
from lakeward.flows.base.workspace import Workspace

TABLE = APP = "incidents"


class IncidentStep(StrEnum):
    """Steps of an incident."""

    OPENED = "opened"
    STATED = "stated"
    SCOPED = "scoped"
    CLOSED = "closed"


class Discovery(StrEnum):
    """How an incident was found."""

    OWN_MONITORING = "own-monitoring"
    PUBLIC_URL = "public-url"
    THIRD_PARTY = "third-party"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A data security incident as it is now.

    Args:
        incident: Its number, from 1.
        title: What happened, in one line.
        columns: Columns whose values may have leaked or changed, as `layer.table.column`, or tables.
        since, until: Time in which it happened; `until` None for one that goes on.
        found_by: How it was found.
        facts: What persons stated, by field of the report.
        opened_by: Who opened it.
        opened_at: When it was opened.
        scoped_at: When its scope was last found; None if never.
        closed_at: When it was closed; None while it is open.
    """

    incident: str
    title: str
    columns: tuple[str, ...]
    since: datetime
    until: datetime | None
    found_by: Discovery
    facts: Mapping[str, str] = field(default_factory=dict)
    opened_by: str
    opened_at: datetime
    scoped_at: datetime | None = None
    closed_at: datetime | None = None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward incident list --json`."""
        return fields_of(self)


def read_incidents(engine: TableReader) -> dict[str, Incident]:
    """The incidents by number, the oldest first."""
    found: dict[str, Incident] = {}
    for row in governance.read_rows(engine, TABLE, order="seq"):
        found[row["incident"]] = _after(found.get(row["incident"]), row)
    return found


def find_incident(engine: TableReader, number: str) -> Incident:
    """The incident of this number.

    Raises:
        UsageError: There is none.
    """
    found = read_incidents(engine)
    if number not in found:
        raise UsageError("incident_unknown", incident=ascii(number), close=did_you_mean(number, [*found]) or "-")
    return found[number]


def append_step(
    workspace: Workspace, engine: Engine, number: str | None, step: IncidentStep, facts: Mapping[str, Any], by: str
) -> str:
    """Append a step; returns the number of its incident.

    Args:
        number: Number of the incident; None for a new one, which gets the next number.

    Raises:
        UsageError: No one is named, or a text holds a control character.
        ProtectionError: The token is not valid, or its account has another name.
    """
    author = identify(workspace, by)
    check_decision_role(author, "incident")
    if not author.name:
        raise UsageError("incident_by_missing")
    check_given_texts(facts)
    table = governance.table_spec(TABLE).name
    row = {
        "step": step,
        "facts": json.dumps(facts, ensure_ascii=False),
        "author": author.name,
        "verified": author.verified,
        "recorded_at": workspace.clock.now(),
    }
    while True:
        seq = engine.txn(table, APP) + 1
        incident = number or str(1 + len(read_incidents(engine)))  # counted again where another process took the number
        if governance.append_rows(engine, TABLE, [{**row, "incident": incident, "seq": seq}], Txn(APP, seq)):
            return incident


def _after(incident: Incident | None, row: Mapping[str, Any]) -> Incident:
    """The incident after one more step."""
    facts = json.loads(row["facts"])
    if incident is None:
        return Incident(
            incident=row["incident"],
            title=facts["title"],
            columns=tuple(facts["columns"]),
            since=datetime.fromisoformat(facts["since"]),
            until=datetime.fromisoformat(facts["until"]) if facts["until"] else None,
            found_by=Discovery(facts["found_by"]),
            opened_by=row["author"],
            opened_at=row["recorded_at"],
        )
    match row["step"]:
        case IncidentStep.STATED:
            return replace(incident, facts={**incident.facts, **facts})
        case IncidentStep.SCOPED:
            return replace(incident, scoped_at=row["recorded_at"])
        case _:
            return replace(incident, closed_at=row["recorded_at"])
