"""Commands that create a project and its datasets, and run them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.interrupts import stop_event
from lakeward.cli.render import Json, print_json, print_message, print_table, progress, settings_of
from lakeward.core.errors import ExitCode, LakewardError, UsageError
from lakeward.core.messages import Lang, text
from lakeward.core.settings import Settings

if TYPE_CHECKING:
    from lakeward.flows import DraftedDataset, RunReport

COUNTS = ("dataset", "batches", "rows_in", "bronze", "rejects", "silver", "quarantine", "duplicates", "score")
TOPIC_COLUMNS = ("topic", "messages", "rate", "forms")
EDGE_COLUMNS = ("group", "edge", "device", "metrics", "types", "units", "rate")
# Topics and edges in a table for people.
SHOWN_TOPICS = 20
# Datasets of a run that are all shown; of more, those without anything new are counted: a table of thousands takes longer than their run.
SHOWN_IDLE = 200
# Schemes of addresses that are watched for a time, and then collected.
WATCHED_SCHEMES = ("mqtt", "tcp:", "ssl:", "opc.tcp:", "modbus", "kafka", "sparkplug:")


def init(context: typer.Context, folder: Annotated[Path, typer.Argument(help="Folder to create · 要创建的文件夹")]) -> None:
    lang = settings_of(context).lang
    root = flows.create_project(folder, f"p{uuid.uuid4().hex[:12]}")
    print_message(lang, "init_done", folder=root)


def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Dataset name · 数据集名称")],
    samples: Annotated[
        list[str],
        typer.Option(
            "--from",
            help="Files of yours, a folder, or the address of a table, broker or server · 样本文件、文件夹、表、消息代理或服务器的地址，可重复",
        ),
    ],
    *,
    sheet: Annotated[str | None, typer.Option(help="Sheet, if the workbook has several · 工作表名")] = None,
    watch: Annotated[
        str,
        typer.Option(
            help="How long to watch a broker or server; Ctrl-C ends it earlier · 观察消息代理或服务器的时长，可用 Ctrl-C 提前结束"
        ),
    ] = "30s",
    rebirth: Annotated[
        bool, typer.Option("--rebirth", help="Ask edges of Sparkplug B for their births · 请求 Sparkplug B 边缘节点重新上线")
    ] = False,
) -> None:
    settings = settings_of(context)
    address = next((sample for sample in samples if "://" in sample), None)
    drafted = (
        draft_from_address(settings, name, address, watch, rebirth=rebirth)
        if address
        else draft_from_files(settings, name, [Path(sample) for sample in samples], sheet)
    )
    is_collected = address is not None and address.lower().startswith(WATCHED_SCHEMES) and not address.lower().startswith("kafka")
    if drafted.topics:
        print_table(settings.lang, "title_topics", drafted.topics[:SHOWN_TOPICS], TOPIC_COLUMNS)
    if drafted.edges:
        print_table(settings.lang, "title_edges", drafted.edges[:SHOWN_TOPICS], EDGE_COLUMNS)
    for note in drafted.notes:
        print_message(settings.lang, note.code, **note.facts)
    print_message(settings.lang, "new_done_broker" if is_collected else "new_done", dataset=name, folder=drafted.folder)


def draft_from_files(settings: Settings, name: str, samples: list[Path], sheet: str | None) -> DraftedDataset:
    """Draft a dataset from files."""
    with progress(settings.lang, "progress_profile", file=samples[0].name):
        return flows.draft_from_files(settings, name, samples, sheet)


def draft_from_address(settings: Settings, name: str, address: str, watch: str, *, rebirth: bool) -> DraftedDataset:
    """Draft a dataset from a table, or from what a broker sends until the time is over or a signal comes."""
    if not address.lower().startswith(WATCHED_SCHEMES):
        with progress(settings.lang, "progress_profile", file="table"):
            return flows.draft_from_address(settings, name, address, rebirth=rebirth)
    with progress(settings.lang, "progress_watch", seconds=watch):
        return flows.draft_from_address(settings, name, address, watch, stop_event(), rebirth=rebirth)


def run(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help="Datasets; without one, all with new data · 数据集，省略则为所有有新数据的")
    ] = None,
    *,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Datasets at a time; default: by cores and memory · 同时运行的数据集数，默认按核数和内存"),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until stopped, without a scheduler · 持续运行直至停止，无需调度器")
    ] = False,
    every: Annotated[
        float, typer.Option(min=0.1, help="Seconds between two runs of --follow · --follow 两次运行的间隔秒数")
    ] = 2.0,
    since: Annotated[
        str | None, typer.Option(help="Backfill from a database: first date or time · 从数据库回填：起始日期或时间")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Backfill: its end, not included · 回填的结束时间（不含）")] = None,
    as_json: Json = False,
) -> None:
    settings, chosen = settings_of(context), names or []
    name = chosen[0] if len(chosen) == 1 else None
    if since is not None or until is not None:
        print_reports(settings.lang, [run_backfill(settings, name, since, until)], {}, as_json=as_json)
        return
    if follow:
        run_until_stopped(settings, name, every)
        return
    with progress(settings.lang, "progress_run", dataset=", ".join(chosen) or "*") as show:
        reports, failed = (
            ([flows.run_dataset(settings, name, on_progress=show)], {})
            if name
            else flows.run_all(settings, chosen, jobs=jobs, on_progress=show)
        )
    for notice in () if chosen else flows.stray_files(settings):
        typer.echo(text(notice.code, settings.lang, **notice.facts), err=True)
    if problem := flows.telemetry_problem(settings.telemetry):
        typer.echo(problem.render(settings.lang), err=True)
    print_reports(settings.lang, reports, failed, as_json=as_json)


def run_backfill(settings: Settings, name: str | None, since: str | None, until: str | None) -> RunReport:
    """Run the rows of a span of time from the dataset's database."""
    if name is None or since is None or until is None:
        raise UsageError("backfill_incomplete")
    with progress(settings.lang, "progress_run", dataset=name) as show:
        return flows.backfill_dataset(settings, name, flows.Span(since, until), on_progress=show)


def run_until_stopped(settings: Settings, name: str | None, every: float) -> None:
    """Run one dataset again and again, one line per run that did something; a signal to stop ends it after its batch."""
    if name is None:
        raise UsageError("follow_without_dataset")
    halted = False

    def show(report: RunReport) -> None:
        nonlocal halted
        halted = report.halted is not None
        typer.echo(flows.summary_line(report, settings.lang))

    flows.follow_dataset(settings, name, stop_event(), show, every=every)
    if halted:
        raise typer.Exit(ExitCode.JUDGED_FAILED)


def rebuild(
    context: typer.Context, name: Annotated[str, typer.Argument(help="Dataset · 数据集")], *, as_json: Json = False
) -> None:
    settings = settings_of(context)
    with progress(settings.lang, "progress_run", dataset=name) as show:
        run_report = flows.rebuild(settings, name, on_progress=show)
    print_reports(settings.lang, [run_report], {}, as_json=as_json)


def print_reports(lang: Lang, reports: list[RunReport], failed: Mapping[str, LakewardError], *, as_json: bool) -> None:
    """Print the reports of runs, and the errors of others on the error stream; the exit code is that of the worst."""
    if as_json:
        print_json(reports)
    else:
        shown = reports if len(reports) <= SHOWN_IDLE else [r for r in reports if r.batches or r.halted is not None]
        if shown:
            print_table(lang, "title_run", shown, count_columns(shown))
        if len(shown) < len(reports):
            print_message(lang, "run_others_idle", datasets=len(reports) - len(shown))
        for r in reports:
            print_notes(lang, r)
    for name, error in failed.items():
        typer.echo(f"{name}: {error.render(lang)}", err=True)
    codes = [error.exit_code for error in failed.values()] + [ExitCode.JUDGED_FAILED for r in reports if r.failed or r.rejected]
    if codes:
        raise typer.Exit(max(codes))


def count_columns(reports: list[RunReport]) -> tuple[str, ...]:
    """The columns of a table of runs; corrections only if there are any."""
    at = COUNTS.index("score")
    return (*COUNTS[:at], "corrections", *COUNTS[at:]) if any(r.counts.corrections for r in reports) else COUNTS


def print_notes(lang: Lang, run_report: RunReport) -> None:
    """Print a run's warnings and its failed and unknown rules."""
    for line in flows.run_lines(run_report, lang):
        typer.echo(line)
