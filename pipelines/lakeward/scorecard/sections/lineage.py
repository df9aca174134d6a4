"""Lineage: which table is made of which."""

from lakeward.scorecard.charts.graph import drawn, graph
from lakeward.scorecard.figures import Scorecard
from lakeward.scorecard.markup import Markup, both, cell, figure, opens, section, table, tag, unmeasured

# Arrows that a reader still reads as a list.
MOST = 200


def lineage(card: Scorecard) -> Markup:
    """The section: counts, the picture, and its arrows as a list."""
    whole, reading = card.readings["lineage_totals"], card.readings["lineage"]
    if whole is None or reading is None:
        return section("lineage", "card_lineage_title", "card_lineage_about", unmeasured("lakeward run"))
    row = whole.only
    counts = [
        tag("div", tag("dt", both(code)), tag("dd", figure(row, column)))
        for code, column in (("card_tables", "tables"), ("card_arrows", "arrows"), ("card_column_arrows", "columns"))
    ]
    edges = [(each.key[0], each.key[1]) for each in reading.rows]
    partial = tag("p", both("card_lineage_partial"), class_="note") if drawn(edges) < int(row.number("tables") or 0) else None
    arrows = [
        tag(
            "tr",
            tag("th", each.key[0], scope="row"),
            cell("→"),
            cell(each.key[1]),
            cell(figure(each, "columns"), "num"),
            **opens(None, each),
        )
        for each in reading.rows[:MOST]
    ]
    heads = ("card_source", "", "card_target", "card_columns")
    listed = tag("details", tag("summary", both("card_lineage_list")), table(heads, arrows, **opens(reading)), class_="quiet")
    picture = tag("div", graph(edges), class_="scroll", tabindex="0", role="group", aria_labelledby="lineage-title")
    return section(
        "lineage",
        "card_lineage_title",
        "card_lineage_about",
        tag("dl", *counts, class_="counts", **opens(whole, row)),
        picture,
        *([partial] if partial else []),
        listed,
    )
