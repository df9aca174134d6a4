"""Commands of readiness: the items, what would raise them, the trend, and files for an assessor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.assess import Edition, or_unknown
from lakeward.cli.render import Cells, Json, cells, print_json, print_message, print_table, settings_of
from lakeward.core.messages import Lang, text

if TYPE_CHECKING:
    from lakeward.flows import MaturityGap, MaturityIndicator, MaturityItem

Item = Annotated[str | None, typer.Argument(help="Item number, such as 11.2 · 能力项编号")]


def show(context: typer.Context, item: Item = None, *, edition: Edition = "", as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.show_maturity(settings, item, edition)
    if as_json:
        print_json(found)
        return
    lang = settings.lang
    columns = ("item", "name", "readiness", "proposal", "assessor", "difference", "ceiling", "coverage", "reason")
    print_table(lang, "title_maturity_items", [_item(row, lang) for row in found], columns)
    print_message(lang, "maturity_measured", measured=found[0].measured, total=found[0].total, edition=found[0].edition)
    if item:
        _indicators(found[0].indicators, lang)
        if any(each.sha256 or each.date or each.page for each in found[0].document_facts):
            print_table(lang, "title_maturity_documents", found[0].document_facts, ("name", "date", "page", "sha256"))


def gaps(context: typer.Context, item: Item = None, *, edition: Edition = "", as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.maturity_gaps(settings, item, edition)
    if as_json:
        print_json(found)
        return
    columns = ("item", "indicator", "gap_now", "gap_needed", "gap_level", "gain", "reason")
    print_table(settings.lang, "title_maturity_gaps", [_gap(row, settings.lang) for row in found], columns)
    print_message(settings.lang, "gaps_are_no_promise")


def trend(context: typer.Context, *, edition: Edition = "", as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.maturity_trend(settings, edition)
    if as_json:
        print_json(found)
        return
    lang = settings.lang
    rows = [
        {
            **cells(row),
            "readiness": or_unknown(row.score, lang),
            "measured": f"{row.measured}/{row.total}",
            "raised": ", ".join(row.raised) or None,
            "fallen": ", ".join(row.fallen) or None,
        }
        for row in found
    ]
    columns = ("seq", "assessed_at", "readiness", "measured", "raised", "fallen", "indicator_catalogue")
    print_table(lang, "title_maturity_trend", [{**row, "indicator_catalogue": row["catalogue"]} for row in rows], columns)


def export(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help="File: .xlsx or .json · 文件")],
    *,
    edition: Edition = "",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.export_maturity(settings, target, edition)
    if as_json:
        print_json(found)
    else:
        print_message(settings.lang, "maturity_exported", **found.as_dict())


def import_(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="File: .xlsx or .json · 文件")],
    *,
    edition: Edition = "",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.import_answers(settings, source, edition)
    if as_json:
        print_json(found)
    else:
        print_message(settings.lang, "maturity_imported", **found.as_dict())


def _indicators(rows: Sequence[MaturityIndicator], lang: Lang) -> None:
    columns = ("indicator", "name", "numerator", "denominator", "indicator_value", "level", "reason")
    print_table(lang, "title_maturity_indicators", [_indicator(row, lang) for row in rows], columns)
    for row in rows:
        if row.sql:
            figures = {"value": or_unknown(row.value, lang), "level": or_unknown(row.level, lang)}
            print_message(lang, "maturity_evidence", indicator=row.indicator, sql=row.sql, versions=row.versions, **figures)


def _item(row: MaturityItem, lang: Lang) -> Cells:
    reason = text(row.reason, lang, missing=None) if row.reason else None
    return {**cells(row), "name": row.names[lang], "readiness": or_unknown(row.score, lang), "reason": reason}


def _indicator(row: MaturityIndicator, lang: Lang) -> Cells:
    reason = text(row.reason, lang, missing=row.missing) if row.reason else None
    return {**cells(row), "name": row.names[lang], "indicator_value": row.value, "reason": reason}


def _gap(row: MaturityGap, lang: Lang) -> Cells:
    shown = {"gap_now": row.value, "gap_needed": row.needed, "gap_level": row.level}
    return {**cells(row), **shown, "reason": text(row.reason, lang, missing=row.missing)}
