"""Commands of readiness: assess, and open every figure down to its query."""

from decimal import Decimal
from typing import Annotated, Any

import typer

from lakeward import flows
from lakeward.cli.render import Json, out, say, settings_of, table
from lakeward.core.messages import Lang, text


def assess(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.assess(settings)
    whole = flows.maturity_summary(found.readiness)
    if as_json:
        out(_plain({**whole, "run_id": found.run_id, "assessed_at": found.assessed_at.isoformat(), "changed": found.changed}))
        return
    lang = settings.lang
    rows = [_domain(row, lang) for row in whole["domains"]]
    table(lang, "title_maturity_domains", rows, ("domain", "name", "readiness", "measured"))
    unknown = {key: _known(whole[key], lang) for key in ("score", "level")}
    say(lang, "maturity_total", edition=whole["edition"], measured=whole["measured"], total=whole["total"], **unknown)
    say(lang, "maturity_changed" if found.changed else "maturity_unchanged")


def show(
    context: typer.Context,
    item: Annotated[str | None, typer.Argument(help="Item number, as 11.2 · 能力项编号")] = None,
    *,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.maturity_show(settings, item)
    if as_json:
        out(_plain(found))
        return
    lang = settings.lang
    columns = ("item", "name", "readiness", "proposal", "assessor", "difference", "ceiling", "coverage", "reason")
    table(lang, "title_maturity_items", [_item(row, lang) for row in found], columns)
    say(lang, "maturity_measured", measured=found[0]["measured"], total=found[0]["total"], edition=found[0]["edition"])
    if item:
        _indicators(found[0]["indicators"], lang)


def _indicators(rows: list[dict[str, Any]], lang: Lang) -> None:
    columns = ("indicator", "name", "numerator", "denominator", "indicator_value", "level", "reason")
    shown = [{**row, "name": row["names"][lang], "indicator_value": row["value"], "reason": _reason(row, lang)} for row in rows]
    table(lang, "title_maturity_indicators", shown, columns)
    for row in rows:
        if row["sql"]:
            figures = {"value": _known(row["value"], lang), "level": _known(row["level"], lang)}
            say(lang, "maturity_evidence", indicator=row["indicator"], sql=row["sql"], versions=row["versions"], **figures)


def _domain(row: dict[str, Any], lang: Lang) -> dict[str, Any]:
    measured = f"{row['measured']}/{row['total']}"
    return {"domain": row["domain"], "name": row["names"][lang], "readiness": _known(row["score"], lang), "measured": measured}


def _item(row: dict[str, Any], lang: Lang) -> dict[str, Any]:
    return {**row, "name": row["names"][lang], "readiness": _known(row["score"], lang), "reason": _reason(row, lang)}


def _reason(row: dict[str, Any], lang: Lang) -> str | None:
    return text(row["reason"], lang, missing=row.get("missing")) if row["reason"] else None


def _known(value: object, lang: Lang) -> str:
    return text("maturity_unknown", lang) if value is None else str(value)


def _plain(value: Any) -> Any:
    """Decimals as JSON numbers."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else value
