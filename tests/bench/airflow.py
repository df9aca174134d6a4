"""A real Airflow with its database in PostgreSQL over an estate of datasets: parsing, one run, and many runs at once.

    PYTHONPATH=tests python tests/bench/airflow.py [--datasets 500] [--at-once 20]

Airflow is what `lakeward airflow up` starts: four processes, four tasks at a time. Lag is the time from the
moment that a run is asked for until its task starts; with more runs than slots it is mostly waiting for a slot. Memory is proportional (PSS), of
all processes of Airflow, the database's not among them. Datasets that are not asked to run are paused.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Self
from urllib.parse import quote

from support.airflow_services import RunningAirflow, airflow_up, family, free_port, wait_for
from support.estates import deliver, make_estate
from support.postgres import PostgresServer, postgres_server

# So seldom that a dataset runs by itself once, when its DAG is first seen.
SELDOM = "  - {property: schedule, value: 720h}\n"
# The others wait: on a plant not all datasets begin in one minute.
PAUSED = """
for name, dag in list(globals().items()):
    number = name.rpartition("_")[2]
    if number.isdigit() and int(number) > AT_ONCE:
        dag.is_paused_upon_creation = True
"""
# As a process of Airflow that has just started: imports, then the file.
PARSE = """
import json, time
began = time.perf_counter(), time.process_time()
from lakeward.orchestration.factory import dags
imported = time.perf_counter(), time.process_time()
count = len(dags("."))
ended = time.perf_counter(), time.process_time()
print(json.dumps([count, imported[0] - began[0], ended[0] - imported[0], imported[1] - began[1], ended[1] - imported[1]]))
"""


class Memory:
    """The highest proportional memory of a process and its children, looked at every second."""

    def __init__(self, pid: int) -> None:
        self.peak, self._pid, self._stop = 0, pid, Event()
        self._thread = Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(1.0):
            self.peak = max(self.peak, sum(_pss(pid) for pid in family(self._pid)))


def _pss(pid: int) -> int:
    """MiB of a process; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("Pss:"))


def _cpu(*pids: int) -> float:
    """CPU seconds of processes, and of their children that have ended."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:  # ended meanwhile: its parent has it
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def measure_parsing(root: Path) -> None:
    """The file in processes of their own, three times."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}  # noqa: TID251
    environ = {**kept, "AIRFLOW_HOME": str(root / ".airflow")}
    runs = []
    for _ in range(4):  # the first writes bytecode
        words = [sys.executable, "-c", PARSE]
        done = subprocess.run(words, cwd=root, env=environ, capture_output=True, text=True, check=True)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    count, *figures = (statistics.median(column) for column in zip(*runs[1:], strict=True))
    wall_imports, wall, cpu_imports, cpu = figures
    print(
        f"file of {count:.0f} DAGs, own process: {wall:.2f} s ({cpu:.2f} CPU), imports before {wall_imports:.2f} s ({cpu_imports:.2f} CPU)"
    )


def measure_estate(airflow: RunningAirflow, server: PostgresServer, datasets: int) -> None:
    """What Airflow says of its parses, and the versions of DAGs after one contract was changed; its DAG has run, else the version would be replaced."""
    database = server.of_database("airflow")
    parsed = float(database.execute("SELECT max(last_parse_duration) FROM dag")[0][0])
    versions = int(database.execute("SELECT count(*) FROM dag_version")[0][0])
    [processor] = [pid for pid in family(airflow.process.pid) if b"dag-processor" in _words(pid)]
    began, used = time.monotonic(), _cpu(processor)
    contract = airflow.root / "expectations" / "datasets" / "line_0001" / "contract.odcs.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("version: 1.0.0", "version: 1.1.0"), encoding="utf-8")
    wait_for(lambda: int(database.execute("SELECT count(*) FROM dag_version")[0][0]) > versions, 600)
    time.sleep(5)
    new = int(database.execute("SELECT count(*) FROM dag_version")[0][0]) - versions
    share = (_cpu(processor) - used) / (time.monotonic() - began)
    print(
        f"parse by Airflow itself: {parsed:.2f} s; {versions} versions of {datasets} contracts; one changed contract: {new} new"
    )
    print(f"DAG processor meanwhile: {100 * share:.0f} % of a core")


def _words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _done(database: PostgresServer) -> int:
    return int(database.execute("SELECT count(*) FROM dag_run WHERE state = 'success' AND dag_id LIKE 'ingest%'")[0][0])


def measure_one(airflow: RunningAirflow, dag: str) -> None:
    """From the call to the end of the run, and its parts."""
    began = time.monotonic()
    run = airflow.start(dag)
    assert airflow.wait_for_run(dag, run) == "success"
    seconds = time.monotonic() - began
    lag, task, end = _parts(airflow, dag, run)
    print(
        f"  {seconds:.1f} s by the caller's clock; task starts after {lag:.1f} s, takes {task:.1f} s, run ends {end:.1f} s after it"
    )


def _parts(airflow: RunningAirflow, dag: str, run: str) -> tuple[float, float, float]:
    """Seconds until the task starts, that it takes, and until the run ends then."""
    path = f"/api/v2/dags/{dag}/dagRuns/{quote(run)}"
    found = airflow.call(path)
    [task] = airflow.call(f"{path}/taskInstances")["task_instances"]
    times = [
        datetime.fromisoformat(each) for each in (found["queued_at"], task["start_date"], task["end_date"], found["end_date"])
    ]
    asked, started, ended, finished = times
    return (started - asked).total_seconds(), (ended - started).total_seconds(), (finished - ended).total_seconds()


def measure_many(airflow: RunningAirflow, names: list[str]) -> None:
    """Runs that are asked for at the same moment."""
    began, used = time.monotonic(), _cpu(*family(airflow.process.pid))
    with Memory(airflow.process.pid) as memory, ThreadPoolExecutor(len(names)) as pool:
        runs = list(pool.map(lambda name: (f"ingest__{name}", airflow.start(f"ingest__{name}")), names))
        asked = time.monotonic() - began
        states = [airflow.wait_for_run(*run) for run in runs]
    seconds, cpu = time.monotonic() - began, _cpu(*family(airflow.process.pid)) - used
    lags, tasks, _ = zip(*(_parts(airflow, *run) for run in runs), strict=True)
    good = states.count("success")
    print(
        f"{len(names)} runs at once: {good} succeeded in {seconds:.1f} s (asked for within {asked:.1f} s), {cpu / len(names):.1f} CPU s a run"
    )
    print(f"  lag {min(lags):.1f} s at least, {statistics.median(lags):.1f} s in the median, {max(lags):.1f} s at most")
    print(f"  a task {statistics.median(tasks):.1f} s in the median, {max(tasks):.1f} s at most; {memory.peak} MiB at most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, postgres_server() as server:
        server.execute("CREATE DATABASE airflow")
        root = make_estate(Path(home) / "estate", options.datasets)
        for contract in root.glob("expectations/datasets/*/contract.odcs.yaml"):
            contract.write_text(contract.read_text(encoding="utf-8") + SELDOM, encoding="utf-8")
        with (root / "dags" / "lakeward_dags.py").open("a", encoding="utf-8") as file:
            file.write(PAUSED.replace("AT_ONCE", str(options.at_once)))
        measure_parsing(root)
        began = time.monotonic()
        with airflow_up(
            root, free_port(), "--database", "airflow", LAKEWARD_CONN_AIRFLOW=server.of_database("airflow").url
        ) as airflow:
            assert "passwords.json" in airflow.process.stdout.readline()
            airflow.sign_in()
            print(f"all processes up after {time.monotonic() - began:.1f} s")
            database = server.of_database("airflow")
            wait_for(lambda: int(database.execute("SELECT count(*) FROM dag_version")[0][0]) >= options.datasets, 600)
            print(f"all DAGs there after {time.monotonic() - began:.1f} s")
            wait_for(lambda: _done(database) > options.at_once, 600)
            print(f"the first batch of {options.at_once + 1} datasets published after {time.monotonic() - began:.1f} s")
            for day, what in enumerate(("nothing new", "nothing new", "a small batch", "a small batch")):
                if what == "a small batch":
                    deliver(root, "line_0000", day)
                print(what)
                measure_one(airflow, "ingest__line_0000")
            for day in (0, 1):
                for number in range(1, 1 + options.at_once) if day else ():
                    deliver(root, f"line_{number:04}", day)
                print("with a small batch each" if day else "with nothing new")
                measure_many(airflow, [f"line_{number:04}" for number in range(1, 1 + options.at_once)])
            measure_estate(airflow, server, options.datasets)


if __name__ == "__main__":
    main()
