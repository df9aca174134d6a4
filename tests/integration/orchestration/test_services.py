"""`lakeward airflow up`: four processes on loopback, with accounts, that end together; runs and a backfill by the real REST API."""

import signal
import socket
from urllib.error import HTTPError

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import list_runs
from support.airflow_services import RunningAirflow, airflow_up, family, free_port, is_alive, listening, wait_for
from support.postgres import IS_INSTALLED, postgres_server
from support.sql_plant import TABLE, SqlPlant

ROWS = "ts,temp\n2026-03-01T06:00:00Z,20.5\n2026-03-01T06:01:00Z,21.5\n"
DAYS = [f"2026-01-0{day}" for day in (5, 6, 7)]


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


@pytest.mark.exhaustive
@pytest.mark.skipif(not IS_INSTALLED, reason="needs PostgreSQL 15: apt-get install postgresql-15")
def test_days_are_read_again_by_airflow_s_own_backfill_and_twice_changes_nothing(tmp_path):
    with postgres_server() as database:
        database.execute(TABLE)
        for day in DAYS:
            database.execute(
                f"INSERT INTO readings SELECT {day[-1]}000 + n, timestamptz '{day} 00:00:00+08' + n * interval '1 minute', n FROM generate_series(1, 10) AS n"
            )
        plant = SqlPlant(tmp_path / "plant", database.url)
        with airflow_up(plant.root, free_port(), LAKEWARD_CONN_HISTORIAN=database.url) as airflow:
            airflow.process.stdout.readline()
            airflow.sign_in()
            airflow.wait_for_dag("backfill__readings")
            assert airflow.trigger("ingest__readings") == "success"
            assert len(plant.ids()) == 30
            database.execute("UPDATE readings SET value = -1")  # the column of transactions is as it was: a run can't see it
            assert airflow.call("/api/v2/dags/backfill__readings")["is_paused"]
            airflow.call("/api/v2/dags/backfill__readings", {"is_paused": False}, "PATCH")
            assert backfill(airflow) == {"2026-01-04": "success", "2026-01-05": "success"}  # in UTC, of days in Shanghai
            assert corrected(plant) == DAYS[:2]
            before = plant.ids("bronze.readings")
            assert set(backfill(airflow, "completed").values()) == {"success"}
            assert plant.ids("bronze.readings") == before


def corrected(plant):
    """Days all of whose rows have the value that only a second look finds."""
    rows = plant.fetch("SELECT id, value FROM silver.readings")
    return [day for day in DAYS if {row["value"] for row in rows if str(row["id"])[0] == day[-1]} == {-1.0}]


def backfill(airflow, reprocess="none"):
    """State by day, after Airflow's backfill of the first two days."""
    wanted = {"dag_id": "backfill__readings", "from_date": f"{DAYS[0]}T00:00:00+08:00", "to_date": f"{DAYS[1]}T00:00:00+08:00"}
    made = airflow.call(
        "/api/v2/backfills", {**wanted, "reprocess_behavior": reprocess, "max_active_runs": 1, "run_on_latest_version": True}
    )
    wait_for(lambda: airflow.call(f"/api/v2/backfills/{made['id']}")["completed_at"])
    runs = airflow.call("/api/v2/dags/backfill__readings/dagRuns?limit=50")["dag_runs"]
    return {run["logical_date"][:10]: run["state"] for run in runs if run["run_type"] == "backfill"}
