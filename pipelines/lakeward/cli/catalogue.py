"""Commands for the catalogue of important data: list, draft, file, answer, export."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of
from lakeward.core.errors import UsageError
from lakeward.core.messages import Lang, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakeward.core.settings import Settings
    from lakeward.flows import CatalogueEntry, CatalogueReport, Filing, FilingTask

Names = Annotated[list[str] | None, typer.Argument(help="Datasets; without them, all that is due · 数据集，省略则为全部应备案者")]
By = Annotated[str, typer.Option("--by", help="Your name; default: the token's account · 姓名，默认为令牌的账号")]
On = Annotated[str | None, typer.Option("--on", help="Day as 2026-03-02; default: today · 日期，默认为今天")]
Number = Annotated[int, typer.Argument(help="Number of the filing · 备案编号")]


def list_(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    print_report(settings, flows.list_catalogue(settings), as_json=as_json)


def draft(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    print_report(settings, flows.draft_catalogue(settings), as_json=as_json)


def file(context: typer.Context, names: Names = None, *, by: By = "", on: On = None, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.file_catalogue(settings, names or (), by=by, on=parse_day(on))
    print_filing(settings, found, as_json=as_json)


def answer(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    number: Number,
    *,
    ref: Annotated[str, typer.Option("--ref", help="Number of the authority's answer · 主管部门文号")],
    reject: Annotated[bool, typer.Option("--reject", help="The authority rejects it · 退回")] = False,
    note: Annotated[str, typer.Option("--text", help="Its text, in short · 答复摘要")] = "",
    by: By = "",
    on: On = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    given = flows.AuthorityAnswer(accepted=not reject, ref=ref, text=note, on=parse_day(on))
    print_filing(settings, flows.answer_filing(settings, number, given, by=by), as_json=as_json)


def export(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help="File: .xlsx, .docx or .json · 文件")],
    *,
    filing: Annotated[
        int | None, typer.Option("--filing", help="Number; default: a draft of now · 备案编号，默认为当前草稿")
    ] = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.export_catalogue(settings, target, number=filing)
    if as_json:
        print_json(found)
    else:
        print_message(settings.lang, "filing_exported", file=found.file, entries=found.entries)


def parse_day(day: str | None) -> date | None:
    """The day of an option.

    Raises:
        UsageError: It is no day in ISO 8601.
    """
    try:
        return date.fromisoformat(day) if day else None
    except ValueError:
        raise UsageError("filing_day_format", found=day) from None


def print_report(settings: Settings, report: CatalogueReport, *, as_json: bool) -> None:
    """Print the catalogue, then what is to be done."""
    if as_json:
        print_json(report)
        return
    if not report.entries:
        print_message(settings.lang, "catalogue_none")
    else:
        columns = ("dataset", "state", "grade", "rows", "filed_rows", "bytes", "filed_bytes", "filing", "triggers")
        rows = [_entry_cells(entry, settings.lang) for entry in report.entries]
        print_table(settings.lang, "title_catalogue", rows, columns)
    if report.tasks:
        cells = [_task_cells(task, settings.lang) for task in report.tasks]
        print_table(settings.lang, "title_filing_tasks", cells, ("due", "dataset", "filing", "reason", "rule"))


def print_filing(settings: Settings, found: Filing, *, as_json: bool) -> None:
    """Print a filing after an event, with what it makes due."""
    if as_json:
        print_json(found)
        return
    due = "" if found.due is None else _due(found.due.isoformat(), settings.lang, certain=found.due_certain)
    facts = {
        "filing": found.filing,
        "state": text(f"entry_{found.state}", settings.lang),
        "entries": len(found.datasets),
        "due": due or "-",
    }
    print_message(settings.lang, "filing_recorded", **facts)


def _entry_cells(entry: CatalogueEntry, lang: Lang) -> dict[str, object]:
    words = {"state": text(f"entry_{entry.state}", lang), "grade": text(f"col_{entry.grade}", lang) if entry.grade else None}
    return {**entry.as_dict(), **words, "triggers": _triggers(entry.triggers, lang) or None}


def _triggers(triggers: Iterable[str], lang: Lang) -> str:
    return ", ".join(text(f"changed_{trigger}", lang) for trigger in triggers)


def _task_cells(task: FilingTask, lang: Lang) -> dict[str, object]:
    facts = {
        "triggers": _triggers(task.triggers, lang) or "-",
        "missing": ", ".join(task.missing) or "-",
        "filing": task.filing or "-",
    }
    due = _due(task.due, lang, certain=task.due_certain) if task.due else None
    return {**task.as_dict(), "due": due, "reason": text(f"task_{task.kind}", lang, **facts)}


def _due(day: str, lang: Lang, *, certain: bool) -> str:
    return day if certain else text("filing_earliest", lang, day=day)
