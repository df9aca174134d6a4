"""Access audit: queries by role, and their results."""

from lakeward.scorecard.figures import Scorecard
from lakeward.scorecard.markup import Markup, bilingual, cell, figure, figure_attributes, section, table, tag, unknown_mark

COLUMNS = ("queries", "allowed", "refused", "failed", "rows_out")


def access(card: Scorecard) -> Markup:
    """The section."""
    reading = card.results["access"]
    if reading is None:
        return section(
            "access",
            "card_access_title",
            "card_access_about",
            tag("p", unknown_mark(), " ", bilingual("card_access_none"), class_="unmeasured"),
        )
    rows = [
        tag(
            "tr",
            tag("th", row.key[0], scope="row"),
            *(cell(figure(row, column), "num") for column in COLUMNS),
            cell(figure(row, "last_asked")),
            **figure_attributes(None, row),
        )
        for row in reading.rows
    ]
    heads = ("card_role", "card_queries", "card_allowed", "card_refused", "card_broken", "card_rows_out", "card_last_asked")
    return section("access", "card_access_title", "card_access_about", table(heads, rows, **figure_attributes(reading)))
