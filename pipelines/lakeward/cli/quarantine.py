"""Commands of the steward: what was set aside, and why."""

from typing import Annotated

import typer

from lakeward.cli.render import Json, out, settings_of, table
from lakeward.flows import quarantine_rows, quarantined


def list_(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = quarantined(settings)
    if as_json:
        out(found)
    else:
        table(settings.lang, "title_quarantine", found, ("dataset", "rule", "rows", "batches", "oldest"))


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
    else:
        columns = ("batch", "file", "row", "reasons", *(["values"] if values else []))
        table(settings.lang, "title_quarantine_rows", found, columns)
