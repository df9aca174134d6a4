"""What the DAGs have beside where Airflow runs as services: pools, deadlines, notices, and questions that wait for a person."""

import json

import pytest

SHOW = """
import json, sys
heavy = {"duckdb", "pyarrow", "deltalake", "great_expectations", "openlineage", "pandas", "sqlglot"}
from lakeward.orchestration.factory import dags
made = dags(".")
found = sorted(heavy & set(sys.modules))
from airflow.serialization.serialized_objects import DagSerialization
one, two = ([DagSerialization.to_dict(d) for d in dags(".").values()] for _ in range(2))
tasks = {f"{d.dag_id}.{t.task_id}": [t.pool, bool(t.on_failure_callback)] for d in made.values() for t in d.tasks}
deadlines = {d.dag_id: [str(each.interval), each.callback.path] for d in made.values() for each in d.deadline or []}
[decide] = made["decide__plant"].tasks

from airflow.sdk import Connection
from lakeward.core.connections import parse_connection
from pathlib import Path
from lakeward.orchestration.task_settings import connection_url, task_settings
stored = parse_connection("ops", connection_url("ops"), "Airflow", Path("."))
same = task_settings(".").airflow_connection is connection_url
connection = [stored.address, stored.password, dict(stored.parameters), connection_url("nowhere"), same]
decided = [decide.options, decide.retries, made["decide__plant"].max_active_runs]
print(json.dumps([sorted(made), found, one == two, tasks, deadlines, decided, connection]))
"""
STORED = {
    "conn_type": "dingtalk+https",
    "password": "a:b/c",
    "host": "oapi.dingtalk.com",
    "schema": "robot/send",
    "extra": {"access_token": "t"},
}
SERVICES = {"LAKEWARD_AIRFLOW_SERVICES": "1", "AIRFLOW_CONN_OPS": json.dumps(STORED)}


@pytest.fixture(scope="module")
def seen(shared_plant, python_in):
    keys = ("dags", "heavy", "same", "tasks", "deadlines", "decide", "connection")
    return dict(zip(keys, python_in(shared_plant(), SHOW, PYTHONWARNINGS="default", **SERVICES), strict=True))


def test_people_are_asked_and_notified_by_two_more_dags(seen):
    assert {"attend__plant", "decide__plant"} <= set(seen["dags"])
    assert seen["decide"] == [["Approve", "Leave it open"], 500, 200]


def test_a_parse_stays_light_and_makes_the_same_dags_again(seen):
    assert (seen["heavy"], seen["same"]) == ([], True)


def test_tasks_of_a_dataset_share_a_pool_and_tell_of_their_failure(seen):
    assert seen["tasks"]["ingest__press.ingest"] == ["lakeward.plant.press", True]
    assert seen["tasks"]["curate__oven_daily.curate"] == ["lakeward.plant.oven_daily", True]
    assert seen["tasks"]["govern__plant.grade"] == ["default_pool", False]


def test_a_run_has_to_end_within_the_freshness_of_its_contract(seen):
    overdue = "lakeward.orchestration.callbacks.notify_overdue_run"
    assert seen["deadlines"] == {"ingest__press": ["0:30:00", overdue], "ingest__oven": ["10:00:00", overdue]}


def test_the_connection_of_a_source_may_be_one_of_airflow(seen):
    assert seen["connection"] == ["dingtalk+https://oapi.dingtalk.com/robot/send", "a:b/c", {"access_token": "t"}, None, True]
