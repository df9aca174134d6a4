"""Lakeward runs on what Terraform applied to moto, as the role and with the variables of the tasks that Terraform describes.

The bucket policies are off (`emulated`), and moto checks no credentials: this shows the wiring, not who may do what.
"""

import json
import os
import subprocess
import sys
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from lakeward.core.storage.bucket import BucketStore
from lakeward.core.storage.options import S3Options
from lakeward.core.storage.signed_requests import signed_headers
from support.moto_server import HAS_TOOLS, NO_TOOLS
from support.task_role import credentials, task_role
from support.terraform_tool import ROOT, needs_terraform

pytestmark = [
    pytest.mark.exhaustive,
    needs_terraform(),
    pytest.mark.skipif(not HAS_TOOLS, reason=NO_TOOLS),
    pytest.mark.timeout(1800),
]
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:press
name: press
version: 1.0.0
status: active
schema:
  - name: press
    logicalType: object
    properties:
      - {name: ts, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: temp, logicalType: number}
customProperties:
  - {property: source, value: {path: inbox/press, format: csv, timezone: UTC}}
  - {property: timeColumn, value: ts}
  - {property: dataClass, value: production}
"""
COUNT = "SELECT count(*) AS n FROM silver.press"
DAGS = "import runpy; runpy.run_module('lakeward.orchestration', run_name='__main__')"
ROLE = credentials("ASIAROLEOFTHETASK", "secret-of-the-role", "session")


class Plant:
    """The project that Terraform read, as a task of the deployment runs it.

    Args:
        deployment: What was applied.
        role: Variables by which a task asks for its role.
    """

    def __init__(self, deployment, role):
        self.root, self.store = deployment.copy.root, deployment.moto.store
        task = deployment.values('module.orchestration.aws_ecs_task_definition.process["scheduler"]')
        [container] = json.loads(task["container_definitions"])
        named = {each["name"]: each["value"] for each in container["environment"]}
        self.variables = {name: value for name, value in named.items() if name.startswith(("AWS_", "LAKEWARD_"))}
        self.variables |= {"AWS_ENDPOINT_URL": self.store, **role}
        self.lake = self.variables["LAKEWARD_LAKE"]

    def drop(self, hour):
        folder = self.root / "inbox" / "press"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{hour}.csv").write_text(f"ts,temp\n2026-03-01T{hour:02d}:00:00Z,20.5\n2026-03-01T{hour:02d}:30:00Z,\n")

    def run(self, *words, code="from lakeward.cli import main; main()", root=None, **changes):
        """What one process of the task prints; of the project at `root` in place of the deployment's."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LAKEWARD_", "AIRFLOW"))}  # noqa: TID251
        command = [sys.executable, "-c", code, "--project", str(root or self.root), *words]
        environment = {**kept, **self.variables, "AIRFLOW_HOME": str(self.root / ".airflow"), **changes}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def rows(self):
        """Rows of silver, as an engineer sees them."""
        said = self.run("query", COUNT, "--as", "engineer", "--format", "json")
        return json.loads(said)[0]["n"]

    def objects(self, prefix):
        """Key of encryption of each object below a prefix of the bucket."""
        bucket = self.lake.removeprefix("s3://").partition("/")[0]
        options = S3Options(region=self.variables["AWS_REGION"], endpoint=self.store, key_id="any", secret="any")
        names = [f"{prefix}/{name}" for name, _, _ in BucketStore(f"s3://{bucket}", options).walk(prefix)]
        return {name: key_of(options, f"{self.store}/{bucket}/{quote(name)}") for name in names}


def key_of(options, url):
    """ARN of the key under which an object is encrypted."""
    request = Request(url, headers=signed_headers(options, "HEAD", url), method="HEAD")
    with urlopen(request, timeout=60) as answer:
        return answer.headers["x-amz-server-side-encryption-aws-kms-key-id"]


@pytest.fixture(scope="module")
def plant(deployment):
    folder = deployment.copy.root / "expectations" / "datasets" / "press"
    folder.mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    with task_role(ROLE) as role:
        plant = Plant(deployment, role.variables)
        plant.drop(6)
        plant.run("run", "press")
        plant.run("grade", "run", "press")
        yield plant
        assert role.asked  # no credentials lie in the environment


def test_the_lake_is_the_bucket_of_the_highest_grade_and_every_object_has_its_key(plant, deployment):
    bucket = deployment.values('module.storage.aws_s3_bucket.grade["important"]')["bucket"]
    assert plant.lake == f"s3://{bucket}/lake"
    key = deployment.values('module.keys.aws_kms_key.grade["important"]')["arn"]
    found = plant.objects("lake")
    assert any("/silver/press/" in f"/{name}" for name in found)
    assert set(found.values()) == {key}


def test_what_is_ingested_is_served_and_taken_once(plant):
    assert plant.rows() == 2
    plant.drop(7)
    plant.run("run", "press")
    plant.run("run", "press")
    assert plant.rows() == 4


def test_a_dag_of_airflow_runs_on_it(plant):
    (plant.root / "dags").mkdir()
    (plant.root / "dags" / "lakeward_dags.py").write_bytes((ROOT / "dags" / "lakeward_dags.py").read_bytes())
    before = plant.rows()
    plant.drop(8)
    [said] = plant.run("press", code=DAGS).splitlines()[-1:]
    assert json.loads(said)["state"] == "success"
    assert plant.rows() == before + 2


def test_a_backup_in_the_bucket_is_restored_beside_the_lake(plant, tmp_path):
    bucket = plant.lake.rpartition("/")[0]
    plant.run("backup", f"{bucket}/backups")
    plant.run("backup", "verify", f"{bucket}/backups")
    there = {"root": tmp_path / "plant", "LAKEWARD_LAKE": f"{bucket}/restored"}
    plant.run("restore", f"{bucket}/backups", "--verify", **there)
    said = plant.run("query", COUNT, "--as", "engineer", "--format", "json", **there)
    assert json.loads(said)[0]["n"] == plant.rows()
