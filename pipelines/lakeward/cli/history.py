"""The command that lists decisions over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, answer_cells, print_json, print_message, print_table, settings_of
from lakeward.core.messages import Lang, text

if TYPE_CHECKING:
    from lakeward.flows import Decision

COLUMNS = ("at", "kind", "action", "subject", "by", "approved_by", "verified", "rows", "reason", "detail")
# Decisions that the table shows if nothing else is said.
LISTED = 50


def history(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Dataset; without it, the project · 数据集，省略则为整个项目")] = None,
    *,
    since: Annotated[
        str | None, typer.Option("--since", help="Day, time or age, such as 2026-03-01 or 30d · 起始日期、时间或时长")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="grade, quarantine, contract, policy, readiness, account, purpose, key")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Decisions at most; default: 50, with --json all · 最多条数")
    ] = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.list_decisions(settings, name, since=since, kind=kind)
    if as_json:
        print_json(found[:limit])
        return
    if not found:
        print_message(settings.lang, "history_none")
        return
    shown = found[: limit or LISTED]
    print_table(settings.lang, "title_history", [_printable_row(row, settings.lang) for row in shown], COLUMNS)
    if len(found) > len(shown):
        print_message(settings.lang, "history_more", shown=len(shown), decisions=len(found))


def _printable_row(decision: Decision, lang: Lang) -> dict[str, object]:
    names = {key: text(f"history_{getattr(decision, key)}", lang) for key in ("kind", "action")}
    return {**answer_cells(decision), **names}
