"""The head of the page: the four main figures, and the balance of rows."""

from decimal import Decimal

from lakeward.scorecard.charts.shapes import bar, stack
from lakeward.scorecard.figures import FamilyResult, FigureRow, Scorecard
from lakeward.scorecard.markup import Markup, bilingual, figure, figure_attributes, join, section, tag

FULL = 100
TOP_LEVEL = 5


def summary(card: Scorecard) -> Markup:
    """Quality, readiness, grades and the balance of rows, large."""
    totals, readiness, grades = (card.results[name] for name in ("totals", "readiness", "grades"))
    tiles = (
        _tile("card_quality", totals, "score", FULL, ("card_datasets_scored", "scored", "datasets")),
        _tile("card_readiness", readiness, "score", TOP_LEVEL, ("card_items_measured", "measured", "items")),
        _tile("card_grades", grades, "share", FULL, ("card_columns_provisional", "provisional", "columns")),
        _balance(totals),
    )
    return tag("div", *tiles, class_="tiles")


def rows(card: Scorecard) -> Markup:
    """The balance of rows, each side counted separately (docs/explanation/laws.md, 1)."""
    totals = card.results["totals"]
    row = totals.single_row if totals else None
    parts = [("silver", "good"), ("duplicates", "idle"), ("quarantine", "warn"), ("rejects", "bad")]
    picture = stack([(row.number(column) or 0, class_) for column, class_ in parts]) if row else None
    counts = [
        _count(totals, row, code, column, class_)
        for code, column, class_ in (
            ("card_rows_in", "rows_in", ""),
            ("card_silver", "silver", "good"),
            ("card_duplicates", "duplicates", "idle"),
            ("card_corrections", "corrections", ""),
            ("card_quarantine", "quarantine", "warn"),
            ("card_rejects", "rejects", "bad"),
            ("card_batches", "batches", ""),
        )
    ]
    return section("rows", "card_rows_title", "card_rows_about", join([picture]), tag("dl", *counts, class_="counts"))


def _count(totals: FamilyResult | None, row: FigureRow | None, code: str, column: str, class_: str) -> Markup:
    mark = tag("i", class_=f"mark {class_}") if class_ else None
    return tag("div", tag("dt", mark, bilingual(code)), tag("dd", figure(row, column)), **figure_attributes(totals, row))


def _tile(code: str, reading: FamilyResult | None, column: str, top: int, of: tuple[str, str, str]) -> Markup:
    row = reading.single_row if reading else None
    value = row.number(column) if row else None
    text, part, whole = of
    below = (
        tag("p", figure(row, part), bilingual("card_of"), figure(row, whole), bilingual(text), class_="of")
        if row
        else tag("p", bilingual("card_unmeasured_yet"), class_="of")
    )
    scale = tag("small", f"/ {top}", class_="scale") if value is not None else None
    number = tag("p", figure(row, column), scale, class_="big")
    return tag(
        "div",
        tag("h3", bilingual(code)),
        number,
        _picture(row, value, top),
        below,
        class_="tile",
        **figure_attributes(reading, row),
    )


def _picture(row: FigureRow | None, value: int | Decimal | None, top: int) -> Markup:
    """A bar; of grades a stack, in which only what a person decided is in full colour."""
    if row is None or "provisional" not in row.cells:
        return bar(value, top, "good" if top == FULL else "accent")
    decided = sum(row.number(state) or 0 for state in ("confirmed", "overridden"))
    waiting = sum(row.number(state) or 0 for state in ("provisional", "stale"))
    return stack([(decided, "good"), (waiting, "idle"), (row.number("ungraded") or 0, "none")], "bar")


def _balance(totals: FamilyResult | None) -> Markup:
    row = totals.single_row if totals else None
    is_balanced = row is not None and row["balanced"] == row["batches"]
    verdict = "card_unmeasured_yet" if row is None else "card_balanced" if is_balanced else "card_unbalanced"
    number = tag(
        "p",
        figure(row, "balanced"),
        tag("small", bilingual("card_of"), class_="scale") if row else None,
        figure(row, "batches") if row else None,
        class_="big",
    )
    value = row.number("balanced") if row else None
    drawn = bar(value, (row.number("batches") or 1) if row else 1, "good" if is_balanced else "bad")
    return tag(
        "div",
        tag("h3", bilingual("card_balance")),
        number,
        drawn,
        tag("p", bilingual(verdict), class_="of"),
        class_="tile",
        **figure_attributes(totals, row),
    )
