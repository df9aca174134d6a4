"""The command that checks any data by any suite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, progress, settings_of, with_reasons
from lakeward.core.errors import ExitCode
from lakeward.core.messages import Lang

if TYPE_CHECKING:
    from lakeward.flows import CheckStep

# Message of lines that were not judged, by the key of a contract that would say so.
_LINES = {"headerRow": "check_lines_above", "skipRows": "check_lines_above", "skipAfterHeader": "check_lines_below"} | {
    "comment": "check_lines_comment"
}
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
    role: Annotated[
        str | None,
        typer.Option(
            "--as", help="Role, for a table of the lake; default: the token's only one · 角色，用于湖中的表，默认为令牌唯一的角色"
        ),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show the plan without checking · 只显示计划")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    if explain:
        print_plan(settings.lang, flows.explain_check(data, suite, settings, role, sheet), as_json=as_json)
        return
    with progress(settings.lang, "progress_check", data=data):
        result = flows.check_data(data, suite, settings, failing_rows, role, sheet)
    found = [{**rule_result["meta"]["lakeward"], "observed": observed_value(rule_result)} for rule_result in result["results"]]
    passed = sum(row["outcome"] == flows.Outcome.PASS for row in found)
    if as_json:
        print_json(result)
    else:
        print_table(settings.lang, "title_check", with_reasons(found, settings.lang), COLUMNS)
        print_message(settings.lang, "check_done", passed=passed, rules=len(found))
        _print_own(settings.lang, result["meta"].get("lakeward", {}))
    if passed < len(found):
        raise typer.Exit(ExitCode.JUDGED_FAILED)


def _print_own(lang: Lang, own: dict[str, Any]) -> None:
    """Print which lines were not judged, and whether the suite was converted."""
    for lines in own.get("unjudged_lines", ()):
        print_message(lang, _LINES[lines["key"]], file=lines["file"], lines=lines["lines"], key=lines["key"])
    if "converted_from" in own:
        print_message(lang, "suite_before_1", file=own["converted_from"])


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
