"""What a plant's own tools read: the status as it changes, and what was done as lines of JSON."""

import json
import os
import signal
import subprocess
import sys

import pytest

from support.command_line import INTERRUPTIBLE, run_in_subprocess
from support.plant import csv_line, make_plant

COMMAND = INTERRUPTIBLE + "from lakeward.cli import main; main()"


@pytest.fixture
def plant(tmp_path):
    plant = make_plant(tmp_path / "plant")
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 999))
    return plant


def test_a_run_logs_lines_of_json_with_dataset_and_run(plant):
    done = run_in_subprocess(plant.root, "run", "press_line", "--json", LAKEWARD_LOG="json")
    lines = [json.loads(line) for line in done.err.splitlines()]
    (batch,) = [line for line in lines if line["event"] == "batch_finished"]
    assert {"time", "level", "logger", "event"} <= batch.keys()
    (report,) = json.loads(done.out)
    assert (batch["dataset"], batch["run_id"], batch["silver"]) == ("press_line", report["run_id"], 1)
    assert "999" not in done.err


def test_another_form_of_the_log_is_refused(plant):
    done = run_in_subprocess(plant.root, "status", LAKEWARD_LOG="yaml")
    assert (done.code, "LAKEWARD_LOG" in done.err) == (2, True)


@pytest.mark.exhaustive
def test_the_status_is_watched_until_a_signal(plant):
    command = [sys.executable, "-c", COMMAND, "status", "--watch", "--json"]
    with subprocess.Popen(command, cwd=plant.root, env={"PATH": os.defpath}, stdout=subprocess.PIPE, text=True) as process:
        before = json.loads(process.stdout.readline())
        assert run_in_subprocess(plant.root, "run", "press_line").code == 1
        after = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert (before[0]["last_run"], after[0]["quarantine"]) == (None, 1)
