"""The quarantine desk: open rows by dataset; values by role, repairs tried first, replay, release, expiry, and halted batches."""

from collections.abc import Mapping

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows import (
    ModelReading,
    Repair,
    Selection,
    Signature,
    deciding_roles,
    expire_rows,
    parse_row_id,
    release_batch,
    release_rows,
    repair_rows,
    replay_rows,
    show_quarantine,
    try_repair,
)
from lakeward.portal.form_steps import SignedStep, signed_step, take_step
from lakeward.portal.page import Page, PageAnswer, Visit

ROLE = "steward"
ROLES = deciding_roles("quarantine")
# Rows that a page shows, the newest first.
ROWS = 50
TYPED = ("rows", "where", "column", "expression", "value", "reason")


def show_desk(_: Visit, reading: ModelReading) -> PageAnswer:
    """The datasets with open rows or a halted batch."""
    ages = reading.family("ageing")
    facts = {"rows": reading.rows("open_datasets"), "ageing": ages.single_row if ages else None, "reasons": ()}
    return PageAnswer(template="quarantine.html", facts=facts)


def show_rows(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The open rows of a dataset, without their values.

    Raises:
        UsageError: The project has no such dataset.
    """
    return PageAnswer(template="quarantine_rows.html", facts=_facts(visit, reading))


def act_on_rows(visit: Visit) -> PageAnswer:
    """Do what a form asks, signed by the session; what was typed stays where it fails.

    Raises:
        UsageError: The project has no such dataset.
    """
    return take_step(visit, "quarantine_rows.html", _facts, signed_step(STEPS))


def _facts(visit: Visit, reading: ModelReading) -> dict[str, object]:
    name = visit.place["name"]
    halted = reading.family("halted", name)
    return {
        "name": name,
        "rows": show_quarantine(visit.portal.settings, name, ROWS),
        "reasons": reading.rows("reasons", dataset=name),
        "columns": reading.rows("columns", dataset=name),
        "halted": halted.rows[0] if halted and halted.rows else None,
        "typed": {field: visit.form.get(field, "") for field in (*TYPED, "rule")},
        "fault": "",
        "trial": None,
        "report": None,
        "count": None,
    }


def _see_values(settings: Settings, visit: Visit) -> Mapping[str, object]:
    """The rows with their values as a steward may see them; the read is in the access log before."""
    return {"rows": show_quarantine(settings, visit.place["name"], ROWS, role=ROLE)}


def _try_repair(settings: Settings, visit: Visit) -> Mapping[str, object]:
    return {"trial": try_repair(settings, visit.place["name"], _selection(visit), _repair(visit), ROLE)}


def _apply_repair(settings: Settings, visit: Visit) -> Mapping[str, object]:
    return {"count": repair_rows(settings, visit.place["name"], _selection(visit), _repair(visit), _signature(visit))}


def _replay(settings: Settings, visit: Visit) -> Mapping[str, object]:
    return {"report": replay_rows(settings, visit.place["name"], _selection(visit), _signature(visit))}


def _release(settings: Settings, visit: Visit) -> Mapping[str, object]:
    return {"report": release_rows(settings, visit.place["name"], _selection(visit), _signature(visit))}


def _expire(settings: Settings, visit: Visit) -> Mapping[str, object]:
    return {"count": expire_rows(settings, visit.place["name"], _selection(visit), _signature(visit))}


def _release_batch(settings: Settings, visit: Visit) -> Mapping[str, object]:
    batch = visit.form.get("batch", "")
    if not (batch.isascii() and batch.isdigit() and len(batch) < 16):
        raise UsageError("portal_form_incomplete")
    return {"report": release_batch(settings, visit.place["name"], int(batch), _signature(visit))}


STEPS: Mapping[str, SignedStep] = {
    "values": _see_values,
    "try": _try_repair,
    "repair": _apply_repair,
    "replay": _replay,
    "release": _release,
    "expire": _expire,
    "batch": _release_batch,
}


def _selection(visit: Visit) -> Selection:
    """The rows that the form names: of a rule, by id, by a condition."""
    form = visit.form
    rules = (form["rule"],) if form.get("rule") else ()
    rows = tuple(parse_row_id(word) for word in form.get("rows", "").replace(",", " ").split())
    return Selection(rules, rows, form.get("where", "").strip() or None)


def _repair(visit: Visit) -> Repair:
    """The new value of a column: an expression, or a text for rows that are named."""
    column = visit.form.get("column", "").strip()
    expression, value = visit.form.get("expression", "").strip(), visit.form.get("value", "")
    if not column or bool(expression) == bool(value):
        raise UsageError("portal_repair_needs_one")
    return Repair({column: expression} if expression else {}, {column: value} if value else {})


def _signature(visit: Visit) -> Signature:
    return Signature("", ROLE, visit.form.get("reason", ""))


PAGES = (
    Page(path="/quarantine", roles=ROLES, show=show_desk, nav="portal_nav_quarantine"),
    Page(path="/quarantine/{name}", roles=ROLES, show=show_rows, act=act_on_rows, typed=TYPED),
)
