"""Readiness by GB/T 36073: the web of domains, the staircase, and every item with what it rests on or lacks."""

from lakeward.maturity.catalogue import Domain, catalogue
from lakeward.scorecard.charts.radar import radar
from lakeward.scorecard.charts.shapes import Number, bar
from lakeward.scorecard.charts.staircase import staircase
from lakeward.scorecard.figures import Reading, Row, Scorecard
from lakeward.scorecard.markup import Markup, both, cell, each, figure, opens, section, table, tag, unmeasured
from lakeward.scorecard.sections.common import reason

TOP_LEVEL = 5


def readiness(card: Scorecard) -> Markup:
    """The section; all nine domains are named also where nothing is measured."""
    whole, domains, items = (card.readings[name] for name in ("readiness", "domains", "items"))
    by_domain = {row.key[0]: row for row in domains.rows} if domains else {}
    spokes = [(dict(domain.names), _number(by_domain.get(domain.number), "score")) for domain in catalogue().domains]
    level = _number(whole.only, "level") if whole else None
    pictures = tag(
        "div", radar(spokes), tag("div", staircase(None if level is None else int(level)), _level(whole)), class_="pair"
    )
    if domains is None or items is None:
        return section("readiness", "card_readiness_title", "card_readiness_about", pictures, unmeasured("lakeward assess"))
    drawn = [_domain(domain, by_domain.get(domain.number), domains, items) for domain in catalogue().domains]
    return section("readiness", "card_readiness_title", "card_readiness_about", pictures, *drawn)


def _level(whole: Reading | None) -> Markup:
    row = whole.only if whole else None
    if row is None:
        return tag("p", both("card_level_unknown"), class_="caption")
    told = both("card_level_unknown") if row["level"] is None else both("card_level_indicative")
    return tag(
        "p",
        told,
        " ",
        figure(row, "measured"),
        both("card_of"),
        figure(row, "items"),
        both("card_items_measured"),
        class_="caption",
        **opens(whole, row),
    )


def _domain(domain: Domain, row: Row | None, domains: Reading, items: Reading) -> Markup:
    head = tag(
        "summary",
        tag("span", f"{domain.number} ", each(domain.names), class_="name"),
        tag("span", bar(_number(row, "score"), TOP_LEVEL, "accent"), class_="gauge"),
        tag("span", figure(row, "score"), class_="value"),
        tag("span", figure(row, "measured"), both("card_of"), figure(row, "items"), class_="part"),
        **opens(domains, row),
    )
    by_item = {row.key[0]: row for row in items.rows}
    rows = [_item(item.number, item.names, by_item.get(item.number)) for item in domain.items]
    heads = ("card_item", "card_score", "card_ceiling", "card_coverage", "card_why")
    return tag("details", head, table(heads, rows, **opens(items)), class_="line")


def _item(number: str, names: object, row: Row | None) -> Markup:
    assert isinstance(names, dict)
    named = cell(tag("span", f"{number} ", each(names)))
    why = reason(row.word("reason")) if row else both("card_unmeasured_yet")
    numbers = [cell(figure(row, column), "num") for column in ("level", "ceiling", "coverage")]
    return tag("tr", named, *numbers, cell(why, "why"), **opens(None, row))


def _number(row: Row | None, column: str) -> Number | None:
    return row.number(column) if row else None
