"""Incidents of data security: what is known of each by field of the report, who read what in its time, and the steps to its end."""

from collections.abc import Mapping

from lakeward.core.settings import Settings
from lakeward.flows import (
    Incident,
    ModelReading,
    close_incident,
    deciding_roles,
    find_incident,
    incident_rules,
    read_incidents,
    scope_incident,
    state_incident_facts,
)
from lakeward.portal.form_steps import SignedStep, signed_step, take_step
from lakeward.portal.page import Page, PageAnswer, Visit
from lakeward.portal.paging import ROWS, paging

DECIDERS = deciding_roles("incident")
ROLES = DECIDERS | {"auditor"}
TYPED = ("text",)


def show_incidents(visit: Visit, reading: ModelReading) -> PageAnswer:
    """All incidents, the open ones first, then the newest."""
    found = sorted(
        read_incidents(reading.tables).values(), key=lambda each: (each.closed_at is not None, -each.opened_at.timestamp())
    )
    number = visit.page_number()
    skip = paging(number, 0).skip
    facts = {"incidents": found[skip : skip + ROWS], "total": len(found), "paging": paging(number, len(found))}
    return PageAnswer(template="incidents.html", facts=facts)


def show_incident(visit: Visit, reading: ModelReading) -> PageAnswer:
    """One incident.

    Raises:
        UsageError: There is none of this number.
    """
    return PageAnswer(template="incident.html", facts=_facts(visit, reading))


def act_on_incident(visit: Visit) -> PageAnswer:
    """Find the scope, state a fact, or close the incident, signed by the session; what was typed stays where it fails.

    Raises:
        UsageError: There is none of this number.
    """
    return take_step(visit, "incident.html", _facts, signed_step(STEPS))


def _facts(visit: Visit, reading: ModelReading) -> dict[str, object]:
    assert visit.user is not None
    incident, rules = find_incident(reading.tables, visit.place["number"]), incident_rules()
    level = rules.level_of(incident.facts)
    return {
        "incident": incident,
        "fields": [(field.key, field.names[str(visit.lang)]) for field in rules.fields if field.by_person],
        "missing": _missing(incident),
        "level": level,
        "level_name": rules.level_names[level] if level else "",
        "must_be_reported": rules.must_be_reported(level),
        "may_act": incident.closed_at is None and bool(DECIDERS & set(visit.user.roles)),
        "typed": {name: visit.form.get(name, "") for name in (*TYPED, "field")},
        "scope": None,
        "fault": "",
        "done": "",
    }


def _missing(incident: Incident) -> list[str]:
    """Fields without which it can't be closed."""
    return [key for key in incident_rules().to_close if not incident.facts.get(key, "").strip()]


def _scope(settings: Settings, visit: Visit) -> Mapping[str, object]:
    return {"scope": scope_incident(settings, visit.place["number"]), "done": "portal_incident_scoped"}


def _state(settings: Settings, visit: Visit) -> Mapping[str, object]:
    given = {visit.form.get("field", ""): visit.form.get("text", "").strip()}
    state_incident_facts(settings, visit.place["number"], given)
    return {"done": "portal_incident_stated", "typed": {"text": "", "field": ""}}


def _close(settings: Settings, visit: Visit) -> Mapping[str, object]:
    close_incident(settings, visit.place["number"])
    return {"done": "portal_incident_closed"}


STEPS: Mapping[str, SignedStep] = {"scope": _scope, "state": _state, "close": _close}
PAGES = (
    Page(path="/incidents", roles=ROLES, show=show_incidents, nav="portal_nav_incidents"),
    Page(path="/incidents/{number}", roles=ROLES, show=show_incident, act=act_on_incident, typed=TYPED),
)
