"""Checks of the Airflow that is installed where this runs: version, settings, database, pools, and whether its processes live."""

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

from lakeward.contracts.project import Project
from lakeward.core.errors import MachineError
from lakeward.core.settings import Settings
from lakeward.flows import list_accounts
from lakeward.orchestration.installation_settings import (
    APPROVERS_VARIABLE,
    BUNDLES,
    DATABASE,
    GIT_BUNDLE,
    SECRETS,
    SERVICES_VARIABLE,
    SETTINGS,
    variable,
)
from lakeward.orchestration.pool_names import pool_prefix
from lakeward.orchestration.pools import wanted_pools

# In 3.1.0 to 3.1.7 any task could answer the required actions of others.
OLDEST = (3, 1, 8)
# Major and minor version that Lakeward's tests run on.
TRIED = (3, 3)
# A process that has not been heard of for so long does not live.
SILENCE = timedelta(seconds=60)
# Database that holds more than one process's worth of runs.
SERVER = "postgresql"
# Processes by their name in Airflow's table of jobs.
PROCESSES = {"scheduler": "SchedulerJob", "dag-processor": "DagProcessorJob", "triggerer": "TriggererJob"}


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


def check_installation(settings: Settings, project: Project) -> list[InstallationCheck]:
    """Every check, of the Airflow that this process would run for the project.

    Raises:
        MachineError: It is not installed, or too old.
    """
    version = _check_version()
    from airflow.configuration import conf  # noqa: PLC0415  (the version comes first: an older one has other modules)

    read = _reader(conf)
    return [version, *_check_settings(read), *_check_services(settings), *_check_database(read, project)]


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
    yield _row(
        variable("logging", "base_log_folder"),
        str(folder),
        ok=folder.is_dir(),
        repair=f"mkdir -p {shlex.quote(str(folder))}",
        needed=False,
    )


def _check_services(settings: Settings) -> Iterator[InstallationCheck]:
    """Whether the processes ask people and notify them, and whether those who may decide have accounts."""
    found = "1" if settings.airflow_services else "-"
    yield _row(SERVICES_VARIABLE, found, ok=settings.airflow_services, repair="1", needed=False)
    active = {account.account for account in list_accounts(settings) if account.state == "active"}
    unknown = sorted(account for account in settings.approvers.values() if account not in active)
    repair = ", ".join(f"lakeward account add {name}" for name in unknown) or "airflow-user=account"
    ok = bool(settings.approvers) and not unknown
    yield _row(APPROVERS_VARIABLE, ", ".join(settings.approvers) or "-", ok=ok, repair=repair, needed=bool(unknown))


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


def _check_database(read: Callable[[str, str], str], project: Project) -> Iterator[InstallationCheck]:
    """The database by its kind alone: its address has a password."""
    kind = read(*DATABASE).partition(":")[0].partition("+")[0] or "-"
    yield _row(variable(*DATABASE), kind, ok=kind == SERVER, repair="postgresql+psycopg2://…")
    from airflow.sdk.exceptions import AirflowException  # noqa: PLC0415  (Airflow's settings come first)
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415  (as above)

    try:
        facts = _database_facts(project)
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
    missing = wanted_pools(project) - facts["pools"]
    yield _row("pools", f"-{len(missing)}" if missing else "0", ok=not missing, repair="lakeward airflow pools")


def _database_facts(project: Project) -> Mapping[str, Any]:
    from airflow.jobs.job import Job  # noqa: PLC0415  (Airflow's settings come first)
    from airflow.models.dag import DagModel  # noqa: PLC0415  (as above)
    from airflow.models.errors import ParseImportError  # noqa: PLC0415  (as above)
    from airflow.models.pool import Pool  # noqa: PLC0415  (as above)
    from airflow.utils.db import check_migrations  # noqa: PLC0415  (as above)
    from airflow.utils.session import create_session  # noqa: PLC0415  (as above)

    check_migrations(0)  # type: ignore[no-untyped-call]
    with create_session() as session:
        newest = (session.query(Job).filter(Job.job_type == job).order_by(Job.id.desc()).first() for job in PROCESSES.values())
        return {
            "heartbeats": {job.job_type: job.latest_heartbeat for job in newest if job is not None},
            "broken": session.query(ParseImportError).count(),
            "dags": session.query(DagModel).filter(~DagModel.is_stale).count(),
            "pools": {name for (name,) in session.query(Pool.pool).filter(Pool.pool.startswith(pool_prefix(project.name)))},
        }


def _row(check: str, found: str, *, ok: bool, repair: str, needed: bool = True) -> InstallationCheck:
    return InstallationCheck(check=check, ok=ok, needed=needed, found=found, repair=None if ok else repair)
