"""Grades: number of graded columns by state, and the list of important data (重要数据目录)."""

from lakeward.scorecard.charts.shapes import stack
from lakeward.scorecard.figures import FigureRow, Scorecard
from lakeward.scorecard.markup import Markup, bilingual, cell, figure, figure_attributes, section, table, tag, unmeasured_note

GRADES = (
    ("card_core", "core", "bad"),
    ("card_important", "important", "warn"),
    ("card_general", "general", "good"),
    ("card_ungraded", "ungraded", "none"),
)
STATES = (
    ("card_confirmed", "confirmed", ""),
    ("card_overridden", "overridden", ""),
    ("card_provisional", "provisional", ""),
    ("card_stale", "stale", ""),
    ("card_personal", "personal", ""),
)  # fmt: skip


def grades(card: Scorecard) -> Markup:
    """The section."""
    whole, listed, each = (card.results[name] for name in ("grades", "important_data", "dataset_grades"))
    if whole is None or listed is None or each is None:
        return section("grades", "card_grades_title", "card_grades_about", unmeasured_note("lakeward grade run"))
    row = whole.single_row
    picture = stack([(row.number(column) or 0, class_) for _, column, class_ in GRADES])
    counts = tag("dl", *(_count(row, *part) for part in (*GRADES, *STATES)), class_="counts", **figure_attributes(whole, row))
    waiting = tag("p", bilingual("card_provisional_note"), class_="note")
    return section(
        "grades", "card_grades_title", "card_grades_about", picture, counts, waiting, _important(card), _by_dataset(card)
    )


def _count(row: FigureRow, code: str, column: str, class_: str) -> Markup:
    return tag(
        "div", tag("dt", tag("i", class_=f"mark {class_}") if class_ else None, bilingual(code)), tag("dd", figure(row, column))
    )


def _important(card: Scorecard) -> Markup:
    reading = card.results["important_data"]
    title = tag("h3", bilingual("card_important_title"))
    if reading is None or not reading.rows:
        return tag("div", title, tag("p", bilingual("card_important_none"), class_="note"))
    rows = [
        tag("tr", tag("th", row.key[0], scope="row"), cell(_chips(row.word("grades"))), cell(figure(row, "columns"), "num"), cell(tag("code", row.word("names"))), cell(_chips(row.word("states"))), **figure_attributes(None, row))
        for row in reading.rows
    ]  # fmt: skip
    heads = ("card_dataset", "card_grade", "card_columns", "card_names", "card_state")
    return tag("div", title, table(heads, rows, **figure_attributes(reading)))


def _by_dataset(card: Scorecard) -> Markup:
    reading = card.results["dataset_grades"]
    columns = ("columns", "share", "core", "important", "general", "ungraded", "provisional", "personal")
    rows = [
        tag(
            "tr",
            tag("th", row.key[0], scope="row"),
            *(cell(figure(row, column), "num") for column in columns),
            **figure_attributes(None, row),
        )
        for row in (reading.rows if reading else ())
    ]
    heads = (
        "card_dataset",
        "card_columns",
        "card_share",
        "card_core",
        "card_important",
        "card_general",
        "card_ungraded",
        "card_provisional",
        "card_personal",
    )
    return tag(
        "details",
        tag("summary", bilingual("card_grades_by_dataset")),
        table(heads, rows, **figure_attributes(reading)),
        class_="quiet",
    )


def _chips(joined: str) -> Markup:
    """Grades or states in both languages."""
    words = [word for word in joined.split(", ") if word]
    return tag("span", *(tag("span", bilingual(f"card_{word}"), class_="chip") for word in words))
