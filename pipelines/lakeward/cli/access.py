"""Commands about the logs: seal and verify them, and who read what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, answer_cells, print_json, print_message, print_table, settings_of
from lakeward.core.errors import ExitCode, MachineError
from lakeward.core.messages import text

if TYPE_CHECKING:
    from lakeward.core.messages import Lang
    from lakeward.flows import AccessFinding, LogVerification

Days = Annotated[int, typer.Option("--days", help="Days up to now · 截至当前的天数")]
Account = Annotated[str | None, typer.Option("--account", help="Account · 账号")]
Dataset = Annotated[str | None, typer.Option("--table", help="Table, as layer.name · 表，形如 层.名称")]
Column = Annotated[str | None, typer.Option("--column", help="Column, as layer.table.column · 列，形如 层.表.列")]
# Those of the flows; repeated here because help must not import them.
DEFAULT_DAYS, DEFAULT_LIMIT, WATCHED_DAYS = 30, 50, 8
LISTED = ("asked_at", "account", "verified", "role", "purpose", "consumer", "tables", "rows", "seconds", "verdict", "entry")
EXPORTED = (
    *(
        "exported_at",
        "export_id",
        "exported_by",
        "recipient",
        "purpose",
        "table",
        "table_version",
        "rows",
        "format",
        "marked",
        "failure",
    ),
)
FOUND = ("finding", "on_day", "account", "subject", "found", "observed", "usual", "owner", "due", "state")
SUMS = ("reads", "refused", "accounts", "rows", "bytes_out", "seconds", "last_at")
LOGINS = ("at", "event", "account", "by", "verdict", "code", "address", "entry")
STATES = ("log", "entries", "before_chain", "sealed", "signed", "seals", "sealed_at", "key_id")


def seal(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.seal_logs(settings)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_seals", found, ("log", "seal", "entries", "tree_size", "root", "key_id", "sent_to"))
    else:
        print_message(settings.lang, "seal_nothing_new")
    if unsent := sorted({target for answer in found for target in answer.unsent}):
        raise MachineError("checkpoint_unsent", targets=", ".join(unsent))


def list_(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    *,
    account: Account = None,
    table: Dataset = None,
    column: Column = None,
    days: Days = DEFAULT_DAYS,
    limit: Annotated[int, typer.Option("--limit", help="Entries at most · 最多条数")] = DEFAULT_LIMIT,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    chosen = flows.AccessFilter(account=account, table=table, column=column, days=days)
    found = flows.list_access(settings, chosen, limit)
    if as_json:
        print_json(found)
    elif found:
        print_table(
            settings.lang, "title_access", [{**answer_cells(row), "tables": ", ".join(row.tables)} for row in found], LISTED
        )
    else:
        print_message(settings.lang, "access_none", days=days)


def logins(
    context: typer.Context,
    *,
    account: Account = None,
    days: Days = DEFAULT_DAYS,
    limit: Annotated[int, typer.Option("--limit", help="Entries at most · 最多条数")] = DEFAULT_LIMIT,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.list_logins(settings, account, days, limit)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_logins", found, LOGINS)
    else:
        print_message(settings.lang, "logins_none", days=days)


def report(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    *,
    by: Annotated[str, typer.Option("--by", help="account, role, consumer, purpose, dataset, column")] = "account",
    account: Account = None,
    table: Dataset = None,
    column: Column = None,
    days: Days = DEFAULT_DAYS,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    chosen = flows.AccessFilter(account=account, table=table, column=column, days=days)
    found = flows.report_access(settings, by, chosen)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_access_report", [{**answer_cells(row), by: row.key} for row in found], (by, *SUMS))
    else:
        print_message(settings.lang, "access_none", days=days)


def exports(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.list_exports(settings)
    if as_json:
        print_json(found)
    elif found:
        rows = [{**answer_cells(row), "marked": ", ".join(row.marks) or None} for row in found]
        print_table(settings.lang, "title_exports", rows, EXPORTED)
    else:
        print_message(settings.lang, "exports_none")


def watch(
    context: typer.Context,
    *,
    days: Annotated[int, typer.Option("--days", help="Days up to now · 截至当前的天数")] = WATCHED_DAYS,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.watch_access(settings, days)
    print_findings(settings.lang, found, "access_watch_nothing", as_json=as_json)
    if found:
        raise typer.Exit(ExitCode.JUDGED_FAILED)


def findings(
    context: typer.Context,
    *,
    every: Annotated[bool, typer.Option("--all", help="Closed ones too · 含已关闭的")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.list_findings(settings, include_closed=every)
    print_findings(settings.lang, found, "access_findings_none", as_json=as_json)


def close(
    context: typer.Context,
    finding: Annotated[str, typer.Argument(help="Id of the finding · 发现编号")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why · 理由")],
    misuse: Annotated[bool, typer.Option("--misuse", help="It was misuse; default: justified · 属于滥用，默认为正当")] = False,
    by: Annotated[str, typer.Option("--by", help="Your name; default: the token's account · 姓名，默认为令牌的账号")] = "",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    state = flows.FindingState.MISUSE if misuse else flows.FindingState.JUSTIFIED
    found = flows.close_finding(settings, finding, state, reason, by)
    if as_json:
        print_json(found)
    else:
        print_message(settings.lang, "access_finding_closed", finding=found.finding, state=found.state, by=found.decided_by)


def print_findings(lang: Lang, found: Sequence[AccessFinding], nothing: str, *, as_json: bool) -> None:
    """Print findings, or the message that there are none."""
    if as_json:
        print_json(found)
    elif found:
        rows = [{**answer_cells(row), "found": text(f"misuse_{row.rule}", lang)} for row in found]
        print_table(lang, "title_findings", rows, FOUND)
    else:
        print_message(lang, nothing)


def verify(
    context: typer.Context,
    *,
    checkpoint: Annotated[
        list[Path] | None, typer.Option("--checkpoint", help="File of checkpoints from outside the lake · 湖外留存的检查点文件")
    ] = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.verify_logs(settings, checkpoint or ())
    if as_json:
        print_json(found)
    else:
        print_verification(settings.lang, found)
    if found.faults:
        raise typer.Exit(ExitCode.JUDGED_FAILED)


def print_verification(lang: Lang, found: LogVerification) -> None:
    """Print figures, faults and notes."""
    if found.logs:
        print_table(lang, "title_logs", found.logs, STATES)
    for fault in found.faults:
        names = ", ".join(fault.entries) + (" …" if fault.count > len(fault.entries) else "")
        print_message(lang, f"logfault_{fault.kind}", log=fault.log, entries=names, count=fault.count)
    for note in found.notes:
        print_message(lang, note.code, **note.facts)
    print_message(lang, "access_faults" if found.faults else "access_sound")
