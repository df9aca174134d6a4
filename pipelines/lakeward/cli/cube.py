"""Commands of cubes: release the groups of a table, and list what is released."""

from __future__ import annotations

from typing import Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of

COLUMNS = ("dataset", "table", "release", "cells", "hidden_percent", "source_version", "approved_by", "reason")


def release(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Dataset whose contract has a cube · 契约声明了数据立方的数据集")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why its definition is approved · 批准其定义的理由")] = "",
    by: Annotated[str, typer.Option("--by", help="Your name; default: the token's account · 姓名，默认为令牌的账号")] = "",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.release_cube(settings, name, reason, by)
    if as_json:
        print_json(found)
        return
    facts = {"release": found.release, "cells": found.cells, "hidden": found.hidden_percent}
    print_message(settings.lang, "cube_released", table=found.table, **facts)


def list_(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.list_cubes(settings)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_cubes", found, COLUMNS)
    else:
        print_message(settings.lang, "cubes_none")
