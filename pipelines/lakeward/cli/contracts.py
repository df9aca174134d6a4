"""Commands over contract files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of
from lakeward.contracts.diff import Effect
from lakeward.core.errors import ExitCode
from lakeward.core.messages import Lang, text

if TYPE_CHECKING:
    from lakeward.flows import FileProblem, FlowAnswer


def lint(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Dataset; without it, all · 数据集，省略则为全部")] = None,
    *,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    problems = flows.lint_contracts(settings, name)
    found = [_with_message(problem, problem.code, problem.facts, settings.lang) for problem in problems]
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_lint", found, ("file", "line", "column", "message"))
        print_standing(settings.lang, problems)
    else:
        print_message(settings.lang, "lint_clean")
    if not as_json:
        logins = [] if name else flows.login_warnings(settings)
        warnings = (*flows.mapping_warnings(settings, name), *flows.word_warnings(settings, name), *logins)
        for step in (*flows.key_proposals(settings, name), *warnings):
            print_message(settings.lang, step.code, **step.facts)
    if found:
        raise typer.Exit(ExitCode.REFUSED)


def print_standing(lang: Lang, problems: Sequence[FileProblem]) -> None:
    """Print of each contract whether it departs from the standard, or is one that needs more to run here."""
    for file in dict.fromkeys(problem.file for problem in problems if problem.file.endswith(".odcs.yaml")):
        count = sum(problem.standard for problem in problems if problem.file == file)
        print_message(lang, "lint_not_odcs" if count else "lint_needs", file=file, count=count)


def diff(
    context: typer.Context,
    old: Annotated[Path, typer.Argument(help="Old contract file · 旧契约文件")],
    new: Annotated[Path, typer.Argument(help="New contract file · 新契约文件")],
    *,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    changes = flows.compare_contracts(old, new)
    found = [_with_message(change, change.code, change.facts, settings.lang) for change in changes]
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_diff", found, ("kind", "message"))
    else:
        print_message(settings.lang, "diff_same")
    if any(change.kind is Effect.BREAKING for change in changes):
        raise typer.Exit(ExitCode.REFUSED)


def confirm_key(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Dataset · 数据集")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen · 只说明结果，不写入")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also where stored rows contradict it · 即使与已存的行矛盾")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    done = flows.confirm_key(settings, name, dry_run=dry_run, force=force)
    if as_json:
        print_json(done)
        return
    facts = {**done.as_dict(), "columns": ", ".join(done.columns)}
    steps = ("key_stored_rows", "key_needs_rebuild") if done.needs_rebuild else ("key_needs_no_rebuild",)
    for code in ("key_confirmed" if done.is_written else "key_would_be", *steps):
        print_message(settings.lang, code, **facts)


def rename(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Dataset · 数据集")],
    new_name: Annotated[str, typer.Argument(help="Its new name · 新名称")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen · 只说明结果，不写入")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    done = flows.rename_dataset(settings, name, new_name, dry_run=dry_run)
    if as_json:
        print_json(done)
        return
    for file in done.files:
        print_message(settings.lang, "rename_file", file=file)
    print_message(settings.lang, "renamed" if done.is_written else "would_be_renamed", **done.as_dict())
    if done.mentions:
        print_message(settings.lang, "rename_mentions", dataset=name, files=", ".join(done.mentions))


def retire(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Dataset · 数据集")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen · 只说明结果，不写入")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    done = flows.retire_dataset(settings, name, dry_run=dry_run)
    if as_json:
        print_json(done)
        return
    print_message(settings.lang, "retired" if done.is_written else "would_be_retired", dataset=name, rows=done.rows)
    if done.readers:
        print_message(settings.lang, "retired_readers", dataset=name, readers=", ".join(done.readers))


def adopt(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="ODCS contract · ODCS 契约文件")],
    sample: Annotated[Path | None, typer.Option("--from", help="A file as it is received · 样本文件")] = None,
    name: Annotated[str | None, typer.Option(help="Dataset name · 数据集名称")] = None,
    object_name: Annotated[str | None, typer.Option("--object", help="Object of several · 多个对象中的一个")] = None,
    data_format: Annotated[str | None, typer.Option("--format", help="Format of the files · 文件格式")] = None,
    *,
    time: Annotated[str | None, typer.Option(help="Column that says when a row happened · 时间列")] = None,
    key: Annotated[str | None, typer.Option(help="Columns of the key, with commas · 主键列，以逗号分隔")] = None,
) -> None:
    settings = settings_of(context)
    options = flows.AdoptionOptions(
        name=name,
        object_name=object_name,
        sample=sample,
        format=data_format,
        time=time,
        key=tuple(part.strip() for part in key.split(",")) if key else (),
    )
    adopted = flows.adopt_contract(settings, file, options)
    for note in adopted.notes:
        print_message(settings.lang, note.code, **note.facts)
    print_message(settings.lang, "adopt_done", dataset=adopted.dataset, folder=adopted.folder)


def _with_message(row: FlowAnswer, code: str, facts: Mapping[str, object], lang: Lang) -> dict[str, object]:
    return {**row.as_dict(), "message": text(code, lang, **facts)}
