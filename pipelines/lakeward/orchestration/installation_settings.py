"""The settings that Lakeward wants of an Airflow for a project, each with its reason."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeward.core.settings import PREFIX

GIT_BUNDLE = "airflow.providers.git.bundles.git.GitDagBundle"
# Section, key, value; what it is for is the message `why_<key>`.
SETTINGS = (
    ("core", "executor", "LocalExecutor"),
    ("core", "load_examples", "False"),
    ("dag_processor", "min_file_process_interval", "300"),
    ("dag_processor", "refresh_interval", "60"),
    ("openlineage", "disabled", "True"),
    ("scheduler", "scheduler_idle_sleep_time", "0.2"),
    ("workers", "min_heartbeat_interval", "1"),
    ("logging", "namespace_levels", "task=INFO airflow.task=INFO task.stdout=INFO"),
)
# Secrets that all processes share: section, key.
SECRETS = (("core", "fernet_key"), ("api", "secret_key"), ("api_auth", "jwt_secret"))
DATABASE = ("database", "sql_alchemy_conn")
BUNDLES = ("dag_processor", "dag_bundle_config_list")
# Lakeward's own, for the processes of Airflow.
SERVICES_VARIABLE, APPROVERS_VARIABLE = f"{PREFIX}AIRFLOW_SERVICES", f"{PREFIX}APPROVERS"


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowSetting:
    """One setting that Lakeward wants.

    Args:
        variable: Its environment variable.
        value: The value; empty for one that only you can give.
        why: Message code of what it is for.
    """

    variable: str
    value: str
    why: str


def wanted_settings(root: Path) -> list[AirflowSetting]:
    """The settings for a project at `root`, those that only you can give last."""
    known = [(variable(section, key), value, f"why_{key}") for section, key, value in SETTINGS]
    known.append((variable(*BUNDLES), json.dumps([bundle_of(root)]), "why_dag_bundle_config_list"))
    known.append((SERVICES_VARIABLE, "1", "why_airflow_services"))
    yours = [
        (APPROVERS_VARIABLE, "", "why_approvers"),
        (variable(*DATABASE), "", "why_database"),
        *((variable(*secret), "", f"why_{secret[1]}") for secret in SECRETS),
    ]
    return [AirflowSetting(variable=name, value=value, why=why) for name, value, why in (*known, *yours)]


def bundle_of(root: Path) -> dict[str, Any]:
    """Where Airflow finds the DAGs: the git repository that the project lies in, so that a run keeps its contracts; else the folder."""
    words = ["git", "-C", str(root), "rev-parse", "--show-toplevel", "--abbrev-ref", "HEAD"]
    found = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    if found.returncode:
        local = "airflow.dag_processing.bundles.local.LocalDagBundle"
        return {"name": "lakeward", "classpath": local, "kwargs": {"path": str(root / "dags")}}
    top, branch = found.stdout.split()
    folder = (root / "dags").relative_to(Path(top).resolve()) if root.is_relative_to(Path(top).resolve()) else Path("dags")
    return {
        "name": "lakeward",
        "classpath": GIT_BUNDLE,
        "kwargs": {"repo_url": top, "tracking_ref": branch, "subdir": str(folder)},
    }


def variable(section: str, key: str) -> str:
    """Environment variable of a setting of Airflow."""
    return f"AIRFLOW__{section}__{key}".upper()
