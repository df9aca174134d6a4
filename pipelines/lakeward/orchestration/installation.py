"""Airflow as it is installed where this runs: the settings that Lakeward wants of it, and whether it has them and lives.

`python -m lakeward.orchestration.installation --project DIR [--check]` prints one JSON list.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

from lakeward.contracts.project import find_project, load_project
from lakeward.core.errors import ExitCode, LakewardError, MachineError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings

# In 3.1.0 to 3.1.7 any task could answer the required actions of others.
OLDEST = (3, 1, 8)
# Major and minor version that Lakeward's tests run on.
TRIED = (3, 3)
# A process that has not been heard of for so long does not live.
SILENCE = timedelta(seconds=60)
# Database that holds more than one process's worth of runs.
SERVER = "postgresql"
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
# Processes by their name in Airflow's table of jobs.
PROCESSES = {"scheduler": "SchedulerJob", "dag-processor": "DagProcessorJob", "triggerer": "TriggererJob"}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationCheck:
    """One check of the installation.

    Args:
        check: What is checked.
        ok: Whether it is as it should be.
        needed: Whether Lakeward needs it.
        found: What was found; never a secret.
        repair: What mends it; None if it is ok.
    """

    check: str
    ok: bool
    needed: bool
    found: str
    repair: str | None


def wanted_settings(root: Path) -> list[AirflowSetting]:
    """The settings for a project at `root`, those that only you can give last."""
    known = [(variable(section, key), value, f"why_{key}") for section, key, value in SETTINGS]
    known.append((variable(*BUNDLES), json.dumps([bundle_of(root)]), "why_dag_bundle_config_list"))
    yours = [(variable(*DATABASE), "", "why_database"), *((variable(*secret), "", f"why_{secret[1]}") for secret in SECRETS)]
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


def check_installation() -> list[InstallationCheck]:
    """Every check, of the Airflow that this process would run.

    Raises:
        MachineError: It is not installed, or too old.
    """
    version = _check_version()
    from airflow.configuration import conf  # noqa: PLC0415  (the version comes first: an older one has other modules)

    read = _reader(conf)
    return [version, *_check_settings(read), *_check_database(read)]


def _check_version() -> InstallationCheck:
    try:
        found = metadata.version("apache-airflow-core")
    except metadata.PackageNotFoundError as error:
        raise MachineError("extra_missing", extra="airflow") from error
    numbers = tuple(map(int, re.findall(r"\d+", found)[:3]))
    if numbers < OLDEST:
        raise MachineError("airflow_too_old", found=found, oldest=".".join(map(str, OLDEST)))
    tried = numbers[:2] == TRIED
    repair = None if tried else f"apache-airflow=={'.'.join(map(str, TRIED))}.*"
    return InstallationCheck(check="airflow", ok=tried, needed=False, found=found, repair=repair)


def _reader(conf: Any) -> Callable[[str, str], str]:
    def read(section: str, key: str) -> str:
        return str(conf.get(section, key, fallback="") or "")

    return read


def _check_settings(read: Callable[[str, str], str]) -> Iterator[InstallationCheck]:
    for section, key, value in SETTINGS:
        found = read(section, key)
        yield _row(
            variable(section, key), found or "-", ok=_is_as_good(key, found, value), repair=value, needed=key == "disabled"
        )
    for section, key in SECRETS:
        yield _row(variable(section, key), "***" if read(section, key) else "-", ok=bool(read(section, key)), repair="…")
    bundles = json.loads(read(*BUNDLES) or "[]")
    pinned = bool(bundles) and all(bundle["classpath"] == GIT_BUNDLE for bundle in bundles)
    kinds = ", ".join(bundle["classpath"].rpartition(".")[2] for bundle in bundles) or "-"
    yield _row(variable(*BUNDLES), kinds, ok=pinned, repair="GitDagBundle", needed=False)
    folder = Path(read("logging", "base_log_folder"))
    yield _row(variable("logging", "base_log_folder"), str(folder), ok=folder.is_dir(), repair=f"mkdir -p {folder}", needed=False)


def _is_as_good(key: str, found: str, wanted: str) -> bool:
    """Whether a setting does what the wanted value does."""
    if key == "namespace_levels":  # needed only where the log is quieter than what tasks print
        return "task=INFO" in found
    if key == "executor":
        return bool(found) and "Sequential" not in found
    if wanted in {"True", "False"}:
        return found.lower() == wanted.lower()
    return _number(found) is not None and (_number(found) or 0.0) <= float(wanted)


def _number(found: str) -> float | None:
    try:
        return float(found)
    except ValueError:
        return None


def _check_database(read: Callable[[str, str], str]) -> Iterator[InstallationCheck]:
    """The database by its kind alone: its address has a password."""
    kind = read(*DATABASE).partition(":")[0].partition("+")[0] or "-"
    yield _row(variable(*DATABASE), kind, ok=kind == SERVER, repair="postgresql+psycopg2://…")
    from airflow.sdk.exceptions import AirflowException  # noqa: PLC0415  (Airflow's settings come first)
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415  (as above)

    try:
        facts = _database_facts()
    except (SQLAlchemyError, AirflowException, TimeoutError, ImportError) as error:  # its text can hold the address
        yield _row("database", type(error).__name__, ok=False, repair="airflow db migrate")
        return
    yield _row("database", "migrated", ok=True, repair="")
    for name, job in PROCESSES.items():
        heard = facts["heartbeats"].get(job)
        ok = heard is not None and datetime.now(UTC) - heard < SILENCE
        yield _row(name, "-" if heard is None else heard.isoformat(timespec="seconds"), ok=ok, repair=f"airflow {name}")
    yield _row("import errors", str(facts["broken"]), ok=not facts["broken"], repair="airflow dags list-import-errors")
    yield _row("DAGs", str(facts["dags"]), ok=facts["dags"] > 0, repair="airflow dags reserialize")


def _database_facts() -> Mapping[str, Any]:
    from airflow.jobs.job import Job  # noqa: PLC0415  (Airflow's settings come first)
    from airflow.models.dag import DagModel  # noqa: PLC0415  (as above)
    from airflow.models.errors import ParseImportError  # noqa: PLC0415  (as above)
    from airflow.utils.db import check_migrations  # noqa: PLC0415  (as above)
    from airflow.utils.session import create_session  # noqa: PLC0415  (as above)

    check_migrations(0)  # type: ignore[no-untyped-call]
    with create_session() as session:
        newest = (session.query(Job).filter(Job.job_type == job).order_by(Job.id.desc()).first() for job in PROCESSES.values())
        return {
            "heartbeats": {job.job_type: job.latest_heartbeat for job in newest if job is not None},
            "broken": session.query(ParseImportError).count(),
            "dags": session.query(DagModel).filter(~DagModel.is_stale).count(),
        }


def _row(check: str, found: str, *, ok: bool, repair: str, needed: bool = True) -> InstallationCheck:
    return InstallationCheck(check=check, ok=ok, needed=needed, found=found, repair=None if ok else repair)


def main() -> int:
    """Print the wanted settings, or with `--check` the checks, as one JSON list."""
    parser = argparse.ArgumentParser(prog="python -m lakeward.orchestration.installation")
    parser.add_argument("--project", type=Path)
    parser.add_argument("--lang", type=Lang, default=Lang.EN)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    try:
        project = load_project(find_project(Settings.load(arguments.project, arguments.lang).start))
        found = check_installation() if arguments.check else wanted_settings(project.root)
    except LakewardError as error:
        sys.stderr.write(error.render(arguments.lang) + "\n")
        return error.exit_code
    sys.stdout.write(json.dumps([asdict(row) for row in found], ensure_ascii=False) + "\n")
    return ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(main())
