"""The command that collects until it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.interrupts import stop_event
from lakeward.cli.render import print_message, settings_of
from lakeward.core.errors import ExitCode
from lakeward.core.messages import text

if TYPE_CHECKING:
    from lakeward.flows import Notice


def collect(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help="Datasets; without any, all that need it · 数据集，省略则为所有需要采集的")
    ] = None,
    *,
    unit: Annotated[
        bool,
        typer.Option("--unit", help="Write units of systemd and a compose file instead · 改为生成 systemd 单元与 compose 文件"),
    ] = False,
) -> None:
    settings = settings_of(context)
    if unit:
        for name in names or flows.collected_datasets(settings):
            for file in flows.write_service_files(settings, name).files:
                print_message(settings.lang, "unit_written", file=file)
        return

    def show(name: str, notice: Notice) -> None:
        typer.echo(f"{name}: {text(notice.code, settings.lang, **notice.facts)}")

    failed = flows.collect(settings, names or (), stop_event(), show)
    for name, error in failed.items():
        typer.echo(f"{name}: {error.render(settings.lang)}", err=True)
    if failed:
        raise typer.Exit(max(error.exit_code for error in failed.values()) or ExitCode.ENVIRONMENT)
