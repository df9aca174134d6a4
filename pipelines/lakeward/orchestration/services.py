"""Airflow's four processes on this machine's loopback, for a laptop or a demo; they start and end together.

`python -m lakeward.orchestration.services --project DIR --port PORT`. Never `airflow standalone`: that listens on every address of the
machine, and leaves its processes behind when it ends.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from time import monotonic
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

from lakeward.contracts.project import find_project, load_project
from lakeward.core.errors import ExitCode, LakewardError, MachineError
from lakeward.core.messages import Lang, text
from lakeward.core.settings import Settings
from lakeward.orchestration.local import airflow_environment, check_dags_file, set_environment
from lakeward.orchestration.service_folder import ServiceFolder, airflow_users

HOST = "127.0.0.1"
PROCESSES: Mapping[str, tuple[str, ...]] = {
    "api-server": ("--host", HOST, "--workers", "1"),
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
# Seconds: ready in 7 on an idle machine of two cores; a crowded one takes ten times as long.
START_SECONDS = 180.0
# Seconds that one process waits while another writes the database; with SQLite's own 5 a busy machine ends them all.
LOCK_SECONDS = 60
# Seconds that processes get to end; a task that is killed then is run again from its last step.
STOP_SECONDS = 20.0


@dataclass(slots=True, kw_only=True)
class Services:
    """The running processes.

    Args:
        logs: Folder of their output, one file each.
    """

    logs: Path
    port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        """Start all; each in a group of its own, so that its own children end with it."""
        for name, options in PROCESSES.items():
            port = ("--port", str(self.port)) if name == "api-server" else ()
            with (self.logs / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(  # noqa: S603
                    [*_airflow(), name, *options, *port],
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def wait_until_ready(self, stop: Event) -> bool:
        """Wait until the API server says that all are healthy; False if it was asked to stop before.

        Raises:
            MachineError: One has ended, or they are not ready in time.
        """
        end = monotonic() + START_SECONDS
        while not self.is_healthy():
            self.check_alive()
            if monotonic() > end:
                raise MachineError("airflow_not_ready", seconds=int(START_SECONDS), folder=self.logs)
            if stop.wait(0.5):
                return False
        return True

    def is_healthy(self) -> bool:
        """Whether the API server answers, and has heard from all others."""
        try:
            with urlopen(f"http://{HOST}:{self.port}/api/v2/monitor/health", timeout=5) as answer:
                found = json.load(answer)
        except (URLError, OSError, ValueError):
            return False
        return all(found[name]["status"] == "healthy" for name in ("metadatabase", "scheduler", "dag_processor", "triggerer"))

    def check_alive(self) -> None:
        """Check that none has ended.

        Raises:
            MachineError: One has.
        """
        for name, process in self.running.items():
            if process.poll() is not None:
                raise MachineError("airflow_process_ended", process=name, code=process.returncode, log=self.logs / f"{name}.log")

    def end(self) -> None:
        """End all, with their own children: first asked, then killed."""
        end = monotonic() + STOP_SECONDS
        for process in self.running.values():
            _signal_group(process, signal.SIGTERM)
        for process in self.running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(end - monotonic(), 0.1))
            _signal_group(process, signal.SIGKILL)
            process.wait()


def main() -> int:
    """Start all, wait until one ends or Ctrl-C or SIGTERM comes, and end all."""
    parser = argparse.ArgumentParser(prog="python -m lakeward.orchestration.services")
    parser.add_argument("--project", type=Path)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--lang", type=Lang, default=Lang.EN)
    arguments = parser.parse_args()
    try:
        settings = Settings.load(arguments.project, arguments.lang)
        run_services(settings, arguments.port, _stop_event())
    except LakewardError as error:
        sys.stderr.write(error.render(arguments.lang) + "\n")
        return error.exit_code
    return ExitCode.DONE


def run_services(settings: Settings, port: int, stop: Event) -> None:
    """Run all until `stop` is set.

    Args:
        port: Port of the user interface and the REST API, on the loopback address alone.

    Raises:
        UsageError: There is no project, or it has no `dags/lakeward_dags.py`.
        MachineError: Airflow is not installed, the port is taken, or a process ended.
    """
    project = load_project(find_project(settings.start))
    check_dags_file(project.root)
    if find_spec("airflow") is None:
        raise MachineError("extra_missing", extra="airflow")
    _check_port(port)
    folder = ServiceFolder(folder=project.root / ".airflow" / "services")
    folder.make()
    users = airflow_users(settings)
    folder.users(tuple(users))
    set_environment(service_environment(project.root, folder, users, port))
    services = Services(logs=folder.folder / "logs", port=port)
    _migrate(services)
    services.start()
    try:
        if services.wait_until_ready(stop):
            _say(settings.lang, "airflow_up", url=f"http://{HOST}:{port}", users=", ".join(users), file=folder.passwords)
        while not stop.wait(1.0):
            services.check_alive()
    finally:
        services.end()
    _say(settings.lang, "airflow_down")


def service_environment(root: Path, folder: ServiceFolder, users: Mapping[str, str], port: int) -> dict[str, str]:
    """Airflow's settings for four processes on one machine, from the project's folder."""
    url = f"http://{HOST}:{port}"
    return {
        **airflow_environment(root),
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
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "5",
        **folder.keys(),
    }


def _check_port(port: int) -> None:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError as error:
            raise MachineError("airflow_port_taken", port=port) from error


def _migrate(services: Services) -> None:
    """Make or renew Airflow's database."""
    log = services.logs / "migrate.log"
    with log.open("ab") as output:
        words = [*_airflow(), "db", "migrate"]
        ended = subprocess.run(words, stdout=output, stderr=subprocess.STDOUT, check=False)  # noqa: S603
    if ended.returncode:
        raise MachineError("airflow_process_ended", process="db migrate", code=ended.returncode, log=log)


def _airflow() -> list[str]:
    return [sys.executable, "-m", "airflow"]


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


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
