"""Projects of a few contracts, made on the spot, and Airflow in processes of its own: it may not touch the other tests."""

import functools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from lakeward.core.settings import Settings

DAGS_FILE = Path(__file__).parents[3] / "dags" / "lakeward_dags.py"
SILVER = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:{name}
name: {name}
version: 1.2.0
status: active
domain: production
description: {{purpose: "Readings of {name}"}}
team: {{name: plant-data, members: [{{username: li.wei, role: owner}}]}}
schema:
  - name: {name}
    logicalType: object
    properties:
      - {{name: ts, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 1}}
      - name: temp
        logicalType: number
        customProperties: [{{property: unit, value: Cel}}]
slaProperties:
  - {{property: latency, value: {minutes}, unit: min}}
customProperties:
  - {{property: source, value: {{path: inbox/{name}, pattern: "**/*.csv", format: csv, timezone: UTC}}}}
  - {{property: timeColumn, value: ts}}
"""
GOLD = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:{name}
name: {name}
version: 2.0.0
status: active
domain: production
description: {{purpose: "Means of {inputs}"}}
team: {{name: plant-data, members: [{{username: li.wei, role: owner}}]}}
schema:
  - name: {name}
    logicalType: object
    properties:
      - {{name: day, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 1}}
      - {{name: temp_mean, logicalType: number}}
customProperties:
  - property: model
    value: {{sql: models/{name}.sql, inputs: [{inputs}], window: day, grain: day, timezone: UTC, times: {{{inputs}: ts}}}}
"""
SQL = "SELECT date_trunc('day', ts) AS day, avg(temp) AS temp_mean FROM {inputs} GROUP BY 1\n"


@pytest.fixture
def plant(tmp_path):
    """A project with two sources and a gold model over the second."""
    return make_plant(tmp_path)


@pytest.fixture(scope="module")
def shared_plant(tmp_path_factory):
    """Makes one more such project, for the tests of a module that look at one run."""
    return lambda: make_plant(tmp_path_factory.mktemp("plant"))


def make_plant(root):
    add(root, "press", SILVER.format(name="press", minutes=30))
    add(root, "oven", SILVER.format(name="oven", minutes=600))
    add(root, "oven_daily", GOLD.format(name="oven_daily", inputs="silver.oven"), SQL.format(inputs="silver.oven"))
    (root / "expectations" / "project.yaml").write_text("name: plant\ntimezone: UTC\nlanguages: [zh, en]\nlake: lake\n")
    (root / "dags").mkdir()
    (root / "dags" / DAGS_FILE.name).write_bytes(DAGS_FILE.read_bytes())
    return root


def add(root, name, contract, sql=None):
    folder = root / "expectations" / "datasets" / name
    (folder / "models").mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(contract, encoding="utf-8")
    if sql:
        (folder / "models" / f"{name}.sql").write_text(sql, encoding="utf-8")


@pytest.fixture(scope="session")
def add_contract():
    """Adds a small dataset of this name to a project."""
    return lambda root, name: add(root, name, SILVER.format(name=name, minutes=600))


@pytest.fixture
def python(plant):
    """Runs code beside the project and returns what it prints as JSON on its last line."""
    return functools.partial(run_python, plant)


@pytest.fixture(scope="module")
def python_in():
    """As `python`, with the project as the first argument."""
    return run_python


def run_python(root, code, **environment):
    home = {"AIRFLOW_HOME": str(root / ".airflow"), "PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "error", **environment}
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def spark_here():
    """Variables that submit to a Spark of this machine, with its own Java, jars and `spark-submit`."""
    spark = Settings.load().spark
    connection = {"conn_type": "spark", "host": "local[2]"}
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONWARNINGS": "default",
        "LAKEWARD_ENGINE": "spark",
        "LAKEWARD_SPARK_SUBMIT": "here",
        "LAKEWARD_SPARK_JARS": str(spark.jars),
        "LAKEWARD_SPARK_CONF": "spark.driver.memory=1g;spark.ui.enabled=false;spark.driver.host=127.0.0.1;spark.driver.bindAddress=127.0.0.1",
        "AIRFLOW_CONN_HERE": json.dumps(connection),
        **({"JAVA_HOME": str(spark.java_home)} if spark.java_home else {}),
    }
