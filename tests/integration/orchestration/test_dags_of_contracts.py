"""What Airflow gets to see of a project: one DAG per contract, made without reading data."""

import shutil
from pathlib import Path

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import create_project, rename_dataset

# All that is seen of several projects, by one process: to start Airflow takes longer than any of it. What a parse imports is looked at first.
SEE = """
import json, os, sys
heavy = {"duckdb", "pyarrow", "deltalake", "great_expectations", "openlineage", "pandas", "sqlglot"}
from lakeward.orchestration.factory import dags
made, found = sorted(dags("plain")), sorted(heavy & set(sys.modules))
from airflow.serialization.serialized_objects import DagSerialization
one, two = ([DagSerialization.to_dict(d) for d in dags("plain").values()] for _ in range(2))
parsed = {"made": made, "heavy": found, "twice": [len(one), one == two]}
os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"] = "ingest__oven"
parsed["alone"] = sorted(dags("unreadable"))
del os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"]

from airflow.dag_processing.dagbag import DagBag

def show(folder):
    bag = DagBag(folder + "/dags")
    bag_json = {d.dag_id: {"doc": d.doc_md, "tags": sorted(d.tags), "catchup": d.catchup, "active": d.max_active_runs,
        "schedule": str(getattr(d.timetable, "delta", None) or d.timetable.asset_condition.objects[0].uri), "owner": d.owner,
        "outlets": [o.uri for t in d.tasks for o in t.outlets], "retries": [t.retries for t in d.tasks],
        "steps": sorted([t.task_id, sorted(t.downstream_task_ids), t.retries] for t in d.tasks)} for d in bag.dags.values()}
    return {'errors': bag.import_errors, 'dags': bag_json}

print(json.dumps(parsed | {name: show(name) for name in ("plain", "broken", "retired", "renamed", "new")}))
"""


@pytest.fixture(scope="module")
def seen(shared_plant, python_in, tmp_path_factory):
    """What a parse makes of a project and imports for that, and what Airflow's own parser finds in it and in others."""
    folder = tmp_path_factory.mktemp("projects")
    plain = shared_plant().rename(folder / "plain")
    contracts = {name: copy_of_press(plain, folder / name) for name in ("unreadable", "broken", "retired", "renamed")}
    contracts["unreadable"].write_text("not: a contract", encoding="utf-8")
    replace_in(contracts["broken"], "primaryKey:", "primaryKye:")
    replace_in(contracts["retired"], "status: active", "status: retired")
    rename_dataset(Settings(start=folder / "renamed"), "oven", "kiln")
    create_project(folder / "new")
    shutil.rmtree(folder / "new/expectations/datasets")
    shutil.copytree(plain / "expectations/datasets", folder / "new/expectations/datasets")
    return python_in(folder, SEE)


def copy_of_press(plain, root):
    """The contract of `press` in a copy of a project."""
    return Path(shutil.copytree(plain, root)) / "expectations" / "datasets" / "press" / "contract.odcs.yaml"


def replace_in(file, old, new):
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_each_contract_becomes_one_dag(seen):
    assert seen["plain"]["errors"] == {}
    assert sorted(seen["plain"]["dags"]) == [
        "curate__oven_daily",
        "govern__plant",
        "ingest__oven",
        "ingest__press",
        "maintain__plant",
    ]
    for dag in (dag for name, dag in seen["plain"]["dags"].items() if not name.endswith("__plant")):
        assert (dag["catchup"], dag["active"], dag["retries"], dag["owner"]) == (False, 1, [3], "li.wei")


def test_the_project_is_graded_assessed_and_scored_once_a_day(seen):
    dag = seen["plain"]["dags"]["govern__plant"]
    assert dag["steps"] == [
        ["assess", ["score"], 3],
        ["audit_lineage", [], 3],
        ["draft_catalogue", [], 3],
        ["grade", ["assess", "audit_lineage", "draft_catalogue", "release_cubes", "watch_access"], 3],
        ["release_cubes", [], 3],
        ["score", ["scorecard"], 3],
        ["scorecard", ["seal"], 3],
        ["seal", [], 3],
        ["watch_access", [], 3],
    ]
    assert (dag["schedule"], dag["catchup"], dag["active"]) == ("1 day, 0:00:00", False, 1)


def test_the_tables_are_maintained_once_a_week(seen):
    dag = seen["plain"]["dags"]["maintain__plant"]
    assert (dag["schedule"], dag["catchup"], dag["active"], dag["retries"]) == ("7 days, 0:00:00", False, 1, [3])
    assert dag["tags"] == ["lakeward", "maintain"]


def test_a_drop_folder_is_looked_at_twice_within_the_promised_freshness_but_hourly_at_least(seen):
    dags = seen["plain"]["dags"]
    assert dags["ingest__press"]["schedule"] == "0:15:00"
    assert dags["ingest__oven"]["schedule"] == "1:00:00"


def test_gold_is_woken_by_the_tables_it_reads(seen):
    dags = seen["plain"]["dags"]
    assert dags["ingest__oven"]["outlets"] == ["lakeward://plant/silver.oven"]
    assert dags["curate__oven_daily"]["schedule"] == "lakeward://plant/silver.oven"
    assert dags["curate__oven_daily"]["outlets"] == ["lakeward://plant/gold.oven_daily"]


def test_a_dag_is_documented_by_its_contract(seen):
    doc = seen["plain"]["dags"]["ingest__press"]["doc"]
    for part in ("Readings of press", "li.wei", "press 1.2.0", "sha256", "| temp | double | Cel |", "**Key**: ts"):
        assert part in doc


def test_a_parse_imports_nothing_heavy(seen):
    assert len(seen["made"]) == 5
    assert seen["heavy"] == []


def test_two_parses_make_the_same_dags(seen):
    assert seen["twice"] == [5, True]


def test_a_task_process_makes_its_own_dag_alone(seen):
    assert seen["alone"] == ["ingest__oven"]


def test_a_broken_contract_breaks_its_own_dag_and_says_why(seen):
    dags = seen["broken"]["dags"]
    assert sorted(dags) == ["broken__press", "curate__oven_daily", "govern__plant", "ingest__oven", "maintain__plant"]
    assert dags["broken__press"]["tags"] == ["broken", "lakeward"]
    assert "primaryKye" in dags["broken__press"]["doc"]


def test_a_retired_dataset_has_no_dag_and_the_others_keep_theirs(seen):
    assert seen["retired"]["errors"] == {}
    assert sorted(seen["retired"]["dags"]) == ["curate__oven_daily", "govern__plant", "ingest__oven", "maintain__plant"]


def test_a_renamed_dataset_has_its_dag_under_its_new_name_and_wakes_what_reads_it(seen):
    errors, dags = seen["renamed"]["errors"], seen["renamed"]["dags"]
    assert errors == {}
    assert sorted(dags) == ["curate__oven_daily", "govern__plant", "ingest__kiln", "ingest__press", "maintain__plant"]
    assert dags["ingest__kiln"]["outlets"] == ["lakeward://plant/silver.kiln"]
    assert dags["curate__oven_daily"]["schedule"] == "lakeward://plant/silver.kiln"


def test_a_new_project_is_one_that_airflow_reads(seen):
    assert (seen["new"]["errors"], len(seen["new"]["dags"])) == ({}, 5)


def test_the_dags_file_is_thin_and_airflow_takes_it_for_one():
    text = (Path(__file__).parents[3] / "dags" / "lakeward_dags.py").read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if line]) <= 3
    assert "airflow" in text.lower()
