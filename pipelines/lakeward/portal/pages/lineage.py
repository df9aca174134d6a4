"""Lineage of a table or of one column, drawn and listed; and what a change of it touches: fields, owners, grades and served views."""

from collections.abc import Iterable

from lakeward.core.errors import UsageError
from lakeward.core.messages import text
from lakeward.flows import FigureRow, ImpactHop, ModelReading, lineage_view, read_impact
from lakeward.portal.csv_file import check_rows, csv_file
from lakeward.portal.lineage_layout import draw_lineage
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit
from lakeward.portal.paging import paging

# Steps in one direction: at first, and at most.
STEPS, MOST = 2, 6
LONGEST = 300
# Rows of the list of what a change touches.
FIELDS = 500
# Columns of its file, before that of roles.
IMPACT_COLUMNS = ("field", "depth", "effect", "kind", "via", "job", "owner", "grade", "level", "state")


def show_lineage(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The neighbourhood of what was asked for; without a question the tables.

    Raises:
        UsageError: No run recorded a way from or to it.
    """
    start = _start(visit)
    if not start:
        return _show_tables(visit, reading)
    up, down = _steps(visit, "up"), _steps(visit, "down")
    view = lineage_view(reading, start, up, down)
    tables = [node.table for node in view.nodes]
    counts = {row.key: row["columns"] for row in reading.rows("lineage_counts", tables=_listed(tables))}
    own = next((node for node in view.nodes if node.column and f"{node.table}.{node.column}" == start), None)
    facts = {
        "view": view,
        "drawing": draw_lineage(view),
        "up": up,
        "down": down,
        "most": MOST,
        "table": own.table if own else start,
        "column": own.column if own else "",
        "fields": _field_words(reading, tables),
        "counts": counts,
    }
    return PageAnswer(template="lineage.html", facts=facts)


def show_impact(visit: Visit, reading: ModelReading) -> PageAnswer:
    """Every field that a change touches, with owner, grade and the roles that see it.

    Raises:
        UsageError: No run recorded a way from or to it.
        PolicyError: The serving policy is not valid.
    """
    start = _start(visit)
    if not start:
        raise UsageError("portal_impact_of_what")
    hops = read_impact(visit.portal, reading, start)
    tables = [hop.field for hop in hops] + [start]
    facts = {
        "start": start,
        "hops": hops[:FIELDS],
        "total": len(hops),
        "owners": _owners(hops),
        "fields": _field_words(reading, tables),
        "role_titles": visit.portal.role_titles(),
    }
    return PageAnswer(template="impact.html", facts=facts)


def give_impact(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The list of `show_impact` as a file, whole.

    Raises:
        UsageError: As `show_impact`, or there are more rows than a file takes.
        PolicyError: As `show_impact`.
    """
    start = _start(visit)
    if not start:
        raise UsageError("portal_impact_of_what")
    hops = read_impact(visit.portal, reading, start)
    check_rows(len(hops))
    rows = ([*(getattr(hop, name) for name in IMPACT_COLUMNS), _roles_text(hop)] for hop in hops)
    head = [text(f"csv_{name}", visit.lang) for name in (*IMPACT_COLUMNS, "roles")]
    return PageAnswer(download=csv_file("impact.csv", head, rows))


def _roles_text(hop: ImpactHop) -> str:
    """Roles and the form in which they see the field, such as `analyst: mask`."""
    return ", ".join(f"{each.role}: {each.action}" for each in hop.roles)


def _show_tables(visit: Visit, reading: ModelReading) -> PageAnswer:
    rows = reading.rows("lineage_tables", skip=paging(visit.page_number(), 0).skip)
    total = int(rows[0].number("total") or 0) if rows else 0
    facts = {"rows": rows, "total": total, "paging": paging(visit.page_number(), total)}
    return PageAnswer(template="lineage_tables.html", facts=facts)


def _start(visit: Visit) -> str:
    return visit.query.get("c", "").strip()[:LONGEST]


def _steps(visit: Visit, name: str) -> int:
    given = visit.query.get(name, "")
    return min(int(given), MOST) if given.isascii() and given.isdigit() and len(given) < 3 else STEPS


def _listed(tables: Iterable[str]) -> str:
    """Names in one parameter; a line end is in none of them."""
    return "\n".join(dict.fromkeys(tables))


def _field_words(reading: ModelReading, fields: Iterable[str]) -> dict[str, FigureRow]:
    """The words of tables and their columns, by `layer.table` and `layer.table.column`, without the layer."""
    datasets = _listed(field.split(".")[1] for field in fields if field.count(".") >= 1 and "/" not in field)
    found = {row.key[0]: row for row in reading.rows("dataset_words", datasets=datasets)}
    return found | {f"{row.key[0]}.{row.key[1]}": row for row in reading.rows("field_words", datasets=datasets)}


def _owners(hops: Iterable[ImpactHop]) -> list[tuple[str | None, int, int]]:
    """Owner, number of touched fields and of touched tables; those with the most first."""
    fields: dict[str | None, list[str]] = {}
    for hop in hops:
        fields.setdefault(hop.owner, []).append(hop.field)
    counted = [(owner, len(found), len({_table(field) for field in found})) for owner, found in fields.items()]
    return sorted(counted, key=lambda each: (-each[1], each[0] or ""))


def _table(field: str) -> str:
    return field if "/" in field else ".".join(field.split(".")[:2])


PAGES = (
    Page(path="/lineage", roles=EVERYONE, show=show_lineage, nav="portal_nav_lineage"),
    Page(path="/impact", roles=EVERYONE, show=show_impact),
    Page(path="/impact.csv", roles=EVERYONE, show=give_impact),
)
