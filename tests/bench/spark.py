"""The Spark engine against stock PySpark with delta-spark and Great Expectations, bare writes of Spark, and our embedded engine.

Usage: python tests/bench/spark.py [PART …] [--rows ROWS] [--warm N] [--master MASTER]. Parts: `whole` (bronze, 14 rules, silver; a cold
batch in a fresh session, then warm ones), `judge` (the 14 rules alone, both judges in one session), `small` (batches of 1,000 rows),
`long` (ours at ROWS and at ten times as many, on a cluster: does the time grow linearly, does the driver stay flat?). All without one.
MASTER is `local[2]`, or `cluster`: two workers of one core on this machine, so that driver and executors are told apart.

Every contender is a process of its own with a lake of its own. Prints Markdown; runs are kept in `.cache/bench/spark.jsonl`, so that a
bench that was stopped goes on: remove the file to begin anew.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from governed_ingest import make_file  # noqa: E402
from quality import CACHE, SECONDS_BETWEEN_LOOKS, read_log, resident  # noqa: E402

from support.spark_cluster import CONF, DIE_WITH_PARENT, Cluster, cluster  # noqa: E402

LOG = CACHE / "spark.jsonl"
LOCAL, CLUSTER = "local[2]", "cluster"
SMALL = 1_000
SMALL_BATCHES = 8  # days of March that a file can be of, less one
# What all contenders get; the driver of a cluster has no rows to hold.
SESSION = {"spark.sql.shuffle.partitions": "4", "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
# Of the tests' cluster all but its Java without the second compiler, which a bench is long enough for.
PLACES = {name: value for name, value in CONF.items() if not name.endswith("JavaOptions")}
HEAP = {LOCAL: {"spark.driver.memory": "6g"}, CLUSTER: PLACES | {"spark.driver.memory": "600m", "spark.executor.memory": "2g"}}
WORKER = "2g"
WHOLE = ("stock", "bare", "lakeward_spark", "lakeward_embedded")


def files(rows: int, count: int) -> list[Path]:
    """Days of telemetry, made once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    made = [CACHE / f"spark-{rows}-{day}.parquet" for day in range(1, count + 1)]
    for day, path in enumerate(made, 1):
        if not path.exists():
            half = path.with_suffix(".half")
            make_file(half, rows, day)
            half.rename(path)
    return made


@contextmanager
def masters(master: str) -> Iterator[tuple[str, Cluster | None]]:
    if master != CLUSTER:
        yield master, None
        return
    with tempfile.TemporaryDirectory(dir=CACHE) as folder, cluster(Path(folder), memory=WORKER) as running:
        yield running.master, running


def run(contender: str, rows: int, count: int, master: str) -> dict[str, Any]:
    """One process from its start to its end: seconds by step, and the highest resident memory of driver and executors in MiB."""
    paths = files(rows, count)
    place = Path(tempfile.mkdtemp(dir=CACHE))
    with masters(master) as (url, running), (CACHE / "contender.log").open("w") as log:
        conf = json.dumps(HEAP[master] | SESSION)
        words = [
            *DIE_WITH_PARENT,
            sys.executable,
            str(HERE / "spark_contenders.py"),
            contender,
            url,
            str(place),
            conf,
            *map(str, paths),
        ]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
        driver = executors = 0.0
        while process.poll() is None:
            driver = max(driver, resident(process.pid))
            executors = max(executors, sum(map(resident_memory, running.executors()))) if running else 0.0
            time.sleep(SECONDS_BETWEEN_LOOKS)
        said, _ = process.communicate()
    shutil.rmtree(place)
    if process.returncode:
        raise SystemExit(f"{contender}: expected exit code 0, found {process.returncode}; see {CACHE}/contender.log")
    steps = {one["step"]: one["seconds"] for one in map(json.loads, filter(_is_step, said.splitlines()))}
    return {"steps": steps, "driver": driver, "executors": executors}


def _is_step(line: str) -> bool:
    return line.startswith('{"step"')


def resident_memory(pid: int) -> float:
    """MiB that a process holds now; 0 for one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 2**10


def measure(contender: str, rows: int, count: int, master: str) -> dict[str, Any]:
    """The run from the log, or a new one."""
    key = {"contender": contender, "rows": rows, "count": count, "master": master}
    for entry in read_log(LOG):
        if key.items() <= entry.items():
            return entry
    found = key | run(contender, rows, count, master)
    with LOG.open("a") as log:
        log.write(json.dumps(found) + "\n")
    return found


def warm(found: dict[str, Any], step: str) -> float:
    """Median of the steps of that name after the first."""
    return statistics.median(seconds for name, seconds in found["steps"].items() if name.startswith(step) and name != f"{step} 0")


def whole(rows: int, rounds: int, master: str) -> None:
    runs = {name: measure(name, rows, rounds + 1, master) for name in WHOLE}
    print(f"\n| {rows:,} rows, {master} | session s | cold batch s | warm batch s | driver MiB | executors MiB |")
    print("|---|---|---|---|---|---|")
    for name, found in runs.items():
        steps = found["steps"]
        times = f"{steps.get('session', 0):.1f} | {steps['batch 0']:.1f} | {warm(found, 'batch'):.1f}"
        print(f"| {name} | {times} | {found['driver']:.0f} | {found['executors']:.0f} |")
    for theirs, limit in (("bare", "≤ 1.5"), ("stock", ""), ("lakeward_embedded", "")):
        of = {"cold": lambda found: found["steps"]["batch 0"], "warm": lambda found: warm(found, "batch")}
        said = ", ".join(f"{when} {one(runs['lakeward_spark']) / one(runs[theirs]):.2f} ×" for when, one in of.items())
        print(f"\nlakeward_spark / {theirs}: {said} {limit and f'(target {limit} ×)'}")


def judge(rows: int, rounds: int, master: str) -> None:
    first = {
        "gx": measure("judges", rows, rounds + 1, master),
        "lakeward": measure("judges_ours_first", rows, rounds + 1, master),
    }
    cold = {name: found["steps"][f"{name} 0"] for name, found in first.items()}
    hot = {name: statistics.median(warm(found, name) for found in first.values()) for name in first}
    print(f"\n| {rows:,} rows, {master}, 14 rules | cold s | warm s, the same session |\n|---|---|---|")
    for name in first:
        print(f"| {name} | {cold[name]:.2f} | {hot[name]:.2f} |")
    ratios = [times["gx"] / times["lakeward"] for times in (cold, hot)]
    print(f"\ngx / lakeward: cold {ratios[0]:.1f} ×, warm {ratios[1]:.1f} × (target ≥ 5 ×)")


def small(_: int, __: int, master: str) -> None:
    found = measure("lakeward_spark", SMALL, SMALL_BATCHES, master)
    each = ", ".join(f"{seconds:.1f}" for name, seconds in found["steps"].items() if name.startswith("batch"))
    print(
        f"\nBatches of {SMALL:,} rows, {master}, one session: {each} s; warm median {warm(found, 'batch'):.2f} s (target < 3 s)"
    )


def long(rows: int, _: int, __: int) -> None:
    runs = {size: measure("lakeward_spark", size, 1, CLUSTER) for size in (rows, rows * 10)}
    print("\n| rows, cluster of two cores | batch s | µs per row | driver MiB | executors MiB |\n|---|---|---|---|---|")
    for size, found in runs.items():
        seconds = found["steps"]["batch 0"]
        print(f"| {size:,} | {seconds:.1f} | {seconds / size * 1e6:.2f} | {found['driver']:.0f} | {found['executors']:.0f} |")


PARTS = {"whole": whole, "judge": judge, "small": small, "long": long}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--warm", type=int, default=2, help="warm batches or rounds after the cold one")
    parser.add_argument("--master", choices=(LOCAL, CLUSTER), default=LOCAL)
    given = parser.parse_args()
    for part in given.parts:
        PARTS[part](given.rows, given.warm, given.master)
