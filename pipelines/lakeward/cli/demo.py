"""The demos: a simulated plant-day through the real Airflow DAGs, in a separate process; its portal; a live plant; a project of important data."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lakeward import flows
from lakeward.cli.catalogue import print_report
from lakeward.cli.datasets import COUNTS
from lakeward.cli.interrupts import stop_event
from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of
from lakeward.core.errors import ExitCode, LakewardError, MachineError
from lakeward.core.messages import text
from lakeward.core.settings import Settings

if TYPE_CHECKING:
    from rich.table import Table

    from lakeward.flows import LiveFigures, Portal


def demo(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    *,
    portal: Annotated[
        bool, typer.Option("--portal", help="The portal over the plant-day, with demo accounts · 以演示账号打开该日数据的门户")
    ] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port of --portal · --portal 的端口")] = 8420,
    live: Annotated[
        bool, typer.Option("--live", help="A broker and a plant that sends for two minutes · 消息代理与持续发送两分钟的工厂")
    ] = False,
    important: Annotated[
        bool, typer.Option("--important", help="A small project of important and core data · 含重要数据与核心数据的小项目")
    ] = False,
    people: Annotated[
        bool, typer.Option("--people", help="Then what the plant's people do on a first day · 再由工厂人员完成首日工作")
    ] = False,
    seconds: Annotated[int, typer.Option(min=1, help="Seconds of --live · --live 的秒数")] = 120,
    rate: Annotated[int, typer.Option(min=1, max=20_000, help="Readings a second of --live · --live 每秒读数")] = 300,
    as_json: Json = False,
) -> None:
    if portal:
        open_portal(settings_of(context), port)
        return
    if important:
        make_important(settings_of(context), as_json=as_json)
        return
    if live:
        run_live(settings_of(context), seconds, rate, as_json=as_json)
        return
    if find_spec("airflow") is None:
        raise MachineError("extra_missing", extra="airflow")
    demo_project = flows.simulate_day(settings_of(context))
    before = flows.list_tables(demo_project.settings)
    if not as_json:
        facts = {
            "files": len(demo_project.truth.rows),
            "defects": len(demo_project.truth.injected),
            "truth": demo_project.truth_file,
        }
        print_message(demo_project.settings.lang, "demo_simulated", day=demo_project.day, **facts)
    runs = run_dags(demo_project.settings, quiet=as_json)
    done = _staff(demo_project.settings) if people else None
    changed = flows.list_tables(demo_project.settings) != before
    if as_json:
        datasets = flows.list_runs(demo_project.settings)
        print_json({"dags": runs, "datasets": datasets, "changed": changed, **({"people": done} if done else {})})
        return
    print_results(demo_project.settings, changed=changed)
    if done and done.accounts:
        measured = ", ".join(f"{count} ({edition})" for edition, count in done.measured.items())
        print_message(demo_project.settings.lang, "demo_people", **{**done.as_dict(), "measured": measured})


def open_portal(settings: Settings, port: int) -> None:
    """Run the plant-day where that is not done yet, and serve its portal on this machine with demo accounts until it is interrupted."""
    from lakeward.portal.server import Door, serve_portal  # noqa: PLC0415 -- of an extra

    own = flows.simulate_day(settings).settings
    if not flows.list_tables(own):
        print_message(own.lang, "demo_portal_runs")
        flows.run_all(own)
        flows.grade_all(own)
        flows.assess_readiness(own)
    logins = flows.make_demo_accounts(own)

    def show(_: Portal, address: str) -> None:
        print_message(own.lang, "demo_portal_opened", address=address)
        print_table(own.lang, "title_demo_logins", logins, ("account", "role", "password"))
        print_message(own.lang, "demo_portal_logins")
        sys.stdout.flush()

    serve_portal(own, Door(port=port), show)


def make_important(settings: Settings, *, as_json: bool) -> None:
    """Make the project of important data, and show its catalogue with what is to be done."""
    own = flows.make_important_demo(settings)
    report = flows.list_catalogue(own)
    if as_json:
        print_json(report)
        return
    rows = sum(entry.rows or 0 for entry in report.entries)
    print_message(settings.lang, "demo_important_made", folder=own.start, datasets=len(report.entries), rows=rows)
    print_report(own, report, as_json=False)
    print_message(settings.lang, "demo_important_next", folder=own.start)


def run_live(settings: Settings, seconds: int, rate: int, *, as_json: bool) -> None:
    """Show the live demo as a table that changes, or a line every ten seconds where there is no terminal; then its verdict."""
    from rich.console import Console  # noqa: PLC0415 -- as in `render`
    from rich.live import Live  # noqa: PLC0415 -- as above

    stop, console = stop_event(), Console(stderr=as_json)
    if as_json or not console.is_terminal:
        found = flows.run_live_demo(settings, seconds, rate, lambda now: _print_line(settings, now, quiet=as_json), stop)
    else:
        with Live(console=console, refresh_per_second=4) as shown:
            found = flows.run_live_demo(settings, seconds, rate, lambda now: shown.update(_live_table(settings, now)), stop)
    if as_json:
        print_json(found)
    else:
        facts = {"served": found.served, "sent": found.sent, "rejects": found.rejects, "junk": found.junk}
        code = "live_complete" if found.is_complete else "live_incomplete"
        print_message(settings.lang, code, **facts, duplicates=found.duplicates, again=found.again)
    if not found.is_complete:
        raise typer.Exit(ExitCode.JUDGED_FAILED)


def _live_table(settings: Settings, now: LiveFigures) -> Table:
    from rich.table import Table  # noqa: PLC0415 -- as above

    table = Table(title=text("title_live", settings.lang, seconds=now.seconds), title_justify="left")
    for name, value in now.as_dict().items():
        if name not in {"seconds", "served", "is_complete"}:
            shown = "–" if value is None else f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
            table.add_row(text(f"col_live_{name}", settings.lang), shown)
    return table


def _print_line(settings: Settings, now: LiveFigures, *, quiet: bool) -> None:
    if not quiet and now.seconds % 10 == 0:
        lag = "–" if now.lag_95 is None else f"{now.lag_95:.1f}"
        facts = {"seconds": now.seconds, "sent": now.sent, "silver": now.silver, "rejects": now.rejects}
        print_message(settings.lang, "live_line", **facts, rate=now.rate, lag=lag)


def run_dags(settings: Settings, *, quiet: bool) -> list[dict[str, Any]]:
    """Run every DAG in dependency order. Airflow runs in a separate process, since it takes over signals and logging.

    Raises:
        MachineError: A DAG failed.
    """
    words = [sys.executable, "-m", "lakeward.orchestration", "--project", str(settings.start), "--lang", settings.lang]
    runs = []
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        for line in process.stdout or ():
            runs.append(json.loads(line))
            if not quiet:
                print_message(settings.lang, "demo_dag", **runs[-1])
    failed = next((run for run in runs if run["state"] != "success"), None)
    if failed:
        raise LakewardError("dag_failed", **failed)
    if process.returncode:
        raise SystemExit(process.returncode)
    return runs


def _staff(settings: Settings) -> flows.StaffedDemo:
    """The people's first day; the scorecard shows what they decided."""
    from lakeward.portal.export import build_scorecard  # noqa: PLC0415 -- templates

    done = flows.staff_demo(settings)
    if done.accounts:
        build_scorecard(settings)
    return done


def print_results(settings: Settings, *, changed: bool) -> None:
    """Print the tables of the lake, the findings, and what to try next."""
    print_table(settings.lang, "title_run", flows.list_runs(settings), COUNTS)
    if not changed:
        print_message(settings.lang, "demo_nothing_new")
    for row in flows.project_status(settings):
        for step in row.next:
            print_message(settings.lang, step.code, **step.facts)
    print_governance(settings)
    print_message(settings.lang, "demo_next")


def print_governance(settings: Settings) -> None:
    """Print the results of the govern DAG: grades, readiness and the path of the page. Only reads what is stored."""
    card = flows.read_scorecard(settings)
    grades, readiness = (
        reading.single_row if reading else None for reading in (card.results["grades"], card.results["readiness"])
    )
    if grades:
        print_message(
            settings.lang, "demo_grades", **{name: grades[name] for name in ("columns", "graded", "provisional", "personal")}
        )
    if readiness:
        score = "–" if readiness["score"] is None else readiness["score"]
        print_message(settings.lang, "demo_readiness", score=score, measured=readiness["measured"], items=readiness["items"])
    print_message(settings.lang, "scorecard_built", file=flows.scorecard_path(settings))
