"""Flows that Airflow submits to a cluster: what the DAG says, what the command line is, and how a failed submission ends."""

import json

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
KINDS = """
import json, sys
from lakeward.orchestration.factory import dags
made = {name: type(dag.tasks[0]).__name__ for name, dag in dags(".").items() if not name.startswith(("govern", "maintain"))}
heavy = {"duckdb", "pyarrow", "deltalake", "great_expectations", "openlineage", "pandas", "sqlglot", "pyspark", "py4j"}
print(json.dumps([made, sorted(heavy & set(sys.modules))]))
"""
COMMAND = """
import json
from lakeward.orchestration.factory import dags
(task,) = dags(".")["ingest__press"].tasks
print(json.dumps([task._get_hook()._build_spark_submit_command(task.application), task.retries, [o.uri for o in task.outlets]]))
"""
EXECUTE = """
import json
from lakeward.orchestration.factory import dags
(task,) = dags(".")["ingest__press"].tasks
try:
    task.execute({})
    ended = "done"
except Exception as error:
    ended = type(error).__name__
print(json.dumps(ended))
"""
LOG = """
import contextlib, io, json
from lakeward.orchestration.factory import dags
(task,) = dags(".")["ingest__press"].tasks
with contextlib.redirect_stdout(io.StringIO()) as log:
    task.execute({})
print(json.dumps(log.getvalue()))
"""
SAME = """
import json
from airflow.serialization.serialized_objects import DagSerialization
from lakeward.orchestration.factory import dags
one, two = ([DagSerialization.to_dict(d) for d in dags(".").values()] for _ in range(2))
print(json.dumps(one == two))
"""
WITHOUT = """
import json, sys
sys.modules["airflow.providers.apache.spark.operators.spark_submit"] = None
from lakeward.orchestration.factory import dags
print(json.dumps(dags(".")["broken__press"].doc_md))
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


@pytest.fixture
def binary(tmp_path):
    """A `spark-submit` that ends with a code of the test's choice, and the PATH that finds it."""

    def make(code):
        folder = tmp_path / "binary"
        folder.mkdir()
        (folder / "spark-submit").write_text(f"#!/bin/sh\necho 'the driver says why'\nexit {code}\n")
        (folder / "spark-submit").chmod(0o755)
        return f"{folder}:/usr/bin:/bin"

    return make


def test_every_dataset_on_spark_is_submitted_and_the_parse_stays_light(python):
    kinds, heavy = python(KINDS, **SUBMIT)
    assert kinds == dict.fromkeys(("ingest__press", "ingest__oven", "curate__oven_daily"), "SubmittedFlow")
    assert heavy == []


def test_a_contract_may_stay_with_the_embedded_engine_in_a_project_on_spark(python, plant):
    project, contract = plant / "expectations" / "project.yaml", plant / "expectations/datasets/press/contract.odcs.yaml"
    project.write_text(project.read_text() + "engine: spark\n")
    contract.write_text(contract.read_text() + "  - {property: engine, value: embedded}\n")
    kinds, _ = python(KINDS, **{name: value for name, value in SUBMIT.items() if name != "LAKEWARD_ENGINE"})
    assert (kinds["ingest__press"], kinds["ingest__oven"]) == ("_PythonDecoratedOperator", "SubmittedFlow")


def test_without_a_connection_spark_runs_in_the_tasks_own_process(python):
    kinds, heavy = python(KINDS, LAKEWARD_ENGINE="spark")
    assert set(kinds.values()) == {"_PythonDecoratedOperator"}
    assert heavy == []


def test_the_command_line_names_master_jars_settings_project_and_dataset(python, plant):
    command, retries, outlets = python(COMMAND, **SUBMIT)
    line = " ".join(command)
    assert line.startswith(
        "spark-submit --master spark://master:7077 --conf spark.executor.memory=4g --jars /jars/delta-spark_4.2_2.13-4.4.0.jar,"
    )
    assert "--deploy-mode client" in line
    assert line.endswith(f"orchestration/submitted.py --project {plant} press")
    assert (retries, outlets) == (3, ["lakeward://plant/silver.press"])


def test_a_cluster_that_has_delta_gets_no_jars(python):
    command, _, _ = python(COMMAND, **{**SUBMIT, "LAKEWARD_SPARK_JARS": "cluster"})
    assert "--jars" not in command


def test_two_parses_make_the_same_dags(python):
    assert python(SAME, **SUBMIT)


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        (0, "done"),
        (1, "TransientError"),
        (2, "AirflowFailException"),
        (3, "AirflowFailException"),
        (4, "TransientError"),
        (137, "TransientError"),
    ],
)
def test_what_a_person_must_repair_fails_at_once_and_anything_else_is_tried_again(python, binary, code, ended):
    assert python(EXECUTE, **{**SUBMIT, "PATH": binary(code)}) == ended


def test_what_the_driver_says_is_in_the_tasks_log(python, binary):
    log = python(LOG, **{**SUBMIT, "PATH": binary(0)})
    assert "the driver says why" in log


def test_without_the_provider_the_dag_is_broken_and_asks_for_the_extra(python):
    assert "pip install '/path/to/the/clone[airflow-spark]'" in python(WITHOUT, **SUBMIT)


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
