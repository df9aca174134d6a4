"""The dev environment of `terraform/`, applied to moto."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.moto_server import Moto, moto_proxy
from support.terraform_tool import Copy, copy_tree

FOLDER = "environments/dev"
ACCOUNT = "123456789012"
VARIABLES = {
    "region": "eu-central-1",
    "zones": json.dumps(["eu-central-1a", "eu-central-1b"]),
    "account_id": ACCOUNT,
    "image": f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/plant@sha256:{'0' * 64}",
    "saml_provider": f"arn:aws:iam::{ACCOUNT}:saml-provider/company",
    "topics": json.dumps({"plant_telemetry": "plant/#"}),
    "spark": "true",
    "alert_email": "data-steward@plant.example",
    "monthly_budget": "500",
    "emulated": "true",
    "max_retries": "12",
}


class Deployment:
    """What was applied: Terraform's answers, and what a second plan says.

    Args:
        copy: The tree, with the project whose policies were read, that Terraform ran in.
    """

    def __init__(self, copy: Copy, moto: Moto) -> None:
        self.copy, self.moto = copy, moto
        self.environment = {**moto.proxy, **{f"TF_VAR_{name}": value for name, value in VARIABLES.items()}}
        copy.init(FOLDER)
        copy.run(FOLDER, "apply", "-auto-approve", "-no-color", "-parallelism=6", **self.environment)
        self.outputs = copy.outputs(FOLDER)["lakehouse"]
        self.state = json.loads(copy.run(FOLDER, "show", "-json", **self.environment).stdout)

    def second_plan(self) -> list[dict]:
        self.copy.run(FOLDER, "plan", "-detailed-exitcode", "-out=again", "-no-color", ok=(0, 2), **self.environment)
        shown = json.loads(self.copy.run(FOLDER, "show", "-json", "again", **self.environment).stdout)
        return [
            change for change in shown.get("resource_changes", ()) if change["change"]["actions"] not in (["no-op"], ["read"])
        ]

    def resources(self) -> Iterator[dict]:
        """Every resource of the state, of all modules."""
        return _walk(self.state["values"]["root_module"])

    def values(self, address: str) -> dict:
        """The attributes of one resource of the module `lakehouse`."""
        return next(r["values"] for r in self.resources() if r["address"] == f"module.lakehouse.{address}")

    def destroy(self) -> None:
        """Destroy all of it; nothing may stay."""
        self.copy.run(FOLDER, "destroy", "-auto-approve", "-no-color", **self.environment)
        assert json.loads(self.copy.run(FOLDER, "show", "-json", **self.environment).stdout).get("values") is None


@contextmanager
def deployed(folder: Path) -> Iterator[Deployment]:
    """The dev environment for the shipped policies and a project that may hold what is important; destroyed at the end."""
    copy = copy_tree(folder)
    project = folder / "expectations" / "project.yaml"
    project.write_text(project.read_text(encoding="utf-8") + "highest_grade: important\n", encoding="utf-8")
    with moto_proxy(folder / "moto.log") as moto:
        made = Deployment(copy, moto)
        yield made
        made.destroy()


def _walk(module: dict) -> Iterator[dict]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _walk(child)
