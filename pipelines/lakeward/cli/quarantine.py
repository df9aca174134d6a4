"""Commands of the steward: list, show, repair, replay, release and expire quarantined rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.datasets import count_columns, print_notes
from lakeward.cli.render import Json, answer_cells, print_json, print_message, print_table, progress, settings_of
from lakeward.core.errors import ExitCode, UsageError
from lakeward.core.messages import Lang, catalogue, text
from lakeward.core.settings import Settings

if TYPE_CHECKING:
    from lakeward.flows import QuarantinedRow, RepairTrial, RunReport, Selection

Name = Annotated[str, typer.Argument(help="Dataset · 数据集")]
Rules = Annotated[list[str] | None, typer.Option("--rule", help="Rows that failed this rule · 未通过该规则的行")]
Rows = Annotated[list[str] | None, typer.Option("--row", help="Id of a row, FILE:ROW · 行标识，文件序号:行号")]
Where = Annotated[str | None, typer.Option("--where", help="Condition over the received columns · 对接收列的条件")]
By = Annotated[str, typer.Option("--by", help="Your name; default: the token's account · 操作人，默认为令牌的账号")]
Role = Annotated[str | None, typer.Option("--role", "--as", help="Role · 角色")]
Reason = Annotated[str | None, typer.Option("--reason", help="Reason · 理由")]
FIGURES = ("dataset", "open", "age_p50", "age_p90", "repair_rate", "failed_again")


def list_(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.list_quarantine(settings)
    if as_json:
        print_json(found)
        return
    printable = [{**answer_cells(row), "rule": reason_text(row.rule, settings.lang)} for row in found]
    columns = ("table", "rule", "open", "owner", "oldest", "age_p50", "age_p90", "rows", "batches")
    print_table(settings.lang, "title_quarantine", printable, columns)
    print_table(settings.lang, "title_quarantine_figures", flows.quarantine_figures(settings), FIGURES)


def figures(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.quarantine_figures(settings)
    if as_json:
        print_json(found)
    else:
        print_table(settings.lang, "title_quarantine_figures", found, FIGURES)


def show(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    name: Name,
    *,
    limit: Annotated[int, typer.Option(min=1, help="Rows · 行数")] = 20,
    row: Annotated[str | None, typer.Option("--row", help="One row with its history · 单行及其历史")] = None,
    include_closed: Annotated[bool, typer.Option("--all", help="Include closed rows · 包括已结的行")] = False,
    values: Annotated[bool, typer.Option("--values", help="Show values; needs --role · 显示取值，需要 --role")] = False,
    role: Role = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    if values and role is None and settings.token is None:
        raise UsageError("quarantine_role_needed", dataset=name)
    row_id = flows.parse_row_id(row) if row else None
    found = flows.show_quarantine(
        settings, name, limit, row_id=row_id, include_closed=include_closed, role=(role or "") if values else None
    )
    if as_json:
        print_json(found)
        return
    columns = ("id", "table", "batch", "file", "row", "state", "reasons", "detail", *(["values"] if values else []))
    print_table(
        settings.lang,
        "title_quarantine_rows",
        [with_reason_texts(quarantined_row, settings.lang) for quarantined_row in found],
        columns,
    )
    if row and found and found[0].history is not None:
        columns_of_history = ("at", "event", "by", "role", "reason", "expression", "batch")
        print_table(settings.lang, "title_quarantine_history", found[0].history, columns_of_history)
    for code in dict.fromkeys(why for quarantined_row in found for why in quarantined_row.reasons if why in catalogue()):
        typer.echo(text(f"{code}.next", settings.lang))


def repair(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    name: Name,
    by: By = "",
    reason: Reason = None,
    *,
    rule: Rules = None,
    row: Rows = None,
    where: Where = None,
    expression: Annotated[list[str] | None, typer.Option("--set", help="COLUMN = SQL expression · 列 = SQL 表达式")] = None,
    value: Annotated[
        list[str] | None, typer.Option("--value", help="COLUMN=TEXT for named rows · 列=文本，仅用于指明的行")
    ] = None,
    role: Role = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change, up to 20 rows · 仅显示将有的变化，最多 20 行")
    ] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    new_values = flows.Repair(_pairs(expression, name), _pairs(value, name))
    if dry_run:
        trial = flows.try_repair(settings, name, _selection(rule, row, where), new_values, role)
        print_json(trial) if as_json else print_trial(settings.lang, trial)
        return
    rows = flows.repair_rows(settings, name, _selection(rule, row, where), new_values, flows.Signature(by, role, reason))
    if as_json:
        print_json({"dataset": name, "rows": rows})
    else:
        print_message(settings.lang, "repair_done" if rows else "quarantine_nothing_open", dataset=name, rows=rows)


def replay(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    name: Name,
    *,
    rule: Rules = None,
    row: Rows = None,
    where: Where = None,
    by: Annotated[
        str,
        typer.Option(
            "--by", help="Your name; default: the token's account, or the system's · 操作人，默认为令牌的账号或系统账户"
        ),
    ] = "",
    reason: Reason = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    with progress(settings.lang, "progress_run", dataset=name):
        run_report = flows.replay_rows(settings, name, _selection(rule, row, where), flows.Signature(by, None, reason))
    _print_report(settings, run_report, as_json=as_json)


def release(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    name: Name,
    by: By = "",
    reason: Reason = None,
    role: Role = None,
    *,
    rule: Rules = None,
    row: Rows = None,
    where: Where = None,
    batch: Annotated[int | None, typer.Option("--batch", help="A halted batch · 被叫停的整个批次")] = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    signature = flows.Signature(by, role, reason)
    with progress(settings.lang, "progress_run", dataset=name):
        if batch is None:
            run_report = flows.release_rows(settings, name, _selection(rule, row, where), signature)
        else:
            run_report = flows.release_batch(settings, name, batch, signature)
    _print_report(settings, run_report, as_json=as_json)


def expire(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    name: Name,
    by: By = "",
    reason: Reason = None,
    role: Role = None,
    *,
    rule: Rules = None,
    row: Rows = None,
    where: Where = None,
    older_than: Annotated[str | None, typer.Option("--older-than", help="Minimum age, such as 90d · 最短时长，如 90d")] = None,
) -> None:
    settings = settings_of(context)
    age_limit = flows.parse_duration(older_than) if older_than else None
    rows = flows.expire_rows(
        settings, name, _selection(rule, row, where), flows.Signature(by, role, reason), older_than=age_limit
    )
    print_message(settings.lang, "expire_done" if rows else "quarantine_nothing_open", dataset=name, rows=rows)


def print_trial(lang: Lang, trial: RepairTrial) -> None:
    """Print what a repair would do: rows before and after, then the rules."""
    if not trial.rows:
        print_message(lang, "quarantine_nothing_open", dataset=trial.dataset)
        return
    rows = [{"id": row.id, "row_before": row.before, "row_after": row.after, "still_fails": row.fails} for row in trial.samples]
    print_table(lang, "title_repair_rows", rows, ("id", "row_before", "row_after", "still_fails"))
    rules = [{"rule": each.rule, "failures_before": each.before, "failures_after": each.after} for each in trial.rules]
    print_table(lang, "title_repair_rules", rules, ("rule", "failures_before", "failures_after"))
    facts = {"dataset": trial.dataset, "rows": trial.rows, "passing": trial.passing, "shown": len(trial.samples)}
    print_message(lang, "repair_tried", **facts)


def with_reason_texts(row: QuarantinedRow, lang: Lang) -> dict[str, object]:
    """The row with its reasons as text."""
    return {**row.as_dict(), "reasons": [reason_text(code, lang) for code in row.reasons]}


def reason_text(code: str, lang: Lang) -> str:
    """The text of a parse error's code; a rule's id as it is."""
    return text(code, lang) if code in catalogue() else code


def _selection(rules: list[str] | None, rows: list[str] | None, where: str | None) -> Selection:
    return flows.Selection(tuple(rules or ()), tuple(map(flows.parse_row_id, rows or ())), where)


def _pairs(options: list[str] | None, dataset: str) -> dict[str, str]:
    """Parses `COLUMN=…` of each option; the column may be quoted, as in SQL.

    Raises:
        UsageError: An option has no `=`.
    """
    parts = [option.partition("=") for option in options or ()]
    for column, equals, _ in parts:
        if not equals:
            raise UsageError("repair_pair", dataset=dataset, found=column)
    return {column.strip().strip('"'): value.strip() for column, _, value in parts}


def _print_report(settings: Settings, run_report: RunReport, *, as_json: bool) -> None:
    """Print the report; exit 1 if rows were quarantined again or the batch was halted."""
    if as_json:
        print_json([run_report])
    else:
        print_table(settings.lang, "title_run", [run_report], count_columns([run_report]))
        print_notes(settings.lang, run_report)
    if run_report.counts.quarantine or run_report.halted:
        raise typer.Exit(ExitCode.JUDGED_FAILED)
