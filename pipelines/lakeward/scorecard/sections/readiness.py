"""Readiness by GB/T 36073: the radar chart, the staircase, and every item with its evidence or what is missing."""

from lakeward.maturity.catalogue import Domain, default_catalogue
from lakeward.scorecard.charts.radar import radar
from lakeward.scorecard.charts.shapes import Number, bar
from lakeward.scorecard.charts.staircase import staircase
from lakeward.scorecard.figures import FamilyResult, FigureRow, Scorecard
from lakeward.scorecard.markup import (
    Markup,
    bilingual,
    by_language,
    cell,
    figure,
    figure_attributes,
    section,
    table,
    tag,
    unmeasured_note,
)
from lakeward.scorecard.sections.common import reason

TOP_LEVEL = 5


def readiness(card: Scorecard) -> Markup:
    """The section; all nine domains are listed, even if not measured."""
    whole, domains, items = (card.results[name] for name in ("readiness", "domains", "items"))
    by_domain = {row.key[0]: row for row in domains.rows} if domains else {}
    spokes = [(dict(domain.names), _number(by_domain.get(domain.number), "score")) for domain in default_catalogue().domains]
    level = _number(whole.single_row, "level") if whole else None
    pictures = tag(
        "div", radar(spokes), tag("div", staircase(None if level is None else int(level)), _level(whole)), class_="pair"
    )
    if domains is None or items is None:
        return section("readiness", "card_readiness_title", "card_readiness_about", pictures, unmeasured_note("lakeward assess"))
    drawn = [_domain(domain, by_domain.get(domain.number), domains, items) for domain in default_catalogue().domains]
    return section("readiness", "card_readiness_title", "card_readiness_about", pictures, *drawn)


def _level(whole: FamilyResult | None) -> Markup:
    row = whole.single_row if whole else None
    if row is None:
        return tag("p", bilingual("card_level_unknown"), class_="caption")
    caption = bilingual("card_level_unknown") if row["level"] is None else bilingual("card_level_indicative")
    return tag(
        "p",
        caption,
        " ",
        figure(row, "measured"),
        bilingual("card_of"),
        figure(row, "items"),
        bilingual("card_items_measured"),
        class_="caption",
        **figure_attributes(whole, row),
    )


def _domain(domain: Domain, row: FigureRow | None, domains: FamilyResult, items: FamilyResult) -> Markup:
    head = tag(
        "summary",
        tag("span", f"{domain.number} ", by_language(domain.names), class_="name"),
        tag("span", bar(_number(row, "score"), TOP_LEVEL, "accent"), class_="gauge"),
        tag("span", figure(row, "score"), class_="value"),
        tag("span", figure(row, "measured"), bilingual("card_of"), figure(row, "items"), class_="part"),
        **figure_attributes(domains, row),
    )
    by_item = {row.key[0]: row for row in items.rows}
    rows = [_item(item.number, item.names, by_item.get(item.number)) for item in domain.items]
    heads = ("card_item", "card_score", "card_ceiling", "card_coverage", "card_why")
    return tag("details", head, table(heads, rows, **figure_attributes(items)), class_="line")


def _item(number: str, names: object, row: FigureRow | None) -> Markup:
    assert isinstance(names, dict)
    named = cell(tag("span", f"{number} ", by_language(names)))
    why = reason(row.word("reason")) if row else bilingual("card_unmeasured_yet")
    numbers = [cell(figure(row, column), "num") for column in ("level", "ceiling", "coverage")]
    return tag("tr", named, *numbers, cell(why, "why"), **figure_attributes(None, row))


def _number(row: FigureRow | None, column: str) -> Number | None:
    return row.number(column) if row else None
