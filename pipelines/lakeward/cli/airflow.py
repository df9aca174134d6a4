"""Commands for Airflow. Airflow runs in processes of its own, since it takes over signals, logging and the environment."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of
from lakeward.core.errors import ExitCode
from lakeward.core.messages import text

if TYPE_CHECKING:
    from lakeward.core.settings import Settings


def config(
    context: typer.Context,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Check the Airflow that is installed here · 检查此处安装的 Airflow")
    ] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found: list[dict[str, Any]] = ask_airflow(settings, "installation", *(("--check",) if check else ()))
    if as_json:
        print_json(found)
    elif check:
        print_table(settings.lang, "title_airflow", found, ("check", "ok", "found", "repair"))
    else:
        for row in found:
            typer.echo(f"# {text(row['why'], settings.lang)}\n{row['variable']}={quote_value(row['value'])}")
    if check and not all(row["ok"] for row in found if row["needed"]):
        raise typer.Exit(ExitCode.ENVIRONMENT)


def pools(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    change = ask_airflow(settings, "pools")
    if as_json:
        print_json(change)
    else:
        print_message(settings.lang, "airflow_pools", made=len(change["made"]), removed=len(change["removed"]))


def up(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Port on 127.0.0.1 · 127.0.0.1 上的端口")] = 8080,
    database: Annotated[
        str | None, typer.Option("--database", help="Connection to PostgreSQL; default: SQLite · 连接名，默认为 SQLite")
    ] = None,
) -> None:
    settings = settings_of(context)
    words = [sys.executable, "-m", "lakeward.orchestration.services", *_project(settings), "--port", str(port)]
    words += ["--database", database] if database else []
    os.execv(sys.executable, words)  # noqa: S606 -- it takes this process's place, and its signals


def ask_airflow(settings: Settings, module: str, *options: str) -> Any:
    """What a module beside the installed Airflow answers; its error ends this command with the same code."""
    words = [sys.executable, "-m", f"lakeward.orchestration.{module}", *_project(settings), *options]
    answered = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if answered.returncode:
        raise typer.Exit(answered.returncode)
    return json.loads(answered.stdout.strip().split("\n")[-1])


def quote_value(value: str) -> str:
    """A value as a file of variables takes it: of systemd, compose or a shell."""
    return shlex.quote(value) if value else ""


def _project(settings: Settings) -> tuple[str, ...]:
    return ("--project", str(settings.start), "--lang", settings.lang)
