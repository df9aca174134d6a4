"""Quarantine: age of open rows, and the rules that they failed."""

from lakeward.scorecard.charts.shapes import bar, stack
from lakeward.scorecard.figures import Scorecard
from lakeward.scorecard.markup import Markup, bilingual, cell, figure, figure_attributes, section, table, tag, unmeasured_note

AGES = (
    ("card_day_old", "day", "good"),
    ("card_week_old", "week", "idle"),
    ("card_month_old", "month", "warn"),
    ("card_older", "older", "bad"),
)
# Maximum number of reasons; others are shown with their dataset.
MAX_REASONS = 30


def quarantine(card: Scorecard) -> Markup:
    """The section."""
    ageing, reasons = card.results["ageing"], card.results["reasons"]
    if ageing is None or reasons is None:
        return section("quarantine", "card_quarantine_title", "card_quarantine_about", unmeasured_note("lakeward run"))
    row = ageing.single_row
    picture = stack([(row.number(column) or 0, class_) for _, column, class_ in AGES])
    ages = [
        tag("div", tag("dt", tag("i", class_=f"mark {class_}"), bilingual(code)), tag("dd", figure(row, column)))
        for code, column, class_ in AGES
    ]
    top = max((each.number("rows") or 0 for each in reasons.rows), default=1)
    rows = [
        tag("tr", tag("th", each.key[0], scope="row"), cell(tag("code", each.key[1])), cell(figure(each, "rows"), "num"), cell(bar(each.number("rows"), top, "warn"), "gauge"), cell(figure(each, "batches"), "num"), cell(each.word("oldest")), **figure_attributes(None, each))
        for each in reasons.rows[:MAX_REASONS]
    ]  # fmt: skip
    heads = ("card_dataset", "card_rule", "card_rows_failed", "", "card_batches", "card_oldest")
    listed = (
        table(heads, rows, **figure_attributes(reasons)) if rows else tag("p", bilingual("card_nothing_aside"), class_="note")
    )
    counts = tag("dl", *ages, class_="counts", **figure_attributes(ageing, row))
    return section("quarantine", "card_quarantine_title", "card_quarantine_about", picture, counts, listed)
