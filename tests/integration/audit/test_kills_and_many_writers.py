"""Writers and sealers are killed, and many write at once: no entry is lost, and nothing is named that is no fault."""

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lakeward.core.errors import TransientError
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.processes import quick_processes
from support.sealed_lake import faults_of, make_project, seal, seal_for_ever, verify, write_for_ever, write_session

PROCESSES = quick_processes()


def kill_some(tmp_path, kills, seed):
    """Kill a writer and a sealer at random moments; entries whose write had returned are in the log afterwards, once."""
    settings, chance = make_project(tmp_path), random.Random(seed)
    acknowledged = tmp_path / "acknowledged"
    for target, arguments in [(write_for_ever, (acknowledged,)), (seal_for_ever, ())] * ((kills + 1) // 2):
        write_session(settings, f"before{chance.random()}", 2)
        process = PROCESSES.Process(target=target, args=(settings, *arguments))
        process.start()
        wait_for(settings.start / ".started")
        time.sleep(chance.random() / 2)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        (settings.start / ".started").unlink()
        assert faults_of(settings) == []
    seal(settings)
    found = verify(settings)
    assert found.faults == ()
    with open_workspace(settings).engine() as engine:
        entries = [f"{row['session_id']}/{row['seq']}" for row in governance.read_rows(engine, "access_log")]
    assert len(entries) == len(set(entries)) == found.logs[0].sealed
    assert set(acknowledged.read_text().splitlines()) <= set(entries)


def wait_for(file, seconds=60):
    end = time.monotonic() + seconds
    while not file.exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert file.exists()


@pytest.mark.exhaustive
def test_no_entry_is_lost_by_kills_and_no_alarm_is_false(tmp_path):
    kill_some(tmp_path, 4, 1)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(5))
def test_many_kills(tmp_path, seed):
    kill_some(tmp_path, 12, seed)


@pytest.mark.exhaustive
def test_thirty_two_sessions_write_while_two_seal(tmp_path):
    settings = make_project(tmp_path)
    with ThreadPoolExecutor(34) as pool:
        writers = [pool.submit(write_session, settings, f"s{number}", 3) for number in range(32)]
        sealers = [pool.submit(seal_when_free, settings) for _ in range(2)]
        assert [each.result() for each in writers] == [None] * 32
        assert all(each.exception() is None for each in sealers)
    seal(settings)
    (state,) = verify(settings).logs
    assert (state.entries, state.sealed) == (96, 96)
    assert faults_of(settings) == []


def seal_when_free(settings):
    for _ in range(5):
        try:
            seal(settings)
        except TransientError:
            time.sleep(0.1)
