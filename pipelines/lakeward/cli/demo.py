"""The demo: runs a simulated plant-day through the real Airflow DAGs, in a separate process, up to the scorecard."""

import json
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import typer

from lakeward import flows
from lakeward.cli.datasets import COUNTS
from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of
from lakeward.core.errors import LakewardError, MachineError
from lakeward.core.settings import Settings


def demo(context: typer.Context, *, as_json: Json = False) -> None:
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
    changed = flows.list_tables(demo_project.settings) != before
    if as_json:
        print_json({"dags": runs, "datasets": flows.list_runs(demo_project.settings), "changed": changed})
    else:
        print_results(demo_project.settings, changed=changed)


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
