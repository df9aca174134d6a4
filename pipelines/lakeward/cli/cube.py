"""Commands of cubes: release the groups of a table, and list what is released."""

from __future__ import annotations

from typing import Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of
from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings

COLUMNS = (
    "dataset",
    "table",
    "release",
    "cells",
    "hidden_percent",
    "epsilon",
    "epsilon_spent",
    "source_version",
    "approved_by",
    "reason",
)


def release(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(help="Dataset whose contract has a cube; default: all of them · 契约声明了数据立方的数据集，默认为全部"),
    ] = None,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why its definition is approved · 批准其定义的理由")] = "",
    by: Annotated[str, typer.Option("--by", help="Your name; default: the token's account · 姓名，默认为令牌的账号")] = "",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    if name is None:
        _release_all(settings, reason=reason, as_json=as_json)
        return
    found = flows.release_cube(settings, name, reason, by)
    if as_json:
        print_json(found)
    else:
        _print_release(settings, found)


def _release_all(settings: Settings, *, reason: str, as_json: bool) -> None:
    """A reason approves one definition: for all of them at once it is refused."""
    if reason:
        raise UsageError("cube_reason_alone")
    found, failed = flows.release_cubes(settings)
    if as_json:
        print_json(found)
    else:
        for each in found:
            _print_release(settings, each)
    for dataset, error in failed.items():
        typer.echo(f"{dataset}: {error.render(settings.lang)}", err=True)
    if failed:
        raise typer.Exit(max(error.exit_code for error in failed.values()))
    if not found and not as_json:
        print_message(settings.lang, "cubes_none")


def _print_release(settings: Settings, found: flows.CubeRelease) -> None:
    facts = {"release": found.release, "cells": found.cells, "hidden": found.hidden_percent}
    print_message(settings.lang, "cube_released", table=found.table, **facts)
    if found.epsilon is not None:
        spent = {"spent": found.epsilon_spent, "budget": found.epsilon_budget}
        print_message(settings.lang, "cube_noise", epsilon=found.epsilon, **spent)


def list_(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.list_cubes(settings)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_cubes", found, COLUMNS)
    else:
        print_message(settings.lang, "cubes_none")
