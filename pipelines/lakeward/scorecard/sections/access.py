"""Access audit: queries by role, and their results."""

from lakeward.scorecard.figures import Scorecard
from lakeward.scorecard.markup import (
    Markup,
    bilingual,
    by_language,
    cell,
    figure,
    figure_attributes,
    instant_figure,
    section,
    table,
    tag,
    unknown_mark,
)

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
            tag("th", _role(card, row.key[0]), scope="row"),
            *(cell(figure(row, column), "num") for column in COLUMNS),
            cell(instant_figure(row, "last_asked", card.zone)),
            **figure_attributes(None, row),
        )
        for row in reading.rows
    ]
    counted = ("card_queries", "card_allowed", "card_refused", "card_broken", "card_rows_out")
    heads = ("card_role", *counted, bilingual("card_last_asked", zone=card.zone))
    return section("access", "card_access_title", "card_access_about", table(heads, rows, **figure_attributes(reading)))


def _role(card: Scorecard, role: str) -> str:
    """Its title in both languages; of a role that the policy no longer has, its name."""
    title = card.role_titles.get(role)
    return by_language(title) if title else role
