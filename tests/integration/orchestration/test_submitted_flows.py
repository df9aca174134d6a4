"""Flows that Airflow submits to a cluster: what the DAG says, what the command line is, and how a failed submission ends."""

import json
import shutil
from pathlib import Path

import pytest

SUBMIT = {
    "LAKEWARD_ENGINE": "spark",
    "LAKEWARD_SPARK_SUBMIT": "plant_spark",
    "LAKEWARD_SPARK_JARS": "/jars",
    "LAKEWARD_SPARK_CONF": "spark.executor.memory=4g",
    "AIRFLOW_CONN_PLANT_SPARK": json.dumps(
        {"conn_type": "spark", "host": "spark://master:7077", "extra": {"deploy-mode": "client"}}
    ),
}
# Exit codes of `spark-submit`, each with how the task ends.
ENDS = {
    0: "done",
    1: "TransientError",
    2: "AirflowFailException",
    3: "AirflowFailException",
    4: "TransientError",
    137: "TransientError",
}
# All that is seen of submitted flows, by one process: to start Airflow takes longer than any of it. What a parse imports is looked at first.
SEE = """
import contextlib, io, json, os, sys
os.environ.update(LAKEWARD_ENGINE="spark")
from lakeward.orchestration.factory import dags
heavy = {"duckdb", "pyarrow", "deltalake", "great_expectations", "openlineage", "pandas", "sqlglot", "pyspark", "py4j"}

def kinds(folder):
    made = {name: type(dag.tasks[0]).__name__ for name, dag in dags(folder).items() if not name.startswith(("govern", "maintain"))}
    return [made, sorted(heavy & set(sys.modules))]

found = {"without a connection": kinds(".")}
os.environ.update(json.loads(os.environ["SUBMIT"]))
provider = "airflow.providers.apache.spark.operators.spark_submit"
sys.modules[provider] = None
found["without the provider"] = dags(".")["broken__press"].doc_md
del sys.modules[provider]
found["kinds"] = kinds(".")
del os.environ["LAKEWARD_ENGINE"]
found["by project"] = kinds("by_project")
os.environ["LAKEWARD_ENGINE"] = "spark"
from airflow.serialization.serialized_objects import DagSerialization
one, two = ([DagSerialization.to_dict(d) for d in dags(".").values()] for _ in range(2))

def press():
    (task,) = dags(".")["ingest__press"].tasks
    return task

def command():
    task = press()
    return [task._get_hook()._build_spark_submit_command(task.application), task.retries, [o.uri for o in task.outlets]]

def ended(code):
    os.environ["PATH"] = f"{os.getcwd()}/binaries/{code}:/usr/bin:/bin"
    with contextlib.redirect_stdout(io.StringIO()) as log:
        try:
            press().execute({})
            return "done", log.getvalue()
        except Exception as error:
            return type(error).__name__, log.getvalue()

found |= {"same": one == two, "command": command(), "ends": {code: ended(code) for code in os.listdir("binaries")}}
os.environ["LAKEWARD_SPARK_JARS"] = "cluster"
print(json.dumps({**found, "command with a cluster's own jars": command()}))
"""
RUN = """
import json
from pathlib import Path
from lakeward.core.settings import Settings
from lakeward.flows import list_tables
from lakeward.orchestration.local import run_local
runs = run_local(Settings.load(Path(".")), ["press"], print)
rows = {str(t.table): t.rows for t in list_tables(Settings.load(Path("."), environ={}))}
print(json.dumps([[run.state for run in runs], rows.get("silver.press")]))
"""
ROWS = "ts,temp\n2026-03-01T06:00:00Z,20.5\n2026-03-01T06:01:00Z,21.5\n"


@pytest.fixture(scope="module")
def submitted(shared_plant, python_in):
    """A project whose flows are submitted, and what was seen of it. A `spark-submit` of our own ends with each code."""
    root = shared_plant()
    for code in ENDS:
        binary = root / "binaries" / str(code) / "spark-submit"
        binary.parent.mkdir(parents=True)
        binary.write_text(f"#!/bin/sh\necho 'the driver says why'\nexit {code}\n")
        binary.chmod(0o755)
    project = Path(shutil.copytree(shared_plant(), root / "by_project"))
    add_line(project / "expectations/project.yaml", "engine: spark")
    add_line(project / "expectations/datasets/press/contract.odcs.yaml", "  - {property: engine, value: embedded}")
    return root, python_in(root, SEE, SUBMIT=json.dumps(SUBMIT))


def add_line(file, line):
    file.write_text(f"{file.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")


def test_every_dataset_on_spark_is_submitted_and_the_parse_stays_light(submitted):
    kinds, heavy = submitted[1]["kinds"]
    assert kinds == dict.fromkeys(("ingest__press", "ingest__oven", "curate__oven_daily"), "SubmittedFlow")
    assert heavy == []


def test_a_contract_may_stay_with_the_embedded_engine_in_a_project_on_spark(submitted):
    kinds, _ = submitted[1]["by project"]
    assert (kinds["ingest__press"], kinds["ingest__oven"]) == ("_PythonDecoratedOperator", "SubmittedFlow")


def test_without_a_connection_spark_runs_in_the_tasks_own_process(submitted):
    kinds, heavy = submitted[1]["without a connection"]
    assert set(kinds.values()) == {"_PythonDecoratedOperator"}
    assert heavy == []


def test_the_command_line_names_master_jars_settings_project_and_dataset(submitted):
    root, seen = submitted
    command, retries, outlets = seen["command"]
    line = " ".join(command)
    assert line.startswith(
        "spark-submit --master spark://master:7077 --conf spark.executor.memory=4g --jars /jars/delta-spark_4.2_2.13-4.4.0.jar,"
    )
    assert "--deploy-mode client" in line
    assert line.endswith(f"orchestration/submitted.py --project {root} press")
    assert (retries, outlets) == (3, ["lakeward://plant/silver.press"])


def test_a_cluster_that_has_delta_gets_no_jars(submitted):
    command, _, _ = submitted[1]["command with a cluster's own jars"]
    assert "--jars" not in command


def test_two_parses_make_the_same_dags(submitted):
    assert submitted[1]["same"]


@pytest.mark.parametrize(("code", "ended"), ENDS.items())
def test_what_a_person_must_repair_fails_at_once_and_anything_else_is_tried_again(submitted, code, ended):
    assert submitted[1]["ends"][str(code)][0] == ended


def test_what_the_driver_says_is_in_the_tasks_log(submitted):
    assert "the driver says why" in submitted[1]["ends"]["0"][1]


def test_without_the_provider_the_dag_is_broken_and_asks_for_the_extra(submitted):
    assert "pip install '/path/to/the/clone[airflow-spark]'" in submitted[1]["without the provider"]


@pytest.mark.spark
@pytest.mark.exhaustive
@pytest.mark.timeout(900)
def test_a_submitted_flow_fills_the_tables_and_tried_again_changes_nothing(python, plant, spark_here):
    (plant / "inbox" / "press").mkdir(parents=True)
    (plant / "inbox" / "press" / "a.csv").write_text(ROWS, encoding="utf-8")
    assert python(RUN, **spark_here) == [["success"], 2]
    log = plant / "lake" / "silver" / "press" / "_delta_log"
    before = sorted(path.name for path in log.iterdir())
    assert python(RUN, **spark_here) == [["success"], 2]
    assert sorted(path.name for path in log.iterdir()) == before


@pytest.mark.spark
@pytest.mark.exhaustive
@pytest.mark.timeout(900)
def test_a_flow_on_spark_in_the_tasks_own_process_fills_the_tables(python, plant, spark_here):
    (plant / "inbox" / "press").mkdir(parents=True)
    (plant / "inbox" / "press" / "a.csv").write_text(ROWS, encoding="utf-8")
    here = {name: value for name, value in spark_here.items() if name != "LAKEWARD_SPARK_SUBMIT"}
    assert python(RUN, **here, LAKEWARD_SPARK_MASTER="local[2]") == [["success"], 2]
    events = (plant / "lake" / "lineage" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(event)["run"]["facets"]["processing_engine"]["name"] for event in events} == {"spark"}
