"""Commands of the steward: what was set aside, and why."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from lakeward.cli.render import Json, out, settings_of, table
from lakeward.core.messages import Lang, catalogue, text
from lakeward.flows import quarantine_rows, quarantined


def list_(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = quarantined(settings)
    if as_json:
        out(found)
        return
    told = [{**row, "rule": reason(row["rule"], settings.lang)} for row in found]
    table(settings.lang, "title_quarantine", told, ("table", "rule", "rows", "batches", "oldest"))


def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Dataset · 数据集")],
    *,
    limit: Annotated[int, typer.Option(min=1, help="Rows · 行数")] = 20,
    values: Annotated[bool, typer.Option("--values", help="Show the values too · 同时显示数值")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = quarantine_rows(settings, name, limit, values=values)
    if as_json:
        out(found)
        return
    columns = ("table", "batch", "file", "row", "reasons", "detail", *(["values"] if values else []))
    table(settings.lang, "title_quarantine_rows", [told(row, settings.lang) for row in found], columns)
    for code in dict.fromkeys(reason for row in found for reason in row["reasons"] if reason in catalogue()):
        typer.echo(text(f"{code}.next", settings.lang))


def told(row: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    """The row with its reasons for people."""
    return {**row, "reasons": [reason(one, lang) for one in row["reasons"]]}


def reason(code: str, lang: Lang) -> str:
    """The text of why a record could not be parsed; a rule is told by its id."""
    return text(code, lang) if code in catalogue() else code
