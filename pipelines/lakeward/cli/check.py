"""The command that checks any data by any suite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, progress, settings_of
from lakeward.core.errors import ExitCode
from lakeward.core.messages import Lang

if TYPE_CHECKING:
    from lakeward.flows import CheckStep

COLUMNS = ("rule_id", "outcome", "evaluated", "failed", "observed", "dimension", "severity", "reason")


def check(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    data: Annotated[str, typer.Argument(help="File, folder, Delta table, or layer.name · 文件、文件夹、Delta 表或 层.名称")],
    suite: Annotated[Path, typer.Option("--suite", help="Great Expectations suite (JSON) · 规则集")],
    failing_rows: Annotated[
        Path | None, typer.Option("--failing-rows", help="Parquet file for the failing rows · 不合格行的输出文件")
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook · 工作表")] = None,
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Show the plan without checking · 只显示计划")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    if explain:
        print_plan(settings.lang, flows.explain_check(data, suite, settings, sheet), as_json=as_json)
        return
    with progress(settings.lang, "progress_check", data=data):
        result = flows.check_data(data, suite, settings, failing_rows, sheet)
    found = [{**rule_result["meta"]["lakeward"], "observed": observed_value(rule_result)} for rule_result in result["results"]]
    passed = sum(row["outcome"] == flows.Outcome.PASS for row in found)
    if as_json:
        print_json(result)
    else:
        print_table(settings.lang, "title_check", found, COLUMNS)
        print_message(settings.lang, "check_done", passed=passed, rules=len(found))
        if "lakeward" in result["meta"]:
            print_message(settings.lang, "suite_before_1", file=result["meta"]["lakeward"]["converted_from"])
    if passed < len(found):
        raise typer.Exit(ExitCode.JUDGED_FAILED)


def observed_value(result: dict[str, Any]) -> object:
    """What was observed; the value itself if values may be shown."""
    value = result["result"].get("observed_value")
    return value if isinstance(value, str | int | float) else result["meta"]["lakeward"]["observed"]


def print_plan(lang: Lang, steps: list[CheckStep], *, as_json: bool) -> None:
    """Print the steps of the check."""
    if as_json:
        print_json(steps)
        return
    for step in steps:
        print_message(lang, step.code, **step.facts)
        if step.query:
            typer.echo(f"{step.query};\n")
