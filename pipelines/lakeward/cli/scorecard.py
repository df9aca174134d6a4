"""Commands of the CDO: build the scorecard's page, and run the query behind a number."""

from pathlib import Path
from typing import Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, progress, settings_of

Folder = Annotated[Path | None, typer.Option("--out", help="Folder of the page · 页面所在文件夹")]


def build(context: typer.Context, *, folder: Folder = None, as_json: Json = False) -> None:
    from lakeward.portal.export import build_scorecard  # noqa: PLC0415 -- templates

    settings = settings_of(context)
    with progress(settings.lang, "progress_scorecard"):
        file = build_scorecard(settings, folder)
        card = flows.read_scorecard(settings) if as_json else None
    if card is None:
        print_message(settings.lang, "scorecard_built", file=file)
        return
    print_json({"file": file, **card.as_dict()})


def open_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Id of the figure, such as totals/score · 数字编号，如 totals/score")],
    *,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.open_figure(settings, name, folder)
    if as_json:
        print_json(found)
    else:
        rows = [{"what": key, "value": value} for key, value in found.as_dict().items()]
        print_table(settings.lang, "title_figure", rows, ("what", "value"))
