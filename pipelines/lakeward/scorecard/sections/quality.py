"""Quality by the dimensions of GB/T 36344-2018: score, trend, and numbers of measured and of all rules."""

from lakeward.scorecard.charts.shapes import bar, spark
from lakeward.scorecard.figures import FamilyResult, FigureRow, Scorecard
from lakeward.scorecard.markup import Markup, bilingual, cell, figure, figure_attributes, section, table, tag, unmeasured_note
from lakeward.scorecard.sections.common import DIMENSIONS, scope_changes, scope_note

FULL = 100


def quality(card: Scorecard) -> Markup:
    """The section; a dimension without rules is unknown."""
    dimensions, trend = card.results["dimensions"], card.results["trend"]
    if dimensions is None or trend is None:
        return section("quality", "card_quality_title", "card_quality_about", unmeasured_note("lakeward run"))
    by_name = {row.key[0]: row for row in dimensions.rows}
    changed = min((row.word("day") for row in scope_changes(card)), default=None)
    rows = [_dimension(name, by_name.get(name), trend, changed) for name in DIMENSIONS]
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
    days = [_days(name, trend) for name in DIMENSIONS if trend.rows_under(name)]
    history = tag(
        "details",
        tag("summary", bilingual("card_trend_numbers")),
        table(("card_dimension", "card_day", "card_score"), [r for d in days for r in d], **figure_attributes(trend)),
        class_="quiet",
    )
    return section(
        "quality",
        "card_quality_title",
        "card_quality_about",
        table(heads, rows, **figure_attributes(dimensions), class_="wide"),
        *([scope_note(changed)] if changed else []),
        history,
    )


def _dimension(name: str, row: FigureRow | None, trend: FamilyResult, changed: str | None) -> Markup:
    """One dimension; `changed` is the day on which the scope of rules changed."""
    score = row.number("score") if row else None
    none = [tag("td", bilingual("card_no_rule"), class_="num why", colspan=4)]
    counts = (
        none
        if row is None
        else [cell(figure(row, column), "num") for column in ("rules", "measured", "failed_rules", "unknown_rules")]
    )
    days = trend.rows_under(name)
    values = [each.number("score") for each in days]
    mark = sum(each.key[1] < changed for each in days) if changed else None
    named = tag("th", bilingual(DIMENSIONS[name]), scope="row")
    drawn = [
        cell(figure(row, "score"), "num strong"),
        cell(bar(score, FULL, "good"), "gauge"),
        cell(spark(values, mark), "trend"),
    ]
    return tag("tr", named, *drawn, *counts, **figure_attributes(None, row))


def _days(name: str, trend: FamilyResult) -> list[Markup]:
    return [
        tag(
            "tr",
            cell(bilingual(DIMENSIONS[name])),
            cell(row.key[1]),
            cell(figure(row, "score"), "num"),
            **figure_attributes(None, row),
        )
        for row in trend.rows_under(name)
    ]
