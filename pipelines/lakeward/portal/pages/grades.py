"""The grade desk: columns whose grade waits for a person, the most sensitive first; the evidence, what a decision would change, the decision."""

from lakeward.core.errors import LakewardError, UsageError
from lakeward.flows import (
    GradeChoice,
    ModelReading,
    RefusedDecision,
    decide_grade,
    decide_grades,
    deciding_roles,
    grade_mark,
    list_grades,
    preview_confirmations,
    preview_decision,
)
from lakeward.portal.faults import fault_text, refusal_text
from lakeward.portal.page import Page, PageAnswer, Visit
from lakeward.portal.paging import paging

ROLES = deciding_roles("grade")
GRADES, LEVELS = ("core", "important", "general"), ("1", "2", "3", "4")
# Fields of the form that are shown again where a decision fails.
TYPED = ("reason", "grade", "level", "category")
DECIDE = "decide"
# Fields of the form of several columns: a column that is picked, and the mark of the grade that was shown.
PICKED, SEEN = "pick:", "seen:"


def show_queue(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The columns that wait, of one dataset or of all."""
    return PageAnswer(template="grades.html", facts=_queue_facts(visit, reading))


def confirm_several(visit: Visit) -> PageAnswer:
    """Show the evidence of the picked columns and what their confirmation would change, or confirm each, signed by the session."""
    if visit.form.get("step") == DECIDE:
        return _confirm(visit)
    picked = [name.removeprefix(PICKED) for name in visit.form if name.startswith(PICKED)]
    if not picked:
        fault = fault_text(visit, UsageError("portal_nothing_picked"))
        with visit.portal.read() as reading:
            return PageAnswer(template="grades.html", facts={**_queue_facts(visit, reading), "fault": fault}, status=409)
    settings = visit.portal.actions.session_settings(visit.session_id)
    found = visit.portal.actions.read_alone(lambda: preview_confirmations(settings, picked))
    return PageAnswer(template="grades_several.html", facts={**_several(visit, found.refused), "previews": found.previews})


def _confirm(visit: Visit) -> PageAnswer:
    reason = visit.form.get("reason", "")
    seen = {name.removeprefix(SEEN): mark for name, mark in visit.form.items() if name.startswith(SEEN)}
    with visit.portal.actions.act(visit.session_id) as settings:
        done = decide_grades(settings, {name: GradeChoice("", reason, seen=mark) for name, mark in seen.items()})
    facts = {**_several(visit, done.refused), "decided": done.decided, "typed_reason": reason}
    return PageAnswer(template="grades_several.html", facts=facts, status=409 if done.refused else 200)


def _several(visit: Visit, refused: tuple[RefusedDecision, ...]) -> dict[str, object]:
    """What the page of several columns shows; each refusal with its text."""
    faults = {each.column: refusal_text(visit, each.code, each.facts) for each in refused}
    return {"faults": faults, "previews": (), "decided": (), "typed_reason": ""}


def _queue_facts(visit: Visit, reading: ModelReading) -> dict[str, object]:
    number, dataset = visit.page_number(), visit.query.get("dataset") or None
    rows = reading.rows("waiting_grades", skip=paging(number, 0).skip, dataset=dataset)
    total = int(rows[0].number("total") or 0) if rows else 0
    return {"rows": rows, "total": total, "paging": paging(number, total), "dataset": dataset, "fault": ""}


def show_column(visit: Visit, _: ModelReading) -> PageAnswer:
    """The evidence of one column's grade, and the form of a decision.

    Raises:
        UsageError: The project has no such column.
    """
    return PageAnswer(template="grade.html", facts=_column_facts(visit))


def decide_column(visit: Visit) -> PageAnswer:
    """Show what a decision would change, or make it, signed by the session. What was typed stays where it fails.

    Raises:
        UsageError: The project has no such column.
    """
    name = f"{visit.place['name']}.{visit.place['column']}"
    facts: dict[str, object] = {}
    try:
        with visit.portal.actions.act(visit.session_id) as settings:
            if visit.form.get("step") == DECIDE:
                decide_grade(settings, name, _choice(visit))
                return PageAnswer(to=visit.path)
            facts["effects"] = preview_decision(settings, name, _choice(visit))
    except LakewardError as error:
        return PageAnswer(template="grade.html", facts={**_column_facts(visit), "fault": fault_text(visit, error)}, status=409)
    return PageAnswer(template="grade.html", facts={**_column_facts(visit), **facts})


def _choice(visit: Visit) -> GradeChoice:
    """The choice of the form; without a grade it is a confirmation.

    Raises:
        UsageError: There is no such level, or a level without a grade.
    """
    form, level = visit.form, visit.form.get("level", "")
    if level and (level not in LEVELS or not form.get("grade")):
        raise UsageError("grade_level_unknown", grade=form.get("grade") or "-", found=ascii(level))
    return GradeChoice(
        "",
        form.get("reason", ""),
        grade=form.get("grade") or None,
        level=int(level) if level else None,
        category=form.get("category", "").strip() or None,
        seen=form.get("seen", ""),
    )


def _column_facts(visit: Visit) -> dict[str, object]:
    name, column = visit.place["name"], visit.place["column"]
    columns = list_grades(visit.portal.settings, name)
    found = next((each.grade for each in columns if each.column == column), None)
    if found is None:
        raise UsageError("grade_column_unknown", dataset=name, column=column, close="-")
    typed = {field: visit.form.get(field, "") for field in TYPED}
    shown = {"name": name, "column": column, "now": found, "mark": grade_mark(found), "typed": typed}
    return {**shown, "effects": None, "fault": "", "all_grades": GRADES, "all_levels": LEVELS}


PAGES = (
    Page(path="/grades", roles=ROLES, show=show_queue, act=confirm_several, nav="portal_nav_grades", typed=("reason",)),
    Page(path="/grades/{name}/{column}", roles=ROLES, show=show_column, act=decide_column, typed=TYPED),
)
