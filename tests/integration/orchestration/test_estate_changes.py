"""Datasets are added, renamed, broken, mended and retired while Airflow runs: DAGs follow, history stays, nothing is published twice."""

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import list_tables, rename_dataset, retire_dataset
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.airflow_services import airflow_up, free_port, has_open, wait_for

pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def running(shared_plant):
    root = shared_plant()
    with airflow_up(root, free_port()) as airflow:
        line = airflow.process.stdout.readline()
        assert "passwords.json" in line, line + airflow.process.stderr.read()
        airflow.sign_in()
        airflow.wait_for_dag("ingest__press")
        yield airflow


def dags(airflow):
    return {each["dag_id"] for each in airflow.call("/api/v2/dags?limit=100")["dags"]}


def deliver(airflow, folder, minute):
    place = airflow.root / "inbox" / folder
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{minute}.csv").write_text(f"ts,temp\n2026-03-01T06:{minute:02d}:00Z,20.5\n", encoding="utf-8")


def rows(airflow, name):
    return {str(table.table): table.rows for table in list_tables(Settings(start=airflow.root))}.get(f"silver.{name}", 0)


def contract(airflow, name):
    return airflow.root / "expectations" / "datasets" / name / "contract.odcs.yaml"


def runs(airflow, dag):
    return {each["dag_run_id"] for each in airflow.call(f"/api/v2/dags/{dag}/dagRuns?limit=100")["dag_runs"]}


def test_a_new_dataset_gets_its_dag_and_its_pool(running, add_contract):
    add_contract(running.root, "mill")
    running.wait_for_dag("ingest__mill")
    deliver(running, "mill", 1)
    assert running.trigger("ingest__mill") == "success"
    assert rows(running, "mill") == 1


def test_a_renamed_dataset_has_its_dag_under_the_new_name_and_its_history_stays(running):
    deliver(running, "press", 1)
    assert running.trigger("ingest__press") == "success"
    before = runs(running, "ingest__press")
    rename_dataset(Settings(start=running.root), "press", "press_a")
    running.wait_for_dag("ingest__press_a")
    wait_for(lambda: "ingest__press" not in dags(running))
    assert before <= runs(running, "ingest__press")
    deliver(running, "press", 2)  # where senders know
    assert running.trigger("ingest__press_a") == "success"
    assert rows(running, "press_a") == 2


def start_and_break(airflow, name, *, once_it_waits):
    """A run that begins while another has the dataset, and whose contract breaks: once it has read it, or before. Returns the good text."""
    file = contract(airflow, name)
    good = file.read_text(encoding="utf-8")
    with open_workspace(Settings(start=airflow.root)).engine() as engine, engine.dataset_lock(name):
        run = airflow.start(f"ingest__{name}")
        if once_it_waits:
            wait_for(lambda: has_open(airflow.process.pid, airflow.root / "lake" / ".turns" / name))
        file.write_text(good.replace("primaryKey:", "primaryKye:"), encoding="utf-8")
        wait_for(lambda: f"broken__{name}" in dags(airflow))
    return run, good


@pytest.mark.parametrize("once_it_waits", [True, False])
def test_a_contract_that_breaks_while_its_run_is_on_publishes_nothing_twice(running, once_it_waits):
    settings, number = Settings(start=running.root), 1 if once_it_waits else 2
    deliver(running, "oven", number)
    run, good = start_and_break(running, "oven", once_it_waits=once_it_waits)
    [broken] = [each for each in running.call("/api/v2/dags?limit=100")["dags"] if each["dag_id"] == "broken__oven"]
    assert "broken" in {tag["name"] for tag in broken["tags"]}
    contract(running, "oven").write_text(good, encoding="utf-8")
    running.wait_for_dag("ingest__oven")
    wait_for(lambda: "broken__oven" not in dags(running))
    running.wait_for_run("ingest__oven", run)
    assert running.trigger("ingest__oven") == "success"
    with open_workspace(settings).engine() as engine:
        found = governance.read_rows(engine, "runs", order="batch_seq", dataset="oven")
    assert [(row["batch_seq"], row["silver"]) for row in found] == [(each, 1) for each in range(1, number + 1)]
    assert rows(running, "oven") == number


def test_a_retired_dataset_has_no_dag_and_keeps_its_tables(running):
    retire_dataset(Settings(start=running.root), "mill")
    wait_for(lambda: "ingest__mill" not in dags(running))
    assert runs(running, "ingest__mill")
    assert rows(running, "mill") == 1
