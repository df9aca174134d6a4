"""Commands over contract files."""

from pathlib import Path
from typing import Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, out, say, settings_of, table
from lakeward.core.errors import ExitCode
from lakeward.core.messages import text


def lint(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Dataset; without it, all · 数据集，省略则为全部")] = None,
    *,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = [{**row, "message": text(row["code"], settings.lang, **row["facts"])} for row in flows.lint_contracts(settings, name)]
    if as_json:
        out(found)
    elif found:
        table(settings.lang, "title_lint", found, ("file", "line", "column", "message"))
    else:
        say(settings.lang, "lint_clean")
    if found:
        raise typer.Exit(ExitCode.REFUSED)


def diff(
    context: typer.Context,
    old: Annotated[Path, typer.Argument(help="Contract file · 旧契约")],
    new: Annotated[Path, typer.Argument(help="Contract file · 新契约")],
    *,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = [{**row, "message": text(row["code"], settings.lang, **row["facts"])} for row in flows.compare_contracts(old, new)]
    if as_json:
        out(found)
    elif found:
        table(settings.lang, "title_diff", found, ("kind", "message"))
    else:
        say(settings.lang, "diff_same")
    if any(row["kind"] == "breaking" for row in found):
        raise typer.Exit(ExitCode.REFUSED)
