"""One dataset: its head, and its tabs as addresses of their own."""

from collections.abc import Callable, Mapping, Sequence

from lakeward.core.errors import UsageError
from lakeward.flows import FamilyResult, FigureRow, ModelReading
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit
from lakeward.portal.paging import paging

TABS = ("rules", "columns", "runs", "quarantine")


def head_of(visit: Visit, reading: ModelReading) -> Mapping[str, object]:
    """The head of every page of a dataset.

    Raises:
        UsageError: Neither the project nor the lake has the dataset.
    """
    name = visit.place["name"]
    found = reading.rows("dataset", dataset=name)
    if not found:
        raise UsageError("portal_no_dataset", dataset=name)
    rows = reading.rows("failures", dataset=name)
    return {"head": found[0], "name": name, "by_dimension": {row.key[1]: row for row in rows}, "tabs": TABS}


def _rules(_: Visit, reading: ModelReading, name: str) -> dict[str, object]:
    history = reading.family("history", name)
    batches = sorted(history.rows if history else (), key=lambda row: int(row.key[1]))
    rules = reading.rows("rules", dataset=name)
    return {"rules": rules, "passed_left_out": False, **history_facts(batches, reading.family("scope_changes", name))}


def history_facts(history: Sequence[FigureRow], changes: FamilyResult | None) -> dict[str, object]:
    """The scores of batches, oldest first, and where the scope of the rules changed between them.

    Args:
        changes: The changes of this dataset.
    """
    scope = _only(changes.rows if changes else ())
    first = int(scope.number("batch") or 0) if scope else 0
    return {"history": history, "scope": scope, "mark": sum(int(row.key[1]) < first for row in history)}


def _columns(_: Visit, reading: ModelReading, name: str) -> dict[str, object]:
    grades = reading.family("dataset_grades", name)
    terms: dict[str, list[FigureRow]] = {}
    for use in reading.rows("column_terms", dataset=name):
        terms.setdefault(use.key[0], []).append(use)
    columns = reading.rows("columns", dataset=name)
    return {"columns": columns, "grades": _only(grades.rows if grades else ()), "terms": terms}


def _runs(visit: Visit, reading: ModelReading, name: str) -> dict[str, object]:
    number = visit.page_number()
    rows = reading.rows("runs", dataset=name, skip=paging(number, 0).skip)
    total = int(rows[0].number("total") or 0) if rows else 0
    return {"runs": rows, "paging": paging(number, total)}


def _quarantine(_: Visit, reading: ModelReading, name: str) -> dict[str, object]:
    waiting = reading.family("open_rows", name)
    return {"reasons": reading.rows("reasons", dataset=name), "waiting": _only(waiting.rows if waiting else ())}


def _only(rows: tuple[FigureRow, ...]) -> FigureRow | None:
    return rows[0] if rows else None


TAB_FACTS: Mapping[str, Callable[[Visit, ModelReading, str], dict[str, object]]] = {
    "rules": _rules,
    "columns": _columns,
    "runs": _runs,
    "quarantine": _quarantine,
}


def show_tab(tab: str) -> Callable[[Visit, ModelReading], PageAnswer]:
    """The page of one tab."""

    def show(visit: Visit, reading: ModelReading) -> PageAnswer:
        head = head_of(visit, reading)
        facts = TAB_FACTS[tab](visit, reading, str(head["name"]))
        return PageAnswer(template=f"dataset_{tab}.html", facts={**head, **facts, "tab": tab})

    return show


PAGES = (
    Page(path="/d/{name}", roles=EVERYONE, show=show_tab("rules")),
    *(Page(path=f"/d/{{name}}/{tab}", roles=EVERYONE, show=show_tab(tab)) for tab in TABS[1:]),
)
