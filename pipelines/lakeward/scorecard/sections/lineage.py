"""Lineage between tables."""

from lakeward.scorecard.charts.graph import count_drawn_tables, lineage_graph
from lakeward.scorecard.figures import FigureRow, Scorecard
from lakeward.scorecard.markup import Markup, bilingual, cell, figure, figure_attributes, section, table, tag, unmeasured_note

# Maximum number of arrows shown as a list.
MAX_ARROWS = 200


def lineage(card: Scorecard) -> Markup:
    """The section: counts, the picture, and its arrows as a list."""
    whole, reading = card.results["lineage_totals"], card.results["lineage"]
    if whole is None or reading is None:
        return section("lineage", "card_lineage_title", "card_lineage_about", unmeasured_note("lakeward run"))
    row = whole.single_row
    counts = [
        tag("div", tag("dt", bilingual(code)), tag("dd", figure(row, column)))
        for code, column in (("card_tables", "tables"), ("card_arrows", "arrows"), ("card_column_arrows", "columns"))
    ]
    edges = [(each.key[0], each.key[1]) for each in reading.rows]
    partial = (
        tag("p", bilingual("card_lineage_partial"), class_="note")
        if count_drawn_tables(edges) < int(row.number("tables") or 0)
        else None
    )
    arrows = [_arrow(each) for each in reading.rows[:MAX_ARROWS]]
    heads = ("card_source", "", "card_target", "card_columns")
    listed = tag(
        "details",
        tag("summary", bilingual("card_lineage_list")),
        table(heads, arrows, **figure_attributes(reading)),
        class_="quiet",
    )
    picture = tag("div", lineage_graph(edges), class_="scroll", tabindex="0", role="group", aria_labelledby="lineage-title")
    return section(
        "lineage",
        "card_lineage_title",
        "card_lineage_about",
        tag("dl", *counts, class_="counts", **figure_attributes(whole, row)),
        picture,
        *([partial] if partial else []),
        listed,
    )


def _arrow(row: FigureRow) -> Markup:
    source, target = row.key
    width = cell(figure(row, "columns"), "num")
    return tag("tr", tag("th", source, scope="row"), cell("→"), cell(target), width, **figure_attributes(None, row))
