"""Airflow's four processes on this machine's loopback, for a laptop or a demo; they start and end together.

`python -m lakeward.orchestration.services --project DIR --port PORT [--database CONNECTION]`. Never `airflow standalone`: that listens on every
address of the machine, and leaves its processes behind when it ends.
"""

import argparse
import signal
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from types import FrameType
from urllib.parse import urlencode

from lakeward.contracts.project import Project, find_project, load_project
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import ExitCode, LakewardError, MachineError, UsageError
from lakeward.core.messages import Lang, text
from lakeward.core.settings import PREFIX, Settings
from lakeward.flows import connection_of, list_accounts
from lakeward.orchestration.installation_settings import APPROVERS_VARIABLE, SERVICES_VARIABLE
from lakeward.orchestration.local import airflow_environment, check_dags_file, set_environment
from lakeward.orchestration.service_folder import ServiceFolder, airflow_users
from lakeward.orchestration.service_processes import HOST, Services, check_port, migrate

# Seconds that one process waits while another writes the database; with SQLite's own 5 a busy machine ends them all.
LOCK_SECONDS = 60
# Scheme of a connection to a server -> the drivers of Airflow's processes.
DRIVERS = {"postgresql": "postgresql+psycopg2", "postgres": "postgresql+psycopg2"}


def main() -> int:
    """Start all, wait until one ends or Ctrl-C or SIGTERM comes, and end all."""
    parser = argparse.ArgumentParser(prog="python -m lakeward.orchestration.services")
    parser.add_argument("--project", type=Path)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--database")
    parser.add_argument("--lang", type=Lang, default=Lang.EN)
    arguments = parser.parse_args()
    try:
        settings = Settings.load(arguments.project, arguments.lang)
        run_services(settings, arguments.port, arguments.database, _stop_event())
    except LakewardError as error:
        sys.stderr.write(error.render(arguments.lang) + "\n")
        return error.exit_code
    return ExitCode.DONE


def run_services(settings: Settings, port: int, database: str | None, stop: Event) -> None:
    """Run all until `stop` is set.

    Args:
        port: Port of the user interface and the REST API, on the loopback address alone.
        database: Name of the connection to Airflow's own database; None for a file of SQLite.

    Raises:
        UsageError: There is no project, it has no `dags/lakeward_dags.py`, or the database is no PostgreSQL.
        SettingsError: There is no such connection.
        MachineError: Airflow is not installed, the port is taken, or a process ended.
    """
    project = load_project(find_project(settings.start))
    check_dags_file(project.root)
    if find_spec("airflow") is None:
        raise MachineError("extra_missing", extra="airflow")
    check_port(port)
    folder = ServiceFolder(folder=project.root / ".airflow" / "services")
    folder.make()
    users = airflow_users(settings)
    folder.users(tuple(users))
    address = database_url(settings, project, database) if database else None
    set_environment(service_environment(settings, project.root, folder, users, port))
    if address:
        set_environment({"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": address})
    services = Services(logs=folder.folder / "logs", port=port)
    migrate(services)
    pools = _make_pools(services, project)
    try:
        if services.start(stop):
            _say(settings.lang, "airflow_up", url=f"http://{HOST}:{port}", users=", ".join(users), file=folder.passwords)
        while not stop.wait(1.0):
            services.check_alive()
            if pools != project.datasets():
                pools = _make_pools(services, project)
    finally:
        services.end()
    _say(settings.lang, "airflow_down")


def database_url(settings: Settings, project: Project, name: str) -> str:
    """Address of Airflow's own database, as SQLAlchemy takes it.

    Raises:
        UsageError: The connection is to no PostgreSQL.
        SettingsError: There is no such connection.
        MachineError: Its drivers are not installed.
    """
    connection = connection_of(project.root, settings, name)
    if connection.scheme not in DRIVERS:
        raise UsageError("airflow_database_kind", connection=name, found=connection.scheme)
    if find_spec("psycopg2") is None or find_spec("asyncpg") is None:
        raise MachineError("extra_missing", extra="airflow-server")
    return driver_url(connection)


def driver_url(connection: ConnectionSettings) -> str:
    """The URL with its secrets and its files of TLS, by libpq's names for them; an authority that is named is asked for."""
    options = {"sslmode": "verify-full"} if connection.ca else {}
    options |= {**connection.parameters, **connection.libpq}
    return connection.url(DRIVERS[connection.scheme]) + (f"?{urlencode(options)}" if options else "")


def _make_pools(services: Services, project: Project) -> tuple[str, ...]:
    """Make the pools of all datasets; returns their names. In a process of its own: this one never imports Airflow."""
    names = project.datasets()
    words = [sys.executable, "-m", "lakeward.orchestration.pools", "--project", str(project.root)]
    log = services.logs / "pools.log"
    with log.open("ab") as output:
        ended = subprocess.run(words, stdout=output, stderr=subprocess.STDOUT, check=False)  # noqa: S603
    if ended.returncode:
        raise MachineError("airflow_process_ended", process="pools", code=ended.returncode, log=log)
    return names


def service_environment(
    settings: Settings, root: Path, folder: ServiceFolder, users: Mapping[str, str], port: int
) -> dict[str, str]:
    """Airflow's settings for four processes on one machine, from the project's folder."""
    url = f"http://{HOST}:{port}"
    accounts = {account.account for account in list_accounts(settings)}
    return {
        **airflow_environment(root),
        SERVICES_VARIABLE: "1",
        # The users are the accounts, with passwords that only their owners are given.
        APPROVERS_VARIABLE: ";".join(f"{name}={name}" for name in users if name in accounts),
        f"{PREFIX}LANG": settings.lang,
        "AIRFLOW_HOME": str(folder.folder),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder.folder / 'airflow.db'}?timeout={LOCK_SECONDS}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder.folder / "logs"),
        # What tasks print is INFO; the processes themselves say only what is wrong.
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "task=INFO airflow.task=INFO task.stdout=INFO",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in users.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder.passwords),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        # A crowded machine takes longer than the 5 s of the default, and the task would fail.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "5",
        **folder.keys(),
    }


def _stop_event() -> Event:
    stop = Event()

    def set_stop(_: int, __: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, set_stop)
    return stop


def _say(lang: Lang, code: str, **facts: object) -> None:
    sys.stdout.write(text(code, lang, **facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
