"""Read-only commands: status, tables, verdicts, the origin of a row, lineage, the state of the machine."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import (
    Json,
    answer_cells,
    local_time,
    print_json,
    print_message,
    print_table,
    settings_of,
    with_reasons,
)
from lakeward.core.errors import ExitCode
from lakeward.core.messages import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakeward.core.messages import Lang
    from lakeward.core.settings import Settings
    from lakeward.flows import FlowAnswer, RowOrigin, ValueOrigin

Name = Annotated[str, typer.Argument(help="Dataset · 数据集")]


def tables(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.list_tables(settings)
    if as_json:
        print_json(found)
    else:
        print_table(settings.lang, "title_tables", found, ("table", "rows", "version", "path"))


def verdicts(
    context: typer.Context,
    name: Name,
    *,
    all_batches: Annotated[bool, typer.Option("--all", help="All batches, not only the newest · 所有批次")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.list_verdicts(settings, name, all_batches=all_batches)
    if as_json:
        print_json(found)
    else:
        columns = ("rule_id", "outcome", "evaluated", "failed", "severity", "dimension", "observed", "reason")
        print_table(settings.lang, "title_verdicts", with_reasons(map(answer_cells, found), settings.lang), columns)


def explain(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Table, such as silver.press_line · 表，如 silver.press_line")],
    where: Annotated[str, typer.Argument(help="column=value,… · 列=值,…")],
    *,
    role: Annotated[
        str | None, typer.Option("--as", help="Role; default: the token's only one · 角色，默认为令牌唯一的角色")
    ] = None,
    value: Annotated[
        str | None, typer.Option("--value", help="Column of gold: explain this value · 黄金层的列：解释该值")
    ] = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    if value is not None:
        print_value(settings, flows.explain_value(settings, name, where, value, role), as_json=as_json)
        return
    found = flows.explain_row(settings, name, where, role)
    if as_json:
        print_json(found)
        return
    for row in found:
        life = {"life": "\n".join(_event_line(event, settings.lang) for event in row.life)} if row.life else {}
        own = {} if row.row_rules else {"row_rules": _no_failed_rule(row, settings.lang)}
        print_what(settings.lang, {**answer_cells(row), **own, **life})


def print_value(settings: Settings, found: ValueOrigin, *, as_json: bool) -> None:
    """Print what a value of gold was computed from, and what quarantine keeps from it."""
    if as_json:
        print_json(found)
        return
    cells = found.as_dict()
    shown = ("value", "released", "change", "choice", "reproduced") if found.visible else ()
    choice = {"choice": text(f"choice_{found.choice.name.lower()}", settings.lang)} if found.choice else {}
    print_what(settings.lang, {key: ({**cells, **choice})[key] for key in ("table", "column", "batch", *shown)})
    if not found.visible:
        print_message(settings.lang, "explain_value_hidden", column=found.column)
        return
    files = [{**file.as_dict(), "table": str(each.table)} for each in found.inputs for file in each.files]
    tables = [{"table": str(each.table), "rows": each.rows} for each in found.inputs if not each.files]
    print_table(settings.lang, "title_value_inputs", [*files, *tables], ("table", "batch", "file", "rows", "bytes"))
    print_table(settings.lang, "title_value_rules", found.rules, ("dataset", "rule", "version", "batches", "failed"))
    if found.quarantined:
        shares = [
            {**each.as_dict(), "rules": ", ".join(f"{rule} {n}" for rule, n in each.rules.items())} for each in found.quarantined
        ]
        print_table(settings.lang, "title_value_quarantine", shares, ("dataset", "missing", "rules", "unreadable"))


def print_what(lang: Lang, cells: Mapping[str, object]) -> None:
    """Print the facts of one thing, a line each."""
    rows = [{"what": text(f"what_{key}", lang), "value": value} for key, value in cells.items()]
    print_table(lang, "title_explain", rows, ("what", "value"))


def _no_failed_rule(row: RowOrigin, lang: Lang) -> str:
    return text("explain_unfinished" if row.row_rules is None else "explain_no_failed_rule", lang)


def _event_line(event: FlowAnswer, lang: Lang) -> str:
    """One event of a row's history, as text."""
    facts = {key: value for key, value in answer_cells(event).items() if value is not None}
    named = text(f"event_{str(facts.pop('event')).replace(' ', '_')}", lang)
    at = facts.pop("at")
    when = local_time(at) if isinstance(at, datetime) else str(at)
    return "; ".join((when, named, *(f"{text(f'what_{key}', lang)}: {_line(value)}" for key, value in facts.items())))


def _line(value: object) -> str:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def lineage(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="TABLE or TABLE.COLUMN · 表或表.列")],
    *,
    up: Annotated[bool, typer.Option("--up", help="Show upstream · 显示上游")] = False,
    down: Annotated[bool, typer.Option("--down", help="Show downstream · 显示下游")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.show_lineage(settings, name, up=up or not down, down=down or not up)
    if as_json:
        print_json(found)
    else:
        print_table(settings.lang, "title_lineage", found, ("direction", "depth", "from", "to", "kind", "job"))


def doctor(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.check_machine(settings)
    if as_json:
        print_json(found)
    else:
        print_table(settings.lang, "title_doctor", found, ("check", "ok", "found", "repair"))
    if not all(row.ok for row in found if row.needed):
        raise typer.Exit(ExitCode.ENVIRONMENT)
