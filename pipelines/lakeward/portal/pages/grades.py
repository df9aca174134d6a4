"""The grade desk: columns whose grade waits for a person, the most sensitive first; the evidence, what a decision would change, the decision."""

from lakeward.core.errors import LakewardError, UsageError
from lakeward.flows import GradeChoice, ModelReading, decide_grade, deciding_roles, grade_mark, list_grades, preview_decision
from lakeward.portal.page import Page, PageAnswer, Visit
from lakeward.portal.paging import paging

ROLES = deciding_roles("grade")
GRADES, LEVELS = ("core", "important", "general"), ("1", "2", "3", "4")
# Fields of the form that are shown again where a decision fails.
TYPED = ("reason", "grade", "level", "category")
DECIDE = "decide"


def show_queue(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The columns that wait."""
    number = visit.page_number()
    rows = reading.rows("waiting_grades", skip=paging(number, 0).skip)
    total = int(rows[0].number("total") or 0) if rows else 0
    return PageAnswer(template="grades.html", facts={"rows": rows, "total": total, "paging": paging(number, total)})


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
        with visit.portal.acting(visit.session_id) as settings:
            if visit.form.get("step") == DECIDE:
                decide_grade(settings, name, _choice(visit))
                return PageAnswer(to=visit.path)
            facts["effects"] = preview_decision(settings, name, _choice(visit))
    except LakewardError as error:
        return PageAnswer(template="grade.html", facts={**_column_facts(visit), "fault": error.render(visit.lang)}, status=409)
    return PageAnswer(template="grade.html", facts={**_column_facts(visit), **facts})


def _choice(visit: Visit) -> GradeChoice:
    """The choice of the form; without a grade it is a confirmation."""
    form, level = visit.form, visit.form.get("level", "")
    return GradeChoice(
        "",
        form.get("reason", ""),
        grade=form.get("grade") or None,
        level=int(level) if level in LEVELS else None,
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
    Page(path="/grades", roles=ROLES, show=show_queue, nav="portal_nav_grades"),
    Page(path="/grades/{name}/{column}", roles=ROLES, show=show_column, act=decide_column, typed=TYPED),
)
