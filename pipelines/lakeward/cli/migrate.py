"""The command that upgrades a lake, moves it, and takes either back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_messages, print_table, progress, settings_of
from lakeward.core.errors import ExitCode

if TYPE_CHECKING:
    from lakeward.core.messages import Lang
    from lakeward.flows import MigrationAnswer

CHANGE_COLUMNS = ("table", "columns")


def migrate(
    context: typer.Context,
    *,
    to: Annotated[
        str | None, typer.Option("--to", metavar="PLACE", help="Folder or s3:// URL to move to · 迁移目标文件夹或 s3:// 地址")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing · 不做任何更改")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the last migration back · 撤回上次迁移")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Count rows and compute scores again · 重新计数并重算得分")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    options = flows.MigrationOptions(to=to, dry_run=dry_run, undo=undo, verify=verify)
    with progress(settings.lang, "progress_migrate"):
        done = flows.migrate(settings, options)
    if as_json:
        print_json(done)
    else:
        print_migration(settings.lang, done, options)
    if done.replay and done.replay.problems:
        raise typer.Exit(ExitCode.JUDGED_FAILED)


def print_migration(lang: Lang, done: MigrationAnswer, options: flows.MigrationOptions) -> None:
    """Print what was changed, or would be."""
    if done.changes:
        print_table(lang, "title_migrate", done.changes, CHANGE_COLUMNS)
    facts = {"before": done.from_version, "after": done.to_version, "place": done.from_place, "to": done.to_place}
    print_message(lang, _outcome(done, options), **facts, tables=done.tables, files=done.files, bytes=done.bytes)
    if done.from_place != done.to_place and done.done:
        print_message(lang, "migrate_project" if done.project_changed else "migrate_environment", to=done.to_place)
    if done.replay:
        print_messages(lang, ((problem.code, problem.facts) for problem in done.replay.problems))
        facts = {"batches": done.replay.batches, "scores": done.replay.scores, "unknown": done.replay.unknown}
        print_message(lang, "replay_failed" if done.replay.problems else "replay_done", **facts)


def _outcome(done: MigrationAnswer, options: flows.MigrationOptions) -> str:
    """Code of the message on the whole."""
    if options.undo:
        return "migrate_undone" if done.done else "migrate_undo_planned"
    if done.from_place != done.to_place:
        return "migrate_moved" if done.done else "migrate_move_planned"
    if options.dry_run and (done.changes or done.from_version != done.to_version):
        return "migrate_planned"
    return "migrate_upgraded" if done.done else "migrate_current"
