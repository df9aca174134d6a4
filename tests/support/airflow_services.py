"""A real Airflow as `lakeward airflow up` starts it, and its REST API."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

# Seconds; an idle machine of two cores takes 10, a crowded one a hundred times as long.
START_SECONDS = 900
# Answer of a server whose database is written by another process at the moment.
BUSY = 503


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@dataclass
class RunningAirflow:
    """The command, and what its API needs."""

    root: Path
    port: int
    process: subprocess.Popen[str]
    token: str | None = None

    def call(self, path: str, body: object = None, method: str | None = None) -> Any:
        """The answer of the API; in the name of `admin` once signed in. Of a question that the server is too busy for, a later answer."""
        for _ in range(60):
            try:
                return self._ask(path, body, method)
            except HTTPError as error:
                error.close()
                if error.code != BUSY or body is not None:
                    raise
                time.sleep(1)
        raise AssertionError(f"the server stays too busy for {path}")

    def _ask(self, path: str, body: object, method: str | None) -> Any:
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"http://127.0.0.1:{self.port}{path}", data, headers, method=method), timeout=180) as answer:
            return json.load(answer)

    def sign_in(self, name: str = "admin", password: str | None = None) -> None:
        passwords = json.loads((self.root / ".airflow" / "services" / "passwords.json").read_text(encoding="utf-8"))
        body = {"username": name, "password": passwords.get(name) if password is None else password}
        self.token = self.call("/auth/token", body)["access_token"]

    def wait_for_dag(self, dag: str) -> None:
        wait_for(lambda: any(found["dag_id"] == dag for found in self.call("/api/v2/dags?limit=100")["dags"]))

    def trigger(self, dag: str) -> str:
        """Run a DAG to its end; returns its state."""
        return self.wait_for_run(dag, self.start(dag))

    def start(self, dag: str) -> str:
        """Start a run; returns its id."""
        return str(self.call(f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None, "conf": {}})["dag_run_id"])

    def wait_for_run(self, dag: str, run: str) -> str:
        """Wait for the end of a run; returns its state."""
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run)}"
        wait_for(lambda: self.call(path)["state"] in {"success", "failed"})
        return str(self.call(path)["state"])

    def questions(self) -> list[Any]:
        """The required actions that have no answer, by run id."""
        found = self.call("/api/v2/dags/~/dagRuns/~/hitlDetails?response_received=false&limit=100")["hitl_details"]
        return sorted(found, key=lambda each: each["task_instance"]["dag_run_id"])

    def answer(self, question: Any, option: str, reason: str) -> int:
        """Answer a required action in the name of who is signed in; returns the status of the server's answer."""
        asked = question["task_instance"]
        run = f"/api/v2/dags/{asked['dag_id']}/dagRuns/{quote(asked['dag_run_id'])}"
        body = {"chosen_options": [option], "params_input": {"reason": reason}}
        try:
            self._ask(f"{run}/taskInstances/{asked['task_id']}/{asked['map_index']}/hitlDetails", body, "PATCH")
        except HTTPError as error:
            error.close()
            return error.code
        return 200

    def log_of(self, dag: str, run: str, task: str, attempt: int) -> str:
        """The log of one attempt of a task."""
        path = f"/api/v2/dags/{dag}/dagRuns/{quote(run)}/taskInstances/{task}/logs/{attempt}?full_content=true"
        return json.dumps(self.call(path), ensure_ascii=False)


@contextmanager
def airflow_up(root: Path, port: int, *options: str, **variables: str) -> Iterator[RunningAirflow]:
    """The running command; ended by SIGTERM, as a closed terminal or systemd ends it."""
    words = [
        sys.executable,
        "-c",
        "from lakeward.cli import main; main()",
        "--project",
        str(root),
        "airflow",
        "up",
        "--port",
        str(port),
        *options,
    ]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "PYTHONDONTWRITE"))}  # noqa: TID251
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**kept, **variables}) as process:
        try:
            yield RunningAirflow(root, port, process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(60)


def wait_for(is_so: Callable[[], object], seconds: float = START_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.5)


def family(pid: int) -> set[int]:
    """A process's children and theirs."""
    shown = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.split()
    parents = {int(child): int(parent) for child, parent in zip(shown[::2], shown[1::2], strict=True)}
    found: set[int] = set()
    level = {pid}
    while level:
        level = {child for child, parent in parents.items() if parent in level}
        found |= level
    return found


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that waits for its parent to look does not."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


def listening(pid: int) -> set[tuple[str, int]]:
    """IPv4 addresses that the process or its children listen on; one of IPv6 counts by its first four bytes."""
    sockets = {str(link.readlink()) for each in (pid, *family(pid)) for link in _descriptors(each)}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="utf-8").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                address, port = fields[1].split(":")
                found.add((".".join(str(int(address[at : at + 2], 16)) for at in (6, 4, 2, 0)), int(port, 16)))
    return found


def has_open(pid: int, file: Path) -> bool:
    """Whether a child of the process, or one of theirs, has the file open: a run that waits for its dataset has the lock's."""
    for link in (link for each in family(pid) for link in _descriptors(each)):
        with suppress(FileNotFoundError):  # closed meanwhile
            if link.readlink() == file:
                return True
    return False


def _descriptors(pid: int) -> list[Path]:
    folder = Path(f"/proc/{pid}/fd")
    try:
        return [link for link in folder.iterdir() if link.is_symlink()]
    except FileNotFoundError:
        return []
