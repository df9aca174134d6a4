"""The parts of the static scorecard: which pages of the portal it holds, with their rows up to a limit, and what is left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakeward.flows import FigureRow, ModelReading, ScorecardReading, lineage_of_tables
from lakeward.portal.lineage_layout import MAX_BOXES, draw_lineage
from lakeward.portal.pages.dataset import history_facts
from lakeward.portal.pages.estate import estate_facts
from lakeward.portal.pages.readiness import readiness_facts
from lakeward.portal.paging import Paging

# Rows of the list of datasets, datasets with a part of their own, their rules, and rows of every other list: so that a project
# of 1,000 datasets has less than 3 MB.
MOST_DATASETS, MOST_DETAILED, MOST_RULES, MOST_ROWS = 1_000, 60, 1_000, 100
MOST_REASONS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """One part of the file.

    Args:
        anchor: Where links to it lead, in the file.
        title: Message code of its entry in the contents; empty for none.
        template: The page's template.
        facts: Values that the template shows.
        note: Message code of what it leaves out; empty for nothing.
        counts: Facts of the note.
    """

    anchor: str
    template: str
    facts: Mapping[str, object]
    title: str = ""
    note: str = ""
    counts: Mapping[str, int | str] | None = None


def file_parts(source: ScorecardReading) -> list[FilePart]:
    """All parts; of an empty lake the first one alone."""
    reading = source.reading
    estate = estate_facts(reading)
    first = FilePart(anchor="estate", title="portal_nav_estate", template="estate.html", facts=estate)
    if estate["totals"] is None:
        return [first]
    counts = reading.rows("estate_counts")[0]
    rows = reading.rows("all_datasets", most=MOST_DATASETS)
    return [
        first,
        FilePart(anchor="readiness", title="portal_nav_readiness", template="readiness.html", facts=readiness_facts(reading)),
        _datasets(rows, int(counts.number("datasets") or 0)),
        *_details(reading, rows),
        _grades(reading),
        _quarantine(reading),
        _lineage(reading),
        _access(source),
    ]


def dataset_anchor(name: str) -> str:
    """Where the part of a dataset is."""
    return f"d-{name}"


def _datasets(rows: Sequence[FigureRow], total: int) -> FilePart:
    facts = {"rows": rows, "total": total, "chosen": {}, "facets": {}, "paging": Paging(1, 1)}
    detailed = min(len(rows), MOST_DETAILED)
    note = "card_datasets_left_out" if detailed < total else ""
    counts = {"shown": len(rows), "total": total, "detailed": detailed}
    return FilePart(anchor="datasets", title="card_nav_datasets", template="datasets.html", facts=facts, note=note, counts=counts)


def _details(reading: ModelReading, rows: Sequence[FigureRow]) -> Iterable[FilePart]:
    """A part for each of the first datasets: those that need attention come first."""
    shown = [row for row in rows[:MOST_DETAILED] if row["batches"] is not None]
    names = "\n".join(row.key[0] for row in shown)
    counted = reading.rows("rule_counts", datasets=names)[0]
    has_all = int(counted.number("rules") or 0) <= MOST_RULES
    rules = _by_dataset(reading.rows("chosen_rules", datasets=names, passed=has_all, most=MOST_RULES))
    history = _by_dataset(reading.rows("chosen_history", datasets=names))
    failures = reading.family("failures")
    dimensions = _by_dataset(failures.rows if failures else ())
    for row in shown:
        name = row.key[0]
        facts = {
            "head": row,
            "name": name,
            "by_dimension": {each.key[1]: each for each in dimensions.get(name, ())},
            "tabs": (),
            "tab": "rules",
            "rules": rules.get(name, ()),
            "passed_left_out": not has_all,
            **history_facts(history.get(name, ()), reading.family("scope_changes", name)),
        }
        yield FilePart(anchor=dataset_anchor(name), template="dataset_rules.html", facts=facts)


def _grades(reading: ModelReading) -> FilePart:
    whole, important = reading.family("grades"), reading.family("important_data")
    listed = important.rows if important else ()
    rows = reading.rows("grades_by_dataset", most=MOST_ROWS)
    facts = {"grades": _first(whole.rows if whole else ()), "important": listed[:MOST_ROWS], "by_dataset": rows}
    total = int(reading.rows("graded_datasets")[0].number("datasets") or 0)
    return _limited(
        FilePart(anchor="grades", title="card_nav_grades", template="grades.html", facts=facts),
        max(total, len(listed)),
        MOST_ROWS,
    )


def _quarantine(reading: ModelReading) -> FilePart:
    rows, ages = reading.rows("open_datasets"), reading.family("ageing")
    reasons = reading.rows("main_reasons", most=MOST_REASONS)
    facts = {"rows": rows[:MOST_ROWS], "ageing": _first(ages.rows if ages else ()), "reasons": reasons}
    part = FilePart(anchor="quarantine", title="card_nav_quarantine", template="quarantine.html", facts=facts)
    return _limited(part, len(rows), MOST_ROWS)


def _lineage(reading: ModelReading) -> FilePart:
    totals = reading.family("lineage_totals")
    row = _first(totals.rows if totals else ())
    arrows = reading.rows("main_arrows", most=MOST_ROWS)
    tables, count = (int(row.number(name) or 0) if row else 0 for name in ("tables", "arrows"))
    is_drawn = bool(arrows) and tables <= MAX_BOXES and count <= MOST_ROWS
    drawing = draw_lineage(lineage_of_tables(each.key for each in arrows)) if is_drawn else None
    facts = {"totals": row, "arrows": arrows, "drawing": drawing}
    part = FilePart(anchor="lineage", title="card_nav_lineage", template="lineage.html", facts=facts)
    return _limited(part, count, MOST_ROWS)


def _access(source: ScorecardReading) -> FilePart:
    access = source.reading.family("access")
    facts = {"roles": access.rows if access else None, "role_titles": source.role_titles}
    return FilePart(anchor="access", title="card_nav_access", template="access.html", facts=facts)


def _limited(part: FilePart, total: int, most: int) -> FilePart:
    """The part, with a note where it lists fewer than there are."""
    if total <= most:
        return part
    return FilePart(
        anchor=part.anchor,
        title=part.title,
        template=part.template,
        facts=part.facts,
        note="card_rows_left_out",
        counts={"shown": most, "total": total},
    )


def _by_dataset(rows: Iterable[FigureRow]) -> dict[str, list[FigureRow]]:
    found: dict[str, list[FigureRow]] = {}
    for row in rows:
        found.setdefault(row.key[0], []).append(row)
    return found


def _first(rows: Sequence[FigureRow]) -> FigureRow | None:
    return rows[0] if rows else None
