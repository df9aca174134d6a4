"""`lakeward airflow up`: four processes on loopback, with accounts, that end together; a run by the real REST API."""

import signal
import socket
from urllib.error import HTTPError

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import list_runs
from support.airflow_services import RunningAirflow, airflow_up, family, free_port, is_alive, listening, wait_for

# Four processes of Airflow start in half a minute; `test_local_run` runs one in every change.
pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(1200)]

ROWS = "ts,temp\n2026-03-01T06:00:00Z,20.5\n2026-03-01T06:01:00Z,21.5\n"


@pytest.fixture(scope="module")
def running(shared_plant):
    root = shared_plant()
    (root / "inbox" / "press").mkdir(parents=True)
    (root / "inbox" / "press" / "a.csv").write_text(ROWS, encoding="utf-8")
    with airflow_up(root, free_port()) as airflow:
        line = airflow.process.stdout.readline()
        assert "passwords.json" in line, line + airflow.process.stderr.read()
        yield airflow


@pytest.mark.slow
def test_a_dataset_is_run_by_the_rest_api(running):
    running.sign_in()
    running.wait_for_dag("ingest__press")
    assert running.trigger("ingest__press") == "success"
    assert [
        (each.dataset, each.counts.silver) for each in list_runs(Settings(start=running.root)) if each.dataset == "press"
    ] == [("press", 2)]


def test_a_wrong_password_opens_nothing(running):
    stranger = RunningAirflow(running.root, running.port, running.process)
    with pytest.raises(HTTPError) as refused:
        stranger.sign_in("admin", "admin")
    assert refused.value.code == 401
    with pytest.raises(HTTPError) as unsigned:
        stranger.call("/api/v2/dags")
    assert unsigned.value.code == 401


def test_only_loopback_is_listened_on_and_only_the_owner_reads_the_secrets(running):
    assert listening(running.process.pid) == {("127.0.0.1", running.port)}
    folder = running.root / ".airflow" / "services"
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in folder.glob("*.json")}
    assert modes == {"keys.json": "0o600", "passwords.json": "0o600"}
    assert oct(folder.stat().st_mode & 0o777) == "0o700"


def test_all_end_together(running):
    children = family(running.process.pid)
    assert len(children) >= 4
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(60) == 0
    wait_for(lambda: not [pid for pid in children if is_alive(pid)], 20)


def test_a_taken_port_is_an_error_with_the_next_step(plant):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with airflow_up(plant, taken.getsockname()[1]) as airflow:
            _, said = airflow.process.communicate(timeout=60)
    assert airflow.process.returncode == 4
    assert "taken by another program" in said
    assert "--port" in said
