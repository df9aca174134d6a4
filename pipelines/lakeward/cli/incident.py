"""Commands for data security incidents: open, state, scope, report, close, list, drill."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, cells, print_json, print_message, print_messages, print_table, settings_of
from lakeward.core.errors import ExitCode, UsageError
from lakeward.core.messages import text

Number = Annotated[str, typer.Argument(help="Number · 事件编号")]
By = Annotated[str, typer.Option("--by", help="Your name; default: the token's account · 姓名，默认为令牌的账号")]
LIST_COLUMNS = ("incident", "title", "columns", "since", "until", "found_by", "opened_by", "scoped_at", "closed_at")
EXPOSURE_COLUMNS = ("reader", "role", "consumer", "column", "origin", "shown_as", "versions", "reads", "rows", "last_at")
AFFECTED_COLUMNS = ("column", "origin", "grade", "category", "data_class")


def open_(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="What happened · 事件简述")],
    *,
    column: Annotated[
        list[str], typer.Option("--column", help="layer.table.column, or a table; repeat it · 层.表.列或表，可重复")
    ],
    since: Annotated[str, typer.Option("--since", help="ISO 8601 time · 开始时间")],
    until: Annotated[str, typer.Option("--until", help="End; without it, it goes on · 结束时间，省略则尚未结束")] = "",
    found_by: Annotated[
        str, typer.Option("--found-by", help="own-monitoring, public-url, third-party · 发现途径")
    ] = "own-monitoring",
    by: By = "",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    draft = flows.IncidentDraft(title=title, columns=tuple(column), since=since, until=until, found_by=found_by)
    incident = flows.open_incident(settings, draft, by)
    if as_json:
        print_json(incident)
    else:
        print_message(settings.lang, "incident_opened", incident=incident.incident)


def list_(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.list_incidents(settings)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_incidents", found, LIST_COLUMNS)
    else:
        print_message(settings.lang, "incidents_none")


def state(
    context: typer.Context,
    number: Number,
    facts: Annotated[list[str], typer.Argument(metavar="FIELD=TEXT", help="Field of the report, and its text · 报告字段=内容")],
    *,
    by: By = "",
) -> None:
    settings = settings_of(context)
    pairs = [fact.partition("=") for fact in facts]
    for key, sign, _ in pairs:
        if not sign:
            raise UsageError("incident_fact_form", found=ascii(key))
    found = flows.state_incident_facts(settings, number, {key: value for key, _, value in pairs}, by)
    print_message(settings.lang, "incident_stated", incident=number, facts=", ".join(found.facts))


def scope(context: typer.Context, number: Number, *, by: By = "", as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.scope_incident(settings, number, by)
    if as_json:
        print_json(found)
        return
    print_table(settings.lang, "title_incident_columns", found.columns, AFFECTED_COLUMNS)
    exposures = [{**cells(each), "versions": "–".join(map(str, sorted(set(each.versions))))} for each in found.exposures]
    print_table(settings.lang, "title_incident_exposures", exposures, EXPOSURE_COLUMNS)
    facts = {"rows": found.rows, "bytes": found.bytes, "refused": found.refused}
    unknown = {"count": found.unknown_reads, "readers": ", ".join(found.unknown_readers)}
    print_messages(
        settings.lang,
        [("incident_volume", facts), *([("incident_unknown_reads", unknown)] if found.unknown_reads else [])],
    )


def report(
    context: typer.Context,
    number: Number,
    target: Annotated[Path, typer.Argument(help="File: .md or .docx · 文件")],
    *,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.write_incident_report(settings, number, target)
    if as_json:
        print_json(found)
        return
    unknown = ", ".join(found.unknown)
    print_message(settings.lang, "incident_report_written", file=found.file, count=len(found.unknown), unknown=unknown or "-")
    if found.must_be_reported:
        print_message(settings.lang, "incident_must_be_reported", level=found.level or "?")


def close(context: typer.Context, number: Number, *, by: By = "") -> None:
    settings = settings_of(context)
    flows.close_incident(settings, number, by)
    print_message(settings.lang, "incident_closed_now", incident=number)


def drill(
    context: typer.Context,
    scenario: Annotated[str, typer.Argument(help="enumeration, edited-log or forged-grade · 演练场景")],
    *,
    dataset: Annotated[str, typer.Option("--dataset", help="Dataset that is copied · 复制的数据集")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.run_drill(settings, scenario, dataset, by)
    if as_json:
        print_json(found)
    else:
        lang = settings.lang
        rows = [
            {
                "drill_step": text(f"drill_{each.step}", lang),
                "drill_seconds": each.seconds,
                "passed": each.passed,
                "drill_facts": {text(f"drill_fact_{name}", lang): fact for name, fact in each.facts.items()},
            }
            for each in found.steps
        ]
        print_table(lang, "title_drill", rows, ("drill_step", "drill_seconds", "passed", "drill_facts"))
        facts = {"drill": found.drill, "scenario": found.scenario, "dataset": found.dataset}
        print_message(lang, "drill_passed" if found.is_passed else "drill_failed", **facts)
    if not found.is_passed:
        raise typer.Exit(ExitCode.JUDGED_FAILED)
