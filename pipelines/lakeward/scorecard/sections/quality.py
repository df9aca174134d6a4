"""Quality by the dimensions of GB/T 36344-2018: score, trend, and what was measured of how many rules."""

from lakeward.scorecard.charts.shapes import bar, spark
from lakeward.scorecard.figures import Reading, Row, Scorecard
from lakeward.scorecard.markup import Markup, both, cell, figure, opens, section, table, tag, unmeasured
from lakeward.scorecard.sections.common import DIMENSIONS

FULL = 100


def quality(card: Scorecard) -> Markup:
    """The section; a dimension that no rule speaks of is unknown."""
    dimensions, trend = card.readings["dimensions"], card.readings["trend"]
    if dimensions is None or trend is None:
        return section("quality", "card_quality_title", "card_quality_about", unmeasured("lakeward run"))
    by_name = {row.key[0]: row for row in dimensions.rows}
    rows = [_dimension(name, by_name.get(name), trend) for name in DIMENSIONS]
    heads = (
        "card_dimension",
        "card_score",
        "",
        "card_trend",
        "card_rules",
        "card_measured",
        "card_rules_failed",
        "card_rules_unknown",
    )
    days = [_days(name, trend) for name in DIMENSIONS if trend.under(name)]
    history = tag(
        "details",
        tag("summary", both("card_trend_numbers")),
        table(("card_dimension", "card_day", "card_score"), [r for d in days for r in d], **opens(trend)),
        class_="quiet",
    )
    return section(
        "quality", "card_quality_title", "card_quality_about", table(heads, rows, **opens(dimensions), class_="wide"), history
    )


def _dimension(name: str, row: Row | None, trend: Reading) -> Markup:
    score = row.number("score") if row else None
    none = [tag("td", both("card_no_rule"), class_="num why", colspan=4)]
    counts = (
        none
        if row is None
        else [cell(figure(row, column), "num") for column in ("rules", "measured", "failed_rules", "unknown_rules")]
    )
    values = [each.number("score") for each in trend.under(name)]
    named = tag("th", both(DIMENSIONS[name]), scope="row")
    drawn = [cell(figure(row, "score"), "num strong"), cell(bar(score, FULL, "good"), "gauge"), cell(spark(values), "trend")]
    return tag("tr", named, *drawn, *counts, **opens(None, row))


def _days(name: str, trend: Reading) -> list[Markup]:
    return [
        tag("tr", cell(both(DIMENSIONS[name])), cell(row.key[1]), cell(figure(row, "score"), "num"), **opens(None, row))
        for row in trend.under(name)
    ]
