"""Airflow's four processes: started in groups of their own, watched, and ended together."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from lakeward.core.errors import MachineError

HOST = "127.0.0.1"
PROCESSES: Mapping[str, tuple[str, ...]] = {
    "api-server": ("--host", HOST, "--workers", "1"),
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
# What the API server says of the database and the others, by its own names.
HEALTHY = ("metadatabase", "scheduler", "dag_processor", "triggerer")
# Seconds: ready in 7 on an idle machine of two cores; a crowded one takes ten times as long.
START_SECONDS = 180.0
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

    def start(self, stop: Event) -> bool:
        """Start all, the API server first: tasks report to it from their first moment. False if it was asked to stop before all are healthy.

        Raises:
            MachineError: One has ended, or they are not ready in time.
        """
        first, *others = PROCESSES
        self._start_one(first)
        if not self._wait_until(lambda: self._health() is not None, stop):
            return False
        for name in others:
            self._start_one(name)
        return self._wait_until(self.is_healthy, stop)

    def _start_one(self, name: str) -> None:
        """Start a process in a group of its own, so that its own children end with it."""
        port = ("--port", str(self.port)) if name == "api-server" else ()
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603
                [*airflow_command(), name, *PROCESSES[name], *port],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait_until(self, is_so: Callable[[], bool], stop: Event) -> bool:
        end = monotonic() + START_SECONDS
        while not is_so():
            self.check_alive()
            if monotonic() > end:
                raise MachineError("airflow_not_ready", seconds=int(START_SECONDS), folder=self.logs)
            if stop.wait(0.5):
                return False
        return True

    def is_healthy(self) -> bool:
        """Whether the API server answers, and has heard from all others."""
        found = self._health() or {}
        return all(found.get(name, {}).get("status") == "healthy" for name in HEALTHY)

    def _health(self) -> Mapping[str, Any] | None:
        """What the API server says of all; None if it does not answer."""
        try:
            with urlopen(f"http://{HOST}:{self.port}/api/v2/monitor/health", timeout=5) as answer:
                found: Mapping[str, Any] = json.load(answer)
        except HTTPError as error:
            error.close()
            return None
        except (URLError, OSError, ValueError):
            return None
        return found

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


def check_port(port: int) -> None:
    """Check that no other program listens there.

    Raises:
        MachineError: One does.
    """
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError as error:
            raise MachineError("airflow_port_taken", port=port) from error


def migrate(services: Services) -> None:
    """Make or renew Airflow's database.

    Raises:
        MachineError: It can't be reached, or the migration failed.
    """
    log = services.logs / "migrate.log"
    with log.open("ab") as output:
        words = [*airflow_command(), "db", "migrate"]
        ended = subprocess.run(words, stdout=output, stderr=subprocess.STDOUT, check=False)  # noqa: S603
    if ended.returncode:
        raise MachineError("airflow_process_ended", process="db migrate", code=ended.returncode, log=log)


def airflow_command() -> list[str]:
    """The first words of every command of Airflow."""
    return [sys.executable, "-m", "airflow"]


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
