"""The command that assesses readiness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Cells, Json, print_json, print_message, print_table, settings_of
from lakeward.core.messages import Lang, text

if TYPE_CHECKING:
    from lakeward.flows import MaturityDomain

Edition = Annotated[str, typer.Option("--edition", help="Edition of GB/T 36073: 2025 or 2018 · 标准版本")]


def assess(context: typer.Context, *, edition: Edition = "", as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.assess_readiness(settings, edition)
    if as_json:
        print_json(found)
        return
    lang, whole = settings.lang, flows.maturity_summary(found.readiness)
    rows = [_domain(row, lang) for row in whole.domains]
    print_table(lang, "title_maturity_domains", rows, ("domain", "name", "readiness", "measured"))
    figures = {"score": or_unknown(whole.score, lang), "level": or_unknown(whole.level, lang)}
    print_message(lang, "maturity_total", edition=whole.edition, measured=whole.measured, total=whole.total, **figures)
    print_message(lang, "maturity_changed" if found.changed else "maturity_unchanged")


def _domain(row: MaturityDomain, lang: Lang) -> Cells:
    measured = f"{row.measured}/{row.total}"
    return {"domain": row.domain, "name": row.names[lang], "readiness": or_unknown(row.score, lang), "measured": measured}


def or_unknown(value: object, lang: Lang) -> str:
    """The value as text; a word where it is unknown."""
    return text("maturity_unknown", lang) if value is None else str(value)
