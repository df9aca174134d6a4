"""Commands of copies that leave: export a table for a recipient, and find whose copy a file is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of
from lakeward.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from lakeward.core.messages import Lang
    from lakeward.flows import CopyTrace, Export

Role = Annotated[str | None, typer.Option("--as", help="Role; default: the token's only one · 角色，默认为令牌唯一的角色")]
IDENTIFIED = ("recipient", "table", "z", "log10_p", "exports")


def export(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    table: Annotated[str, typer.Argument(help="layer.table · 层.表")],
    target: Annotated[Path, typer.Argument(help="New file, or folder of a Delta table · 新文件，或 Delta 表的文件夹")],
    *,
    recipient: Annotated[str, typer.Option("--to", help="Party of the policy, or own · 策略中的接收方，或 own")],
    purpose: Annotated[str | None, typer.Option("--purpose", help="Purpose of the policy · 用途")] = None,
    role: Role = None,
    recipient_role: Annotated[
        str | None, typer.Option("--recipient-role", help="Role of the recipient; default: yours · 接收方角色，默认与本人相同")
    ] = None,
    column: Annotated[list[str] | None, typer.Option("--column", help="Column; may be repeated · 列，可重复")] = None,
    form: Annotated[str | None, typer.Option("--format", help="csv, parquet, delta")] = None,
    unmarked: Annotated[bool, typer.Option("--unmarked", help="Without a fingerprint · 不加指纹")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    if form is not None and form not in tuple(flows.CopyForm):
        raise UsageError("export_format", target=target, expected=", ".join(flows.CopyForm))
    request = flows.ExportRequest(
        table=table,
        target=target,
        recipient=recipient,
        purpose=settings.purpose if purpose is None else purpose,
        role=role,
        recipient_role=recipient_role,
        columns=tuple(column or ()),
        form=flows.CopyForm(form) if form else None,
        marked=not unmarked,
    )
    found = flows.export_table(settings, request)
    if as_json:
        print_json(found)
    else:
        print_export(settings.lang, found, target)


def trace(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="File, or folder of a Delta table · 文件，或 Delta 表的文件夹")],
    *,
    role: Role = None,
    purpose: Annotated[str | None, typer.Option("--purpose", help="Purpose of the policy · 用途")] = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.trace_copy(settings, file, role, purpose)
    if as_json:
        print_json(found)
    else:
        print_trace(settings.lang, found)
    if not found.identified:
        raise typer.Exit(ExitCode.JUDGED_FAILED)


def print_export(lang: Lang, found: Export, target: Path) -> None:
    """Print what left, and how it is marked."""
    facts = {"table": found.table, "version": found.table_version, "recipient": found.recipient, "purpose": found.purpose}
    print_message(lang, "export_done", rows=found.rows, target=target, id=found.export_id, **facts)
    if found.marks:
        print_message(lang, "export_marked", columns=", ".join(found.marks))
    else:
        print_message(lang, "export_unmarked")


def print_trace(lang: Lang, found: CopyTrace) -> None:
    """Print whose copy a file is, what it was compared with, and what a trace can't see."""
    for each in found.compared:
        code = "trace_compared" if each.original_kept else "trace_compared_newest"
        print_message(lang, code, table=each.table, version=each.version, rows=each.rows, columns=", ".join(each.columns) or "-")
    if found.identified:
        print_table(lang, "title_trace", found.identified, IDENTIFIED)
    else:
        print_message(lang, "trace_none", tested=found.tested)
    if found.untested or found.unmarked:
        print_message(lang, "trace_untested", untested=found.untested, unmarked=found.unmarked)
    print_message(lang, "trace_limits")
