"""A project in git: a run keeps the contract of the commit that it began with, whatever is committed meanwhile; on PostgreSQL."""

import json
import subprocess

import pytest

from lakeward.core.settings import Settings
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.orchestration.installation_settings import BUNDLES, bundle_of, variable
from support.airflow_services import airflow_up, free_port, wait_for
from support.postgres import IS_INSTALLED, postgres_server

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not IS_INSTALLED, reason="no PostgreSQL on this machine: apt-get install postgresql"),
]
AUTHOR = ("-c", "user.name=t", "-c", "user.email=t@plant.example")
DAG = "ingest__press"


def git(root, *words):
    return subprocess.run(["git", "-C", root, *AUTHOR, *words], check=True, capture_output=True, text=True).stdout.strip()


def commit(root, message):
    git(root, "add", "expectations", "dags")
    git(root, "commit", "--quiet", "--message", message)
    return git(root, "rev-parse", "HEAD")


def write_version(root, version):
    contract = root / "expectations" / "datasets" / "press" / "contract.odcs.yaml"
    text = contract.read_text(encoding="utf-8").replace("path: inbox/press", f"path: {root / 'inbox' / 'press'}")
    before = next(line for line in text.splitlines() if line.startswith("version: "))
    contract.write_text(text.replace(before, f"version: {version}"), encoding="utf-8")


@pytest.fixture
def root(shared_plant):
    """A checkout lies elsewhere, so lake and drop folder are named by whole paths."""
    root = shared_plant()
    project = root / "expectations" / "project.yaml"
    text = project.read_text(encoding="utf-8").replace("lake: lake", f"lake: {root / 'lake'}\nroots: [{root}]")
    project.write_text(text, encoding="utf-8")
    write_version(root, "1.2.0")
    git(root, "init", "--quiet", "--initial-branch=main")
    return root


@pytest.fixture
def running(root):
    commit(root, "Begin")
    bundle = bundle_of(root)
    bundle["kwargs"]["refresh_interval"] = 2
    with postgres_server() as server:
        server.execute("CREATE DATABASE airflow")
        variables = {
            "LAKEWARD_CONN_AIRFLOW": server.of_database("airflow").url,
            variable(*BUNDLES): json.dumps([bundle]),
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(root / ".bundles"),
            "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "2",
        }
        with airflow_up(root, free_port(), "--database", "airflow", **variables) as airflow:
            line = airflow.process.stdout.readline()
            assert "passwords.json" in line, line + airflow.process.stderr.read()
            airflow.sign_in()
            airflow.wait_for_dag(DAG)
            yield airflow


def deliver(root, name, minute):
    folder = root / "inbox" / "press"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.csv").write_text(f"ts,temp\n2026-03-01T06:{minute:02d}:00Z,20.5\n", encoding="utf-8")


def has_ended(airflow):
    """Whether the first scheduled run has: a dataset has one run at a time."""
    found = airflow.call(f"/api/v2/dags/{DAG}/dagRuns?limit=100")["dag_runs"]
    return found and all(each["state"] in {"success", "failed"} for each in found)


def state_of_task(airflow, run):
    return airflow.call(f"/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances")["task_instances"][0]["state"]


def commits_seen(airflow):
    return [each["bundle_version"] for each in airflow.call(f"/api/v2/dags/{DAG}/dagVersions")["dag_versions"]]


def test_a_run_keeps_the_contract_of_its_commit(running, root):
    first = git(root, "rev-parse", "HEAD")
    airflow, settings = running, Settings(start=root)
    wait_for(lambda: has_ended(airflow))
    deliver(root, "a", 1)
    with open_workspace(settings).engine() as engine, engine.dataset_lock("press"):
        run = airflow.start(DAG)
        wait_for(lambda: state_of_task(airflow, run) == "running")
        write_version(root, "1.3.0")
        second = commit(root, "Raise the contract")
        wait_for(lambda: second in commits_seen(airflow))
    assert airflow.wait_for_run(DAG, run) == "success"
    assert airflow.call(f"/api/v2/dags/{DAG}/dagRuns/{run}")["bundle_version"] == first
    deliver(root, "b", 2)
    later = airflow.start(DAG)
    assert airflow.wait_for_run(DAG, later) == "success"
    assert airflow.call(f"/api/v2/dags/{DAG}/dagRuns/{later}")["bundle_version"] == second
    with open_workspace(settings).engine() as engine:
        found = governance.read_rows(engine, "runs", order="batch_seq", dataset="press")
    assert [(row["contract_version"], row["silver"]) for row in found] == [("1.2.0", 1), ("1.3.0", 1)]
