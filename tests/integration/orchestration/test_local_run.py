"""The DAGs run for real, in one process, without services."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

IMAGE = Path(__file__).parents[3] / "deploy" / "Containerfile.project"
RUN = """
import json, signal
from pathlib import Path
from lakeward.core.settings import Settings
from lakeward.orchestration.local import run_local
seen = []
runs = run_local(Settings.load(Path(".")), {names}, seen.append)
told = [[r.dag_id, r.state, getattr(r.error, "code", None)] for r in runs]
assert seen == runs
print(json.dumps([told, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL]))
"""
ROWS = "ts,temp\n2026-03-01T06:00:00Z,20.5\n2026-03-01T06:01:00Z,21.5\n"


# Of the run: tables after it, and whether a second one left them as they were.
AGAIN = """
from lakeward.flows import list_tables
tables = list_tables(Settings.load(Path(".")))
run_local(Settings.load(Path(".")), [], seen.append)
print(json.dumps([told, len(tables), list_tables(Settings.load(Path("."))) == tables]))
"""
HALTING = {
    "name": "press",
    "expectations": [
        {
            "type": "expect_column_max_to_be_between",
            "kwargs": {"column": "temp", "max_value": 20},
            "meta": {"lakeward": {"severity": "halt"}},
        }
    ],
}


def deliver(plant):
    for name in ("press", "oven"):
        (plant / "inbox" / name).mkdir(parents=True)
        (plant / "inbox" / name / "a.csv").write_text(ROWS, encoding="utf-8")
    return plant


@pytest.fixture(scope="module")
def finished(shared_plant, python_in):
    """A project whose DAGs all ran twice, and what was seen: states, number of tables, whether the second run left them alone."""
    root = deliver(shared_plant())
    return root, *python_in(root, RUN.format(names=[]) + AGAIN, PYTHONWARNINGS="default")


# Of a project whose lake is a file: what is told of one run, and, when the file is gone, of a second run of two datasets and of one without its DAGs file.
TROUBLES = (
    RUN.format(names=["press"])
    + """
from lakeward.core.errors import LakewardError
Path("lake").unlink()
failed = [told, signal.getsignal(signal.SIGTERM) == signal.SIG_DFL]
refused = {r.dataset: [r.state, str(r.error)] for r in run_local(Settings.load(Path(".")), ["press", "oven"], print)}
Path("dags/lakeward_dags.py").unlink()
try:
    run_local(Settings.load(Path(".")), [], print)
except LakewardError as error:
    print(json.dumps({"failed": failed, "refused": refused, "without": str(error)}))
"""
)


@pytest.fixture(scope="module")
def troubles(shared_plant, python_in):
    """A project after runs that fail, halt a batch of `press` and reject too much of `oven`; state and error of each by what was wrong."""
    root = deliver(shared_plant())
    (root / "lake").write_text("a file where the lake should be", encoding="utf-8")
    (root / "expectations" / "datasets" / "press" / "suite.json").write_text(json.dumps(HALTING), encoding="utf-8")
    (root / "inbox" / "oven" / "b.csv").write_text("ts,temp\n2026-03-01T07:00:00Z\n2026-03-01T07:01:00Z,21.5\n", encoding="utf-8")
    return root, python_in(root, TROUBLES, PYTHONWARNINGS="default")


def test_dags_run_after_what_they_read_and_every_state_is_told(finished):
    root, told, _, _ = finished
    assert [dag for dag, _, _ in told][-2:] == ["curate__oven_daily", "govern__plant"]
    assert {dag: state for dag, state, _ in told} == dict.fromkeys(
        ("ingest__press", "ingest__oven", "curate__oven_daily", "govern__plant"), "success"
    )
    assert sorted(path.name for path in (root / "lake" / "gold").iterdir()) == ["oven_daily"]
    assert (root / "scorecard" / "scorecard.html").is_file()


def test_a_second_run_of_all_dags_changes_no_table(finished):
    _, _, count, same = finished
    assert count > 12
    assert same


def test_a_failed_flow_is_told_with_its_error_and_not_tried_again_and_sigterm_ends_the_process_again(troubles):
    ((dag, state, code),), ends = troubles[1]["failed"]
    assert (dag, state) == ("ingest__press", "failed")
    assert code
    assert ends


def test_a_project_without_its_dags_file_says_how_to_add_it(troubles):
    assert "globals().update(dags(__file__))" in troubles[1]["without"]


@pytest.mark.exhaustive
def test_all_dags_run_where_only_the_volumes_of_the_image_can_be_written(plant):
    """As the tasks of containers do, whose root can't be written; the lake lies elsewhere."""
    deliver(plant)
    made = json.loads(re.search(r"^VOLUME (.+)$", IMAGE.read_text(encoding="utf-8"), re.MULTILINE)[1])
    inside = [Path(place).relative_to("/srv/lakeward/plant") for place in made if place.startswith("/srv/lakeward/plant/")]
    kept = [plant / place for place in (*inside, "lake", ".airflow")]
    for folder in kept:
        folder.mkdir()
    for path in (plant, *plant.rglob("*")):
        if path not in kept:
            path.chmod(path.stat().st_mode & ~0o222)
    runs, _ = run_without_rights(plant, [])
    assert {state for _, state, _ in runs} == {"success"}
    assert "govern__plant" in {dag for dag, *_ in runs}
    assert (plant / "scorecard" / "scorecard.html").is_file()


@pytest.mark.exhaustive
def test_a_folder_of_dags_that_can_not_be_written_is_no_hindrance(plant):
    """As of an image or a checkout of another user."""
    deliver(plant)
    for path in (*(plant / "dags").iterdir(), plant / "dags", plant / "expectations"):
        path.chmod(path.stat().st_mode & ~0o222)
    assert run_without_rights(plant, ["press"])[0] == [["ingest__press", "success", None]]


def run_without_rights(plant, names):
    """Run DAGs of a project whose folder of DAGs can't be written; without its rights root is held by the modes of files too."""
    refused = "try:\n    open('dags/x', 'w')\n    raise SystemExit('dags can be written')\nexcept PermissionError:\n    pass\n"
    words = [] if os.geteuid() else ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    done = subprocess.run(
        [*words, sys.executable, "-c", refused + RUN.format(names=names)],
        cwd=plant,
        env={"AIRFLOW_HOME": str(plant / ".airflow"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_halted_batch_fails_its_task_and_says_who_may_release_it(troubles):
    root, said = troubles
    state, told = said["refused"]["press"]
    assert state == "failed"
    assert "lakeward quarantine release press --batch 1" in told
    assert not (root / "lake" / "silver" / "press").exists()


def test_too_many_rejects_fail_the_task_with_counts_and_the_next_command_though_good_rows_are_published(troubles):
    root, said = troubles
    state, told = said["refused"]["oven"]
    assert state == "failed"
    assert "batch 1 of oven: 1 of 4 records are rejected (25.0%), more than limits.rejectedShare" in told
    assert "lakeward quarantine show oven" in told
    assert (root / "lake" / "silver" / "oven").exists()
