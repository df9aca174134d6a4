"""The head of the page: four figures that a CDO looks at first, and where all rows went."""

from lakeward.scorecard.charts.shapes import bar, stack
from lakeward.scorecard.figures import Reading, Row, Scorecard
from lakeward.scorecard.markup import Markup, both, figure, join, opens, section, tag

FULL = 100
TOP_LEVEL = 5


def summary(card: Scorecard) -> Markup:
    """Quality, readiness, grades and the balance of rows, large."""
    totals, readiness, grades = (card.readings[name] for name in ("totals", "readiness", "grades"))
    tiles = (
        _tile("card_quality", totals, "score", FULL, ("card_datasets_scored", "scored", "datasets")),
        _tile("card_readiness", readiness, "score", TOP_LEVEL, ("card_items_measured", "measured", "items")),
        _tile("card_grades", grades, "share", FULL, ("card_columns_provisional", "provisional", "columns")),
        _balance(totals),
    )
    return tag("div", *tiles, class_="tiles")


def rows(card: Scorecard) -> Markup:
    """Where every row went, each side counted on its own (docs/explanation/laws.md, 1)."""
    totals = card.readings["totals"]
    row = totals.only if totals else None
    parts = [("silver", "good"), ("duplicates", "idle"), ("quarantine", "warn"), ("rejects", "bad")]
    picture = stack([(row.number(column) or 0, class_) for column, class_ in parts]) if row else None
    counts = [
        _count(totals, row, code, column, class_)
        for code, column, class_ in (
            ("card_rows_in", "rows_in", ""),
            ("card_silver", "silver", "good"),
            ("card_duplicates", "duplicates", "idle"),
            ("card_quarantine", "quarantine", "warn"),
            ("card_rejects", "rejects", "bad"),
            ("card_batches", "batches", ""),
        )
    ]
    return section("rows", "card_rows_title", "card_rows_about", join([picture]), tag("dl", *counts, class_="counts"))


def _count(totals: Reading | None, row: Row | None, code: str, column: str, class_: str) -> Markup:
    mark = tag("i", class_=f"mark {class_}") if class_ else None
    return tag("div", tag("dt", mark, both(code)), tag("dd", figure(row, column)), **opens(totals, row))


def _tile(code: str, reading: Reading | None, column: str, top: int, of: tuple[str, str, str]) -> Markup:
    row = reading.only if reading else None
    value = row.number(column) if row else None
    text, part, whole = of
    below = (
        tag("p", figure(row, part), both("card_of"), figure(row, whole), both(text), class_="of")
        if row
        else tag("p", both("card_unmeasured_yet"), class_="of")
    )
    scale = tag("small", f"/ {top}", class_="scale") if value is not None else None
    number = tag("p", figure(row, column), scale, class_="big")
    return tag(
        "div",
        tag("h3", both(code)),
        number,
        bar(value, top, "good" if top == FULL else "accent"),
        below,
        class_="tile",
        **opens(reading, row),
    )


def _balance(totals: Reading | None) -> Markup:
    row = totals.only if totals else None
    done = row is not None and row["balanced"] == row["batches"]
    verdict = "card_unmeasured_yet" if row is None else "card_balanced" if done else "card_unbalanced"
    number = tag(
        "p",
        figure(row, "balanced"),
        tag("small", both("card_of"), class_="scale") if row else None,
        figure(row, "batches") if row else None,
        class_="big",
    )
    value = row.number("balanced") if row else None
    drawn = bar(value, (row.number("batches") or 1) if row else 1, "good" if done else "bad")
    return tag(
        "div",
        tag("h3", both("card_balance")),
        number,
        drawn,
        tag("p", both(verdict), class_="of"),
        class_="tile",
        **opens(totals, row),
    )
