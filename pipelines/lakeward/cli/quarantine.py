"""Commands of the steward: what was set aside, and why, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.datasets import COUNTS, notes
from lakeward.cli.render import Json, out, progress, say, settings_of, table
from lakeward.core.errors import ExitCode, UsageError
from lakeward.core.messages import Lang, catalogue, text
from lakeward.core.settings import Settings

if TYPE_CHECKING:
    from lakeward.flows import QuarantinedRow, RunReport, Selection

Name = Annotated[str, typer.Argument(help="Dataset · 数据集")]
Rules = Annotated[list[str] | None, typer.Option("--rule", help="Rows that this rule set aside · 由该规则隔离的行")]
Rows = Annotated[list[str] | None, typer.Option("--row", help="A row's id, FILE:ROW · 行标识，文件序号:行号")]
Where = Annotated[str | None, typer.Option("--where", help="Condition over the received columns · 对接收列的条件")]
By = Annotated[str, typer.Option("--by", help="Who · 操作人")]
Role = Annotated[str | None, typer.Option("--role", "--as", help="In which role · 角色")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why · 理由")]
FIGURES = ("dataset", "open", "age_p50", "age_p90", "repair_rate", "failed_again")


def list_(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.quarantined(settings)
    if as_json:
        out(found)
        return
    told = [{**row.as_dict(), "rule": reason(row.rule, settings.lang)} for row in found]
    columns = ("table", "rule", "open", "owner", "oldest", "age_p50", "age_p90", "rows", "batches")
    table(settings.lang, "title_quarantine", told, columns)
    table(settings.lang, "title_quarantine_figures", flows.quarantine_figures(settings), FIGURES)


def figures(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.quarantine_figures(settings)
    if as_json:
        out(found)
    else:
        table(settings.lang, "title_quarantine_figures", found, FIGURES)


def show(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    name: Name,
    *,
    limit: Annotated[int, typer.Option(min=1, help="Rows · 行数")] = 20,
    row: Annotated[str | None, typer.Option("--row", help="One row with its history · 单行及其历史")] = None,
    every: Annotated[bool, typer.Option("--all", help="Closed rows too · 包括已结的行")] = False,
    values: Annotated[bool, typer.Option("--values", help="Show the values too · 同时显示数值")] = False,
    role: Role = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    if values and role is None:
        raise UsageError("quarantine_role_needed", dataset=name)
    asked = flows.place(row) if row else None
    found = flows.quarantine_rows(settings, name, limit, row=asked, every=every, role=role if values else None)
    if as_json:
        out(found)
        return
    columns = ("id", "table", "batch", "file", "row", "state", "reasons", "detail", *(["values"] if values else []))
    table(settings.lang, "title_quarantine_rows", [told(one, settings.lang) for one in found], columns)
    if row and found and found[0].history is not None:
        past = ("at", "event", "by", "role", "reason", "expression", "batch")
        table(settings.lang, "title_quarantine_history", found[0].history, past)
    for code in dict.fromkeys(why for one in found for why in one.reasons if why in catalogue()):
        typer.echo(text(f"{code}.next", settings.lang))


def repair(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    name: Name,
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Why · 理由")],
    *,
    rule: Rules = None,
    row: Rows = None,
    where: Where = None,
    expression: Annotated[
        list[str] | None, typer.Option("--set", help="COLUMN = SQL over the row · 列 = 该行的 SQL 表达式")
    ] = None,
    value: Annotated[
        list[str] | None, typer.Option("--value", help="COLUMN=TEXT for named rows · 列=文本，仅用于指明的行")
    ] = None,
    role: Role = None,
) -> None:
    settings = settings_of(context)
    made = flows.Repair(_pairs(expression, name), _pairs(value, name))
    rows = flows.repair_rows(settings, name, _selection(rule, row, where), made, flows.Signature(by, role, reason))
    say(settings.lang, "repair_done" if rows else "quarantine_nothing_open", dataset=name, rows=rows)


def replay(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    name: Name,
    *,
    rule: Rules = None,
    row: Rows = None,
    where: Where = None,
    by: Annotated[str | None, typer.Option("--by", help="Who; default: the system's account · 操作人，默认为系统账户")] = None,
    reason: Reason = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    with progress(settings.lang, "progress_run", dataset=name):
        done = flows.replay_rows(
            settings, name, _selection(rule, row, where), flows.Signature(by or flows.account(), None, reason)
        )
    _report(settings, done, as_json=as_json)


def release(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    name: Name,
    by: By,
    reason: Reason = None,
    role: Role = None,
    *,
    rule: Rules = None,
    row: Rows = None,
    where: Where = None,
    batch: Annotated[int | None, typer.Option("--batch", help="A halted batch, whole · 被叫停的整个批次")] = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    signature = flows.Signature(by, role, reason)
    with progress(settings.lang, "progress_run", dataset=name):
        if batch is None:
            done = flows.release_rows(settings, name, _selection(rule, row, where), signature)
        else:
            done = flows.release_batch(settings, name, batch, signature)
    _report(settings, done, as_json=as_json)


def expire(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    name: Name,
    by: By,
    reason: Reason = None,
    role: Role = None,
    *,
    rule: Rules = None,
    row: Rows = None,
    where: Where = None,
    older_than: Annotated[str | None, typer.Option("--older-than", help="Age, as 90d · 时长，如 90d")] = None,
) -> None:
    settings = settings_of(context)
    past = flows.age(older_than) if older_than else None
    rows = flows.expire_rows(settings, name, _selection(rule, row, where), flows.Signature(by, role, reason), older_than=past)
    say(settings.lang, "expire_done" if rows else "quarantine_nothing_open", dataset=name, rows=rows)


def told(row: QuarantinedRow, lang: Lang) -> dict[str, object]:
    """The row with its reasons for people."""
    return {**row.as_dict(), "reasons": [reason(one, lang) for one in row.reasons]}


def reason(code: str, lang: Lang) -> str:
    """The text of why a record could not be parsed; a rule is told by its id."""
    return text(code, lang) if code in catalogue() else code


def _selection(rules: list[str] | None, rows: list[str] | None, where: str | None) -> Selection:
    return flows.Selection(tuple(rules or ()), tuple(map(flows.place, rows or ())), where)


def _pairs(options: list[str] | None, dataset: str) -> dict[str, str]:
    """`COLUMN=…` of each option; the column may stand in quotes, as in SQL.

    Raises:
        UsageError: One has no `=`.
    """
    parts = [option.partition("=") for option in options or ()]
    for column, equals, _ in parts:
        if not equals:
            raise UsageError("repair_pair", dataset=dataset, found=column)
    return {column.strip().strip('"'): value.strip() for column, _, value in parts}


def _report(settings: Settings, done: RunReport, *, as_json: bool) -> None:
    """Print what became of the rows; exit 1 where some were set aside again."""
    if as_json:
        out([done])
    else:
        table(settings.lang, "title_run", [done], COUNTS)
        notes(settings.lang, done)
    if done.counts.quarantine or done.halted:
        raise typer.Exit(ExitCode.JUDGED_FAILED)
