"""Five hundred contracts on PostgreSQL: time of a parse, lag of the scheduler under twenty runs, memory, and versions of DAGs."""

import json
import os
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import list_tables
from support.airflow_services import airflow_up, family, free_port, wait_for
from support.postgres import IS_INSTALLED, postgres_server

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(not IS_INSTALLED, reason="no PostgreSQL on this machine: apt-get install postgresql"),
]
CONTRACTS, RUNS = 500, 20
# All are paused: five hundred first runs would be a measurement of their own.
DAGS = """# Airflow DAGs
from lakeward.orchestration.factory import dags
made = dags(__file__)
for each in made.values():
    each.is_paused_upon_creation = True
globals().update(made)
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory, write_contracts):
    root = tmp_path_factory.mktemp("many")
    write_contracts(root, CONTRACTS)
    (root / "dags" / "lakeward_dags.py").write_text(DAGS, encoding="utf-8")
    with postgres_server() as server:
        server.execute("CREATE DATABASE airflow")
        address = server.of_database("airflow").url
        with airflow_up(root, free_port(), "--database", "airflow", LAKEWARD_CONN_AIRFLOW=address) as airflow:
            line = airflow.process.stdout.readline()
            assert "passwords.json" in line, line + airflow.process.stderr.read()
            airflow.sign_in()
            wait_for(lambda: airflow.call("/api/v2/dags?limit=1")["total_entries"] >= CONTRACTS, 600)
            yield airflow, server.of_database("airflow")


def memory(pid):
    """Proportional memory of the processes below one, in MiB."""
    rollups = (Path(f"/proc/{each}/smaps_rollup") for each in family(pid))
    lines = [line for path in rollups if path.exists() for line in path.read_text().splitlines() if line.startswith("Pss:")]
    return sum(int(line.split()[1]) for line in lines) / 1024


def lag(running, dag, run):
    """Seconds from a run's request to the start of its task."""
    [task] = running.call(f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]
    asked = running.call(f"/api/v2/dags/{dag}/dagRuns/{run}")["queued_at"]
    return (datetime.fromisoformat(task["start_date"]) - datetime.fromisoformat(asked)).total_seconds()


def test_five_hundred_contracts_on_a_server(running, record_property):
    airflow, database = running
    [[parsed]] = database.execute("SELECT max(last_parse_duration) FROM dag WHERE dag_id LIKE 'ingest__%'")
    [[versions]] = database.execute("SELECT count(*) FROM dag_version")
    dags = airflow.call("/api/v2/dags?limit=1")["total_entries"]
    names = [f"ingest__d{number:03d}" for number in range(RUNS)]
    for name in names:
        airflow.call(f"/api/v2/dags/{name}", {"is_paused": False}, "PATCH")
    begun = time.monotonic()
    runs = {name: airflow.start(name) for name in names}
    peak = 0.0
    for name, run in runs.items():
        airflow.wait_for_run(name, run)
        peak = max(peak, memory(airflow.process.pid))
    seconds = time.monotonic() - begun
    lags = sorted(lag(airflow, name, run) for name, run in runs.items())
    figures = {"parse": parsed, "dags": dags, "lag": [lags[0], lags[RUNS // 2], lags[-1]], "all": seconds, "MiB": peak}
    record_property("figures", json.dumps(figures))
    sys.stdout.write(json.dumps(figures) + "\n")
    assert parsed < 5 * float(os.environ.get("LAKEWARD_BENCH_SLACK", "1"))  # noqa: TID251
    assert versions == dags


def seconds_of_a_run(airflow, dag):
    """From the request to the end of a successful run."""
    run = airflow.start(dag)
    assert airflow.wait_for_run(dag, run) == "success"
    found = airflow.call(f"/api/v2/dags/{dag}/dagRuns/{run}")
    return (datetime.fromisoformat(found["end_date"]) - datetime.fromisoformat(found["queued_at"])).total_seconds()


def test_an_empty_and_a_small_batch_among_five_hundred_contracts(running, record_property):
    airflow, _ = running
    dag = "ingest__d000"
    airflow.call(f"/api/v2/dags/{dag}", {"is_paused": False}, "PATCH")
    empty = [seconds_of_a_run(airflow, dag) for _ in range(3)]
    folder = airflow.root / "inbox" / "d000"
    folder.mkdir(parents=True, exist_ok=True)
    small = []
    for hour in range(3):
        (folder / f"{hour}.csv").write_text(f"ts,temp\n2026-03-01T{hour:02d}:00:00Z,20.5\n", encoding="utf-8")
        small.append(seconds_of_a_run(airflow, dag))
    figures = {"empty": sorted(empty), "small": sorted(small)}
    record_property("figures", json.dumps(figures))
    sys.stdout.write(json.dumps(figures) + "\n")
    tables = {str(table.table): table.rows for table in list_tables(Settings(start=airflow.root))}
    assert tables["silver.d000"] == 3


def test_a_changed_contract_is_one_more_version_of_one_dag(running):
    airflow, database = running
    contract = airflow.root / "expectations" / "datasets" / "d400" / "contract.odcs.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("version: 1.2.0", "version: 1.3.0"), encoding="utf-8")
    newer = "SELECT dag_id FROM dag_version GROUP BY dag_id HAVING count(*) > 1"
    # A version that never ran is replaced in its place.
    text = "SELECT count(*) FROM serialized_dag WHERE dag_id = 'ingest__d400' AND data::text LIKE '%1.3.0%'"
    wait_for(lambda: database.execute(text) == [(1,)], 300)
    assert [name for (name,) in database.execute(newer)] in ([], ["ingest__d400"])
