"""Two schedulers, and a database that goes away in the middle: each delivery is published once."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import list_tables
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.airflow_services import airflow_up, family, free_port, is_alive, wait_for
from support.postgres import IS_INSTALLED, postgres_server

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not IS_INSTALLED, reason="no PostgreSQL on this machine: apt-get install postgresql"),
]
LINES = 20_000


@pytest.fixture
def server():
    with postgres_server() as server:
        server.execute("CREATE DATABASE airflow")
        yield server


@contextmanager
def started(root, server):
    with airflow_up(
        root, free_port(), "--database", "airflow", LAKEWARD_CONN_AIRFLOW=server.of_database("airflow").url
    ) as airflow:
        line = airflow.process.stdout.readline()
        assert "passwords.json" in line, line + airflow.process.stderr.read()
        airflow.sign_in()
        airflow.wait_for_dag("ingest__press")
        yield airflow


def deliver(root, name, hour):
    """A delivery with `LINES` rows."""
    folder = root / "inbox" / "press"
    folder.mkdir(parents=True, exist_ok=True)
    rows = (f"2026-03-01T{hour:02d}:{n // 3600:02d}:{n // 60 % 60:02d}.{n % 60:03d}Z,{n % 90}" for n in range(LINES))
    (folder / f"{name}.csv").write_text("ts,temp\n" + "\n".join(rows) + "\n", encoding="utf-8")


def state(root):
    """Rows of silver, and the batches of all finished runs."""
    settings = Settings(start=root)
    rows = {str(table.table): table.rows for table in list_tables(settings)}.get("silver.press", 0)
    with open_workspace(settings).engine() as engine:
        return rows, [run["silver"] for run in governance.read_rows(engine, "runs", order="batch_seq", dataset="press")]


def scheduler_of(airflow):
    """Words and environment of the scheduler that runs."""
    for pid in family(airflow.process.pid):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"scheduler" in words and b"--skip-serve-logs" in words:
            pairs = (each.partition(b"=") for each in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if each)
            return {name.decode(): value.decode() for name, _, value in pairs}
    raise AssertionError("no scheduler runs")


def test_two_schedulers_run_each_delivery_once(shared_plant, server):
    root = shared_plant()
    with started(root, server) as airflow:
        words = [sys.executable, "-m", "airflow", "scheduler", "--skip-serve-logs"]
        with subprocess.Popen(words, env=scheduler_of(airflow), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as second:
            try:
                for hour in (1, 2):
                    deliver(root, f"h{hour}", hour)
                    assert airflow.trigger("ingest__press") == "success"
                assert second.poll() is None
            finally:
                second.terminate()
                second.wait(60)
    assert state(root) == (2 * LINES, [LINES, LINES])


def test_a_database_that_goes_away_costs_no_row_and_doubles_none(shared_plant, server):
    root = shared_plant()
    with started(root, server) as airflow:
        deliver(root, "h1", 1)
        airflow.start("ingest__press")
        wait_for(lambda: list((root / "lake").glob("landing/press/*")), 300)
        server.stop("immediate")
        wait_for(lambda: airflow.process.poll() is not None or not is_alive(airflow.process.pid) or state(root)[1], 300)
        server.start()
    with started(root, server) as airflow:
        airflow.trigger("ingest__press")
    assert state(root) == (LINES, [LINES])
