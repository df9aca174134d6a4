"""Thirty days of a database's table are read again by Airflow's own backfill, on PostgreSQL; a second backfill changes nothing."""

import os
import subprocess
import sys

import pytest

from lakeward.flows import list_runs
from support.airflow_services import airflow_up, free_port, wait_for
from support.postgres import IS_INSTALLED, postgres_server
from support.sql_plant import LOOKBACK, TABLE, SqlPlant

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not IS_INSTALLED, reason="no PostgreSQL on this machine: apt-get install postgresql"),
]
DAYS = 30
HOURS = DAYS * 24
FILL = f"""INSERT INTO readings SELECT hour, timestamptz '2026-01-01 00:00+08' + hour * interval '1 hour', hour
    FROM generate_series(0, {HOURS - 1}) AS hour"""
BACKFILL = ("--from-date", "2026-01-01T00:00:00+08:00", "--to-date", f"2026-01-{DAYS:02d}T00:00:00+08:00")


@pytest.fixture(scope="module")
def server():
    with postgres_server() as server:
        server.execute("CREATE DATABASE airflow", TABLE, FILL)
        yield server


@pytest.fixture(scope="module")
def plant(tmp_path_factory, server):
    return SqlPlant(tmp_path_factory.mktemp("backfill") / "plant", f"{server.url}?sslmode=disable", LOOKBACK)


@pytest.fixture(scope="module")
def running(plant, server):
    connections = {"LAKEWARD_CONN_AIRFLOW": server.of_database("airflow").url, "LAKEWARD_CONN_HISTORIAN": plant.url}
    with airflow_up(plant.root, free_port(), "--database", "airflow", **connections) as airflow:
        line = airflow.process.stdout.readline()
        assert "passwords.json" in line, line + airflow.process.stderr.read()
        airflow.sign_in()
        airflow.wait_for_dag("backfill__readings")
        yield airflow


def backfill(running, server, *options):
    """Airflow's own command, to the end of the backfill; its runs by state."""
    address = server.of_database("airflow").url.replace("postgresql:", "postgresql+psycopg2:")
    environ = {
        **os.environ,  # noqa: TID251
        "AIRFLOW_HOME": str(running.root / ".airflow" / "services"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": address,
    }
    words = [sys.executable, "-m", "airflow", "backfill", "create", "--dag-id", "backfill__readings", *BACKFILL, *options]
    subprocess.run(words, env=environ, check=True, capture_output=True, timeout=900)
    [newest] = running.call("/api/v2/backfills?dag_id=backfill__readings&order_by=-id&limit=1")["backfills"]
    wait_for(lambda: running.call(f"/api/v2/backfills/{newest['id']}")["completed_at"], 1200)
    found = running.call("/api/v2/dags/backfill__readings/dagRuns?limit=100")["dag_runs"]
    return sorted(each["state"] for each in found if each["run_type"] == "backfill")


def test_thirty_days_are_read_again_and_again_changes_nothing(running, plant, server):
    wait_for(lambda: running.call("/api/v2/dags/ingest__readings/dagRuns?limit=1")["total_entries"])
    wait_for(lambda: [each for each in list_runs(plant.settings) if each.dataset == "readings"])
    server.execute("UPDATE readings SET value = value + 0.5")
    running.call("/api/v2/dags/backfill__readings", {"is_paused": False}, "PATCH")
    assert backfill(running, server) == ["success"] * DAYS
    [read] = plant.fetch("SELECT count(*) AS n, sum(value) AS total, min(value) AS low FROM silver.readings")
    assert (read["n"], read["total"], read["low"]) == (HOURS, HOURS * (HOURS - 1) / 2 + HOURS * 0.5, 0.5)
    log = plant.root / "lake" / "silver" / "readings" / "_delta_log"
    before = sorted(path.name for path in log.iterdir())
    assert backfill(running, server, "--reprocess-behavior", "completed") == ["success"] * DAYS
    assert sorted(path.name for path in log.iterdir()) == before
