"""`lakeward airflow config`: the settings, and what it says of an installation as it is."""

import json
import os
import subprocess
import sys

CODE = "from lakeward.cli import main; main()"
# As an Airflow that is too old, or newer than any that was tried, calls itself.
VERSIONS = """
from importlib import metadata
real, calls_itself = metadata.version, []
metadata.version = lambda name: calls_itself[-1] if name == "apache-airflow-core" else real(name)
"""


def lakeward(root, *words, **variables):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}  # noqa: TID251
    environment = {**kept, "AIRFLOW_HOME": str(root / ".airflow"), **variables}
    command = [sys.executable, "-c", CODE, "--project", str(root), "airflow", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def checks(root, **variables):
    done = lakeward(root, "config", "--check", "--json", **variables)
    return done.returncode, {row["check"]: row for row in json.loads(done.stdout)}


def test_the_settings_are_a_file_of_variables_with_reasons(plant):
    said = lakeward(plant, "config").stdout.splitlines()
    values = dict(line.split("=", 1) for line in said if not line.startswith("#"))
    assert values["AIRFLOW__OPENLINEAGE__DISABLED"] == "True"
    assert values["AIRFLOW__CORE__FERNET_KEY"] == ""
    bundle = json.loads(values["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"].strip("'"))
    assert bundle[0]["kwargs"] == {"path": str(plant / "dags")}
    assert len([line for line in said if line.startswith("# ")]) == len(values)


def test_a_project_in_git_gets_its_dags_from_there(plant):
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", plant], check=True)
    who = ["-c", "user.name=t", "-c", "user.email=t@plant.example"]
    subprocess.run(["git", "-C", plant, *who, "commit", "--quiet", "--allow-empty", "-m", "Begin"], check=True)
    found = {row["variable"]: row["value"] for row in json.loads(lakeward(plant, "config", "--json").stdout)}
    bundle = json.loads(found["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])[0]
    assert bundle["classpath"].endswith("GitDagBundle")
    assert bundle["kwargs"] == {"repo_url": str(plant), "tracking_ref": "main", "subdir": "dags"}


def test_an_installation_without_anything_is_told_what_it_lacks(plant):
    code, found = checks(plant)
    assert code == 4
    assert (found["airflow"]["ok"], found["airflow"]["found"]) == (True, "3.3.2")
    database = found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert (database["ok"], database["found"]) == (False, "sqlite")
    assert found["database"]["repair"] == "airflow db migrate"
    assert found["AIRFLOW__OPENLINEAGE__DISABLED"]["ok"] is False


def test_settings_that_are_printed_are_found_and_no_secret_is_shown(plant):
    settings = {row["variable"]: row["value"] for row in json.loads(lakeward(plant, "config", "--json").stdout) if row["value"]}
    secret = {"AIRFLOW__CORE__FERNET_KEY": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ="}
    _, found = checks(plant, **settings, **secret)
    assert [name for name in settings if not found[name]["ok"] and "BUNDLE" not in name] == []
    assert found["AIRFLOW__CORE__FERNET_KEY"]["found"] == "***"
    assert secret["AIRFLOW__CORE__FERNET_KEY"] not in json.dumps(found)


def test_an_airflow_that_is_too_old_is_refused_and_one_never_tried_is_named(python):
    code = f"""
import json
{VERSIONS}
from pathlib import Path
from lakeward.contracts.project import load_project
from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.orchestration.installation_checks import check_installation

def found(version):
    calls_itself.append(version)
    try:
        row = check_installation(Settings.load(), load_project(Path(".")))[0]
        return [None, row.ok, row.needed, row.found]
    except LakewardError as error:
        return [error.code, error.facts["found"], error.facts["oldest"], error.exit_code]

print(json.dumps([found("3.1.7"), found("3.4.0")]))
"""
    old, untried = python(code, PYTHONWARNINGS="default")
    assert old == ["airflow_too_old", "3.1.7", "3.1.8", 4]
    assert untried == [None, False, False, "3.4.0"]
