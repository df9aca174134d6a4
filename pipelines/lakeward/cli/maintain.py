"""The command that compacts and vacuums tables."""

from typing import Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, progress, settings_of

COLUMNS = ("table", "files_before", "files_after", "rows_dropped", "files_removed", "bytes_freed")


def maintain(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="DATASET", help="Datasets; without one, the whole lake · 数据集，省略则为整个湖"),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    with progress(settings.lang, "progress_maintain", dataset=", ".join(names or ["*"])):
        results, failed = flows.maintain(settings, names or ())
    if as_json:
        print_json(results)
    elif results or failed:
        print_table(settings.lang, "title_maintain", results, COLUMNS)
    else:
        print_message(settings.lang, "maintain_none")
    for name, error in failed.items():
        typer.echo(f"{name}: {error.render(settings.lang)}", err=True)
    if failed:
        raise typer.Exit(max(error.exit_code for error in failed.values()))
