"""A machine that is lost with its files: what it received, and what was read there, lies in the object store."""

import os
import shutil
import time

import pytest

from lakeward.core.storage.lake import store_of
from lakeward.flows import grade_dataset, ingest_dataset
from lakeward.flows.base.batch_context import BatchStep
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving.connection import open_connection
from support.lost_machines import SPAWN, query_and_die, receive_and_die, run_and_lose
from support.object_stores import BUCKET
from support.plant import make_plant
from support.remote_plant import RemotePlant, contents, drop_first, make_remote_plant


def entries(plant):
    with open_workspace(plant.settings).engine() as engine:
        return engine.fetch("SELECT session_id, seq, verdict FROM governance.access_log ORDER BY 1, 2")


@pytest.mark.exhaustive
def test_entries_of_a_lost_machine_are_committed_a_day_later(endpoint, store_folder, tmp_path):
    prefix = f"lost-{tmp_path.name}"
    plant = make_remote_plant(tmp_path / "first" / "plant", endpoint, prefix)
    drop_first(plant)
    ingest_dataset(plant.settings, "press_line")
    grade_dataset(plant.settings, "press_line")
    run_and_lose(plant, query_and_die)
    other = RemotePlant(make_plant(tmp_path / "second" / "plant").root, endpoint, prefix)
    store = store_of(open_workspace(other.settings).lake.root())
    (left,) = store.list_names(".access")
    open_connection(other.settings, "steward").close()
    assert store.list_names(".access") == [left]
    (file,) = (store_folder / BUCKET / prefix / ".access").iterdir()
    then = time.time() - 25 * 3600
    os.utime(file, (then, then))
    for _ in range(2):
        open_connection(other.settings, "steward").close()
    assert [(entry["session_id"], entry["verdict"]) for entry in entries(other)] == [(left.removesuffix(".jsonl"), "allowed")]
    assert store.list_names(".access") == []


def test_a_batch_that_a_lost_machine_planned_is_finished_by_another(endpoint, tmp_path):
    whole = make_remote_plant(tmp_path / "whole" / "plant", endpoint, f"whole-{tmp_path.name}")
    drop_first(whole)
    ingest_dataset(whole.settings, "press_line")
    plant = make_remote_plant(tmp_path / "first" / "plant", endpoint, f"half-{tmp_path.name}")
    drop_first(plant)
    process = SPAWN.Process(target=receive_and_die, args=(plant, BatchStep.PINNED))
    process.start()
    process.join()
    # Only its lock file is left, by which the next run of this machine knows that the holder died; another one waits for its term.
    shutil.rmtree(plant.root / ".lakeward" / "lakes" / next(os.walk(plant.root / ".lakeward" / "lakes"))[1][0] / "landing")
    (plant.root / "inbox" / "press_line" / "a.csv").unlink()
    ingest_dataset(plant.settings, "press_line")
    assert contents(plant) == contents(whole)
