"""Drills: what is injected into a copy is found, bounded, traced and stopped; the lake itself gets a record and nothing else, and nothing is sent."""

import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows import (
    create_project,
    draft_from_files,
    grade_all,
    ingest_dataset,
    list_decisions,
    list_tables,
    run_drill,
    verify_logs,
)
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.accounts import ANALYST, make_accounts

SAMPLE = "order_no,phone\n" + "".join(f"WO{at:04d},1990000{at:04d}\n" for at in range(30))


def make_graded(root: Path) -> None:
    settings = Settings(start=create_project(root))
    (root / "orders.csv").write_text(SAMPLE, encoding="utf-8")
    draft_from_files(settings, "orders", [root / "orders.csv"])
    ingest_dataset(settings, "orders")
    grade_all(settings)


@pytest.fixture
def settings(copy_of, tmp_path) -> Settings:
    return Settings(start=copy_of(make_graded, tmp_path / "plant"))


@pytest.fixture
def receiver():
    """A web address, and the connections that it got."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        found, ended = [], []

        def listen():
            while not ended:
                try:
                    found.append(server.accept()[1])
                except TimeoutError:
                    continue

        thread = Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], found
        ended.append(True)
        thread.join()


def versions(settings):
    return {str(row.table): row.version for row in list_tables(settings)}


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param("enumeration", marks=pytest.mark.exhaustive),
        pytest.param("edited-log", marks=pytest.mark.exhaustive),
        "forged-grade",
    ],
)
def test_every_step_of_a_drill_passes_and_only_its_record_is_in_the_lake(settings, scenario, tmp_path, receiver):
    port, connections = receiver
    project, sent = settings.start / "expectations/project.yaml", tmp_path / "checkpoints.jsonl"
    targets = f"checkpoints: {{file: {sent}, webhook: 'http://127.0.0.1:{port}/seal'}}\n"
    project.write_text(project.read_text(encoding="utf-8") + targets, encoding="utf-8")
    before = versions(settings)
    events = sorted(path.name for path in (settings.start / "lake/lineage").rglob("*"))

    found = run_drill(settings, scenario, by="wang.fang")

    assert [(step.step, step.passed) for step in found.steps] == [
        (name, True) for name in ("inject", "detect", "scope", "trace", "stop")
    ]
    assert found.is_passed
    after = versions(settings)
    assert {name: version for name, version in after.items() if before.get(name) != version}.keys() <= {
        "governance.drills",
        "governance.schema_versions",
    }
    assert (sent.exists(), connections) == (False, [])
    assert sorted(path.name for path in (settings.start / "lake/lineage").rglob("*")) == events
    with open_workspace(settings).engine() as engine:
        rows = governance.read_rows(engine, "drills", order="seq")
    assert [(row["step"], row["seconds"] >= 0, row["author"]) for row in rows] == [
        (step.step, True, "wang.fang") for step in found.steps
    ]
    assert [(each.action, each.detail) for each in list_decisions(settings, kind="drill")] == [("drill", scenario)]
    assert verify_logs(settings).faults == ()


@pytest.mark.parametrize(
    ("scenario", "dataset", "by", "code"),
    [
        ("flood", "", "li", "drill_scenario"),
        ("edited-log", "nothing", "li", "dataset_not_found"),
        ("edited-log", "", "", "signature_missing"),
    ],
)
def test_a_drill_that_can_not_be_run_is_refused(settings, scenario, dataset, by, code):
    with pytest.raises(UsageError) as caught:
        run_drill(settings, scenario, dataset, by)
    assert caught.value.code == code


@pytest.mark.exhaustive
def test_a_drill_is_recorded_by_who_may_handle_incidents_and_runs_where_there_are_accounts(settings):
    people = make_accounts(settings, ANALYST)
    with pytest.raises(Exception, match="decision"):
        run_drill(people[ANALYST.name], "forged-grade")
    assert run_drill(settings, "forged-grade", by="wang.fang").is_passed


COPY = """
import os, sys, tempfile
from pathlib import Path
from lakeward.core.settings import Settings
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.operations.drill_copy import copy_for_drill
workspace = open_workspace(Settings(start=Path(sys.argv[1])))
with copy_for_drill(workspace, workspace.project.valid_contracts()["orders"]):
    print(*sorted(os.listdir(tempfile.gettempdir())), flush=True)
    sys.stdin.read()
"""


def start_copy(settings, scratch):
    """A process that has a copy until its input ends; and the folders beside it."""
    command = ["env", f"TMPDIR={scratch}", sys.executable, "-c", COPY, str(settings.start)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().split()


def test_the_copy_of_a_killed_drill_is_deleted_by_the_next(settings, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    first, (killed,) = start_copy(settings, scratch)
    assert (scratch / killed).stat().st_mode & 0o777 == 0o700
    second, beside = start_copy(settings, scratch)
    assert (killed in beside, len(beside)) == (True, 2)
    second.communicate()
    first.kill()
    first.communicate()
    assert [path.name for path in scratch.iterdir()] == [killed]
    third, left = start_copy(settings, scratch)
    assert (killed in left, len(left)) == (False, 1)
    third.communicate()
    assert list(scratch.iterdir()) == []
