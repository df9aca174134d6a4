"""Unit costs of a lake: what a million rows, a batch, a dataset and a query cost; the page of capacity is computed from them.

Usage: PYTHONPATH=tests python tests/bench/capacity.py [NAME …]. Measures the named costs (all without a name: some twenty minutes), and writes
them to docs/generate/capacity.json; then `make docs`. Costs are of processor time, bytes, requests and memory, so that other work on the
machine changes them little; each comes from a real lake and from commands in processes of their own.
"""

import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from support.measured_programs import COMMAND, HOME, PARSE, measured

DATA = HOME / "docs" / "generate" / "capacity.json"
LIBRARIES = ("duckdb", "deltalake", "apache-airflow")
# Datasets of the estates, of which the smaller one is taken from the larger.
FEW, MANY = 20, 220
BATCHES, ROWS = 30, 1_000
Costs = dict[str, float]


def rows(folder: Path) -> Costs:
    """A million rows more, of Parquet and of CSV, with twenty rules, as the difference of two files; and the memory of the larger ones."""
    found: Costs = {}
    for kind, (few, many) in {"parquet": (2, 10), "csv": (1, 3)}.items():
        small, large = (ingest(folder / f"{kind}{millions}", kind, millions) for millions in (few, many))
        found[f"{kind}_cpu_per_million_rows"] = (large[0] - small[0]) / (many - few)
        found[f"{kind}_bytes_per_row"] = (large[2] - small[2]) / (many - few) / 1_000_000
        found[f"{kind}_mib"] = large[1]
        found[f"{kind}_mib_rows"] = many
    return found


def ingest(root: Path, kind: str, millions: int) -> tuple[float, float, int]:
    """Processor seconds and MiB of a run that receives one file, and the bytes of the lake after it."""
    import duckdb
    from governed_ingest import make_file, make_project

    make_project(root)
    file = root / "inbox" / "bench" / f"a.{kind}"
    make_file(file.with_suffix(".parquet"), millions * 1_000_000, 1)
    if kind == "csv":
        contract = root / "expectations/datasets/bench/contract.odcs.yaml"
        as_csv = '"*.csv", format: csv, encoding: utf-8, timezone: UTC'
        contract.write_text(contract.read_text().replace('"*.parquet", format: parquet', as_csv))
        duckdb.sql(f"SET TimeZone = 'UTC'; COPY (FROM '{file.with_suffix('.parquet')}') TO '{file}' (HEADER)")
        file.with_suffix(".parquet").unlink()
    used, stored = measured(root, COMMAND, "run", "bench"), stored_bytes(root / "lake")
    shutil.rmtree(root)
    return *used, stored


def stored_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def batches(folder: Path) -> Costs:
    """A batch of 1,000 rows alone: its command, its files, and what its logs and records take; before and after `maintain`."""
    from support.estates import deliver, make_estate

    root = make_estate(folder / "plant", 1, ROWS)
    lake = root / "lake"
    used = []
    for day in range(BATCHES):
        if day:
            deliver(root, "line_0000", day, ROWS)
        used.append(measured(root, COMMAND, "run", "line_0000").seconds)
        if day == BATCHES // 2 - 1:
            before = sizes(lake)
    after, half = sizes(lake), BATCHES - BATCHES // 2
    measured(root, COMMAND, "maintain")
    return {
        "batch_cpu": statistics.median(used[5:15]),
        **{f"batch_{name}": (after[name] - before[name]) / half for name in after},
        "maintained_governance_bytes": sizes(lake)["governance_bytes"] / BATCHES,
    }


def growth(folder: Path) -> Costs:
    """What each batch before it adds to a batch of 1,000 rows while nothing is compacted: after a week of hourly ones against after eight; the least of three."""
    from support.estates import deliver
    from support.years_of_batches import NAME, WEEK, make_year

    used = {}
    for number in (8, WEEK):
        root = make_year(folder / f"plant{number}", number, maintained=False)
        for day in (2, 3, 4):
            deliver(root, NAME, day, ROWS)
            seconds = measured(root, COMMAND, "run", NAME).seconds
            used[number] = min(used.get(number, seconds), seconds)
    return {"batch_cpu_growth": (used[WEEK] - used[8]) / (WEEK - 8)}


def sizes(lake: Path) -> dict[str, float]:
    """Bytes and files of logs, of records and of rows."""
    files = [path for path in lake.rglob("*") if path.is_file() and not {".leases", ".turns", ".scratch"} & {*path.parts}]
    logs = [path for path in files if "_delta_log" in path.parts]
    records = [path for path in files if path.relative_to(lake).parts[0] == "governance" and path not in logs]
    lineage = [path for path in files if path.relative_to(lake).parts[0] == "lineage"]
    total = {"files": len(files), "log_bytes": sum(path.stat().st_size for path in logs)}
    return total | {
        "governance_bytes": sum(path.stat().st_size for path in records),
        "lineage_bytes": sum(path.stat().st_size for path in lineage),
    }


def requests(folder: Path) -> Costs:
    """Requests to an object store: of a batch of 1,000 rows, and of a run that finds nothing new."""
    from lakeward.flows import ingest_dataset
    from support.fault_proxy import proxy
    from support.object_stores import versitygw
    from support.plant import csv_line
    from support.remote_plant import make_remote_plant

    with versitygw(folder / "store") as endpoint, proxy(endpoint) as (address, faults):
        plant = make_remote_plant(folder / "plant", address, "capacity")
        for batch in range(6):
            lines = (csv_line(f"M{batch}-{number // 60}", number % 60, 20 + number % 50 / 10) for number in range(ROWS))
            plant.drop(f"{batch}.csv", *lines)
            faults.reset()
            ingest_dataset(plant.settings, "press_line")
        batch = len(faults.seen)
        faults.reset()
        ingest_dataset(plant.settings, "press_line")
        return {"batch_requests": batch, "idle_requests": len(faults.seen)}


def datasets(folder: Path) -> Costs:
    """A dataset more in a project that has nothing to do: an idle run, `status`, a parse by Airflow, and their memory."""
    from support.large_estates import make_large_estate

    found: dict[str, list[float]] = {}
    for number in (FEW, MANY):
        root = make_large_estate(folder / f"plant{number}", number)
        for name, used in (
            ("idle_run", measured(root, COMMAND, "run")),
            ("status", measured(root, COMMAND, "status")),
            ("dag_parse", measured(root, PARSE)),
        ):
            found.setdefault(f"{name}_cpu", []).append(used.seconds)
            found.setdefault(f"{name}_mib", []).append(used.mib)
        shutil.rmtree(root)
    each = {f"{name}_per_dataset": (many - few) / (MANY - FEW) for name, (few, many) in found.items()}
    return each | {f"{name}_base": few - FEW * each[f"{name}_per_dataset"] for name, (few, _) in found.items()}


def together(folder: Path) -> Costs:
    """A batch of 200 rows of one of many datasets in the same run."""
    from support.estates import make_estate

    used = {number: measured(make_estate(folder / f"plant{number}", number), COMMAND, "run").seconds for number in (5, 30)}
    return {"shared_batch_cpu": (used[30] - used[5]) / 25}


def queries(folder: Path) -> Costs:
    """A small query of 5 masked rows through the server in one call, with the memory of gateway and worker."""
    from server import SMALL, processor_seconds

    from support.canary_lake import make_canary_lake
    from support.flight_server import Client, accounts_of, running_server, statement_ticket

    settings = make_canary_lake(folder / "plant")
    file = settings.start / "expectations/project.yaml"
    file.write_text(file.read_text() + "server: {calls_per_minute: 100000}\n")
    accounts = accounts_of(settings)
    with running_server(settings.start) as server:
        client = Client(server, accounts["analyst"])

        def ask(count: int) -> None:
            for _ in range(count):
                client.flight.do_get(statement_ticket(SMALL), client.options).read_all()

        ask(20)
        pids = [server.process.pid, *server.workers()]
        before = processor_seconds(pids)
        ask(200)
        cpu = (processor_seconds(pids) - before) / 200
        peak = [int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024 for pid in pids]
    return {"query_cpu": cpu, "gateway_mib": peak[0], "worker_mib": peak[1]}


MEASURES: dict[str, Callable[[Path], Costs]] = {
    "rows": rows,
    "batches": batches,
    "growth": growth,
    "together": together,
    "requests": requests,
    "datasets": datasets,
    "queries": queries,
}


def main(names: list[str]) -> None:
    """Measure, and write the file."""
    stored = json.loads(DATA.read_text()) if DATA.exists() else {"costs": {}}
    for name in names or MEASURES:
        with tempfile.TemporaryDirectory() as folder:
            stored["costs"] |= {key: round(value, 6) for key, value in MEASURES[name](Path(folder)).items()}
        print(name, json.dumps(stored["costs"], indent=1), flush=True)
    stored["measured"] = {
        "on": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
        "load": round(os.getloadavg()[2]),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
    }
    DATA.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
