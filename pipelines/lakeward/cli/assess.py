"""Commands of readiness: assess, and show every figure with its query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Cells, Json, cells, print_json, print_message, print_table, settings_of
from lakeward.core.messages import Lang, text

if TYPE_CHECKING:
    from lakeward.flows import MaturityDomain, MaturityIndicator, MaturityItem


def assess(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.assess_readiness(settings)
    if as_json:
        print_json(found)
        return
    lang, whole = settings.lang, flows.maturity_summary(found.readiness)
    rows = [_domain(row, lang) for row in whole.domains]
    print_table(lang, "title_maturity_domains", rows, ("domain", "name", "readiness", "measured"))
    figures = {"score": _or_unknown(whole.score, lang), "level": _or_unknown(whole.level, lang)}
    print_message(lang, "maturity_total", edition=whole.edition, measured=whole.measured, total=whole.total, **figures)
    print_message(lang, "maturity_changed" if found.changed else "maturity_unchanged")


def show(
    context: typer.Context,
    item: Annotated[str | None, typer.Argument(help="Item number, such as 11.2 · 能力项编号")] = None,
    *,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.show_maturity(settings, item)
    if as_json:
        print_json(found)
        return
    lang = settings.lang
    columns = ("item", "name", "readiness", "proposal", "assessor", "difference", "ceiling", "coverage", "reason")
    print_table(lang, "title_maturity_items", [_item(row, lang) for row in found], columns)
    print_message(lang, "maturity_measured", measured=found[0].measured, total=found[0].total, edition=found[0].edition)
    if item:
        _indicators(found[0].indicators, lang)


def _indicators(rows: Sequence[MaturityIndicator], lang: Lang) -> None:
    columns = ("indicator", "name", "numerator", "denominator", "indicator_value", "level", "reason")
    print_table(lang, "title_maturity_indicators", [_indicator(row, lang) for row in rows], columns)
    for row in rows:
        if row.sql:
            figures = {"value": _or_unknown(row.value, lang), "level": _or_unknown(row.level, lang)}
            print_message(lang, "maturity_evidence", indicator=row.indicator, sql=row.sql, versions=row.versions, **figures)


def _domain(row: MaturityDomain, lang: Lang) -> Cells:
    measured = f"{row.measured}/{row.total}"
    return {"domain": row.domain, "name": row.names[lang], "readiness": _or_unknown(row.score, lang), "measured": measured}


def _item(row: MaturityItem, lang: Lang) -> Cells:
    reason = text(row.reason, lang, missing=None) if row.reason else None
    return {**cells(row), "name": row.names[lang], "readiness": _or_unknown(row.score, lang), "reason": reason}


def _indicator(row: MaturityIndicator, lang: Lang) -> Cells:
    reason = text(row.reason, lang, missing=row.missing) if row.reason else None
    return {**cells(row), "name": row.names[lang], "indicator_value": row.value, "reason": reason}


def _or_unknown(value: object, lang: Lang) -> str:
    return text("maturity_unknown", lang) if value is None else str(value)
