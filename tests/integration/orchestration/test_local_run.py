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


# After a run of all DAGs, whether a second one leaves the tables as they are; then, in another lake of the project, which is a file first, what is told of
# one run, of a second of two datasets when the file is gone, and of one without the DAGs file. All in one process: Airflow takes longest to begin.
STORY = (
    RUN.format(names=[])
    + f"""
from lakeward.core.errors import LakewardError
from lakeward.flows import list_tables
def restored():
    return signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
tables = list_tables(Settings.load(Path(".")))
run_local(Settings.load(Path(".")), [], seen.append)
answer = {{"told": told, "tables": len(tables), "same": list_tables(Settings.load(Path("."))) == tables}}
for folder in ("lake", "landing"):
    if Path(folder).exists():
        Path(folder).rename(f"finished_{{folder}}")
Path("lake").write_text("a file where the lake should be")
Path("expectations/datasets/press/suite.json").write_text({json.dumps(HALTING)!r})
Path("inbox/oven/b.csv").write_text("ts,temp\\n2026-03-01T07:00:00Z\\n2026-03-01T07:01:00Z,21.5\\n")
[failed] = run_local(Settings.load(Path(".")), ["press"], print)
answer["failed"] = [failed.dag_id, failed.state, getattr(failed.error, "code", None), restored()]
Path("lake").unlink()
answer["refused"] = {{r.dataset: [r.state, str(r.error)] for r in run_local(Settings.load(Path(".")), ["press", "oven"], print)}}
Path("dags/lakeward_dags.py").unlink()
try:
    run_local(Settings.load(Path(".")), [], print)
except LakewardError as error:
    answer["without"] = str(error)
print(json.dumps(answer))
"""
)


@pytest.fixture(scope="module")
def story(shared_plant, python_in):
    """A project after `STORY`, and what was told: of runs that end well, fail, halt a batch of `press` and reject too much of `oven`."""
    root = deliver(shared_plant())
    return root, python_in(root, STORY, PYTHONWARNINGS="default")


def test_dags_run_after_what_they_read_and_every_state_is_told(story):
    root, told = story[0], story[1]["told"]
    assert [dag for dag, _, _ in told][-2:] == ["curate__oven_daily", "govern__plant"]
    assert {dag: state for dag, state, _ in told} == dict.fromkeys(
        ("ingest__press", "ingest__oven", "curate__oven_daily", "govern__plant"), "success"
    )
    assert sorted(path.name for path in (root / "finished_lake" / "gold").iterdir()) == ["oven_daily"]
    assert (root / "scorecard" / "scorecard.html").is_file()


def test_a_second_run_of_all_dags_changes_no_table(story):
    assert story[1]["tables"] > 12
    assert story[1]["same"]


def test_a_failed_flow_is_told_with_its_error_and_not_tried_again_and_sigterm_ends_the_process_again(story):
    dag, state, code, ends = story[1]["failed"]
    assert (dag, state) == ("ingest__press", "failed")
    assert code
    assert ends


def test_a_project_without_its_dags_file_says_how_to_add_it(story):
    assert "globals().update(dags(__file__))" in story[1]["without"]


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


def test_a_halted_batch_fails_its_task_and_says_who_may_release_it(story):
    root, said = story
    state, told = said["refused"]["press"]
    assert state == "failed"
    assert "lakeward quarantine release press --batch 1" in told
    assert not (root / "lake" / "silver" / "press").exists()


def test_too_many_rejects_fail_the_task_with_counts_and_the_next_command_though_good_rows_are_published(story):
    root, said = story
    state, told = said["refused"]["oven"]
    assert state == "failed"
    assert "batch 1 of oven: 1 of 4 records are rejected (25.0%), more than limits.rejectedShare" in told
    assert "lakeward quarantine show oven" in told
    assert (root / "lake" / "silver" / "oven").exists()
