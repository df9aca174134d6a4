"""Commands that make, list and verify backups, and that restore one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, answer_cells, print_json, print_message, print_messages, print_table, progress, settings_of
from lakeward.core.errors import ExitCode
from lakeward.core.messages import text

if TYPE_CHECKING:
    from lakeward.core.messages import Lang
    from lakeward.flows import NeededKey, RestoreAnswer

Place = Annotated[str, typer.Argument(metavar="PLACE", help="Folder or s3:// URL of the backups · 备份所在文件夹或 s3:// 地址")]
LIST_COLUMNS = ("id", "project", "tables", "files", "bytes", "new_bytes", "locked_until", "is_whole")
DAMAGE_COLUMNS = ("file", "stored_as", "is_missing", "backups")
LOSS_COLUMNS = ("dataset", "batch", "rows", "files")


def create(
    context: typer.Context,
    place: Place,
    *,
    immutable: Annotated[
        int | None,
        typer.Option("--immutable", min=1, metavar="DAYS", help="Days for which no one can delete it · 不可删除的天数"),
    ] = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    with progress(settings.lang, "progress_backup", place=place):
        made = flows.back_up(settings, place, immutable)
    if as_json:
        print_json(made)
        return
    facts = {"backup": made.id, "place": made.place, "tables": made.tables, "files": made.files}
    print_message(settings.lang, "backup_done", **facts, bytes=made.bytes, new=made.new_bytes)
    if immutable is not None:
        code = "backup_locked" if made.locked_until else "backup_lock_weak"
        print_message(settings.lang, code, until=made.locked_until or "-")
    print_keys(settings.lang, "backup_keys", made.keys)


def list_(context: typer.Context, place: Place, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.list_backups(settings, place)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_backups", found, LIST_COLUMNS)
    else:
        print_message(settings.lang, "backups_none")


def verify(
    context: typer.Context,
    place: Place,
    *,
    backup: Annotated[str | None, typer.Option("--backup", metavar="ID", help="One backup only · 仅校验此备份")] = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    with progress(settings.lang, "progress_backup_verify", place=place):
        found = flows.verify_backups(settings, place, backup)
    if as_json:
        print_json(found)
    elif found.damaged:
        print_table(settings.lang, "title_backup_damage", found.damaged, DAMAGE_COLUMNS)
        print_message(settings.lang, "backup_damaged", files=len(found.damaged), place=place)
    else:
        print_message(settings.lang, "backup_whole", backups=found.backups, objects=found.objects, bytes=found.bytes)
    if found.damaged:
        raise typer.Exit(ExitCode.REFUSED)


def prune(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    place: Place,
    *,
    last: Annotated[int, typer.Option("--keep", min=0, metavar="N", help="Keep the newest N · 保留最新的 N 个")] = 0,
    daily: Annotated[
        int, typer.Option("--daily", min=0, metavar="N", help="Keep one a day, of N days · 每天保留一个，共 N 天")
    ] = 0,
    weekly: Annotated[
        int, typer.Option("--weekly", min=0, metavar="N", help="Keep one a week, of N weeks · 每周保留一个，共 N 周")
    ] = 0,
    monthly: Annotated[
        int, typer.Option("--monthly", min=0, metavar="N", help="Keep one a month, of N months · 每月保留一个，共 N 个月")
    ] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed · 仅显示将删除的内容")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    policy = flows.PrunePolicy(last=last, daily=daily, weekly=weekly, monthly=monthly)
    with progress(settings.lang, "progress_prune", place=place):
        done = flows.prune_backups(settings, place, policy, dry_run=dry_run)
    if as_json:
        print_json(done)
        return
    facts = {
        "removed": len(done.removed),
        "kept": len(done.kept),
        "objects": done.objects,
        "bytes": done.bytes,
        "place": done.place,
    }
    print_message(settings.lang, "prune_planned" if dry_run else "prune_done", **facts)
    if done.removed:
        print_message(settings.lang, "prune_removed", backups=", ".join(done.removed))
    if done.locked:
        print_message(settings.lang, "prune_locked", backups=", ".join(done.locked))


def restore(
    context: typer.Context,
    place: Place,
    *,
    backup: Annotated[str | None, typer.Option("--backup", metavar="ID", help="Default: the newest · 默认为最新备份")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Move what is in the way aside · 移走现有内容")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Count rows and compute scores again · 重新计数并重算得分")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    options = flows.RestoreOptions(backup=backup, replace=replace, verify=verify)
    with progress(settings.lang, "progress_restore", place=place):
        done = flows.restore(settings, place, options)
    if as_json:
        print_json(done)
    else:
        print_restore(settings.lang, done)
    if done.replay and done.replay.problems:
        raise typer.Exit(ExitCode.JUDGED_FAILED)


def print_restore(lang: Lang, done: RestoreAnswer) -> None:
    """Print what a restore did, what was lost, and what can't be read."""
    print_message(lang, "restore_done", backup=done.id, lake=done.lake, files=done.files, kept=done.kept, bytes=done.bytes)
    for path in done.moved_aside:
        print_message(lang, "restore_moved_aside", path=path)
    if done.lost:
        damaged = text("lost_file_damaged", lang)
        files = ("\n".join(f"{file.name}: {file.copy or damaged}" for file in batch.files) for batch in done.lost)
        rows = [{**answer_cells(batch), "files": lines} for batch, lines in zip(done.lost, files, strict=True)]
        print_table(lang, "title_lost_batches", rows, LOSS_COLUMNS)
        print_message(lang, "restore_lost", batches=len(done.lost))
    print_keys(lang, "restore_keys", done.missing_keys)
    if done.replay:
        print_messages(lang, ((problem.code, problem.facts) for problem in done.replay.problems))
        facts = {"batches": done.replay.batches, "scores": done.replay.scores, "unknown": done.replay.unknown}
        print_message(lang, "replay_failed" if done.replay.problems else "replay_done", **facts)


def print_keys(lang: Lang, code: str, keys: tuple[NeededKey, ...]) -> None:
    """Print the keys after a line that says what they are."""
    if keys:
        print_message(lang, code, keys=len(keys))
        print_messages(lang, ((key.kind, {"key": key.key_id, "covers": key.covers}) for key in keys))
