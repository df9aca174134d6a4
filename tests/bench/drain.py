"""Draining landed messages against reading the same rows from Parquet files: bronze, silver, verdicts and lineage of both.

Usage: PYTHONPATH=tests python tests/bench/drain.py [ROWS …]. Each run is a process of its own in a new project, interleaved; figures are
medians of the seconds of the run alone (imports left out).
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lakeward.core.settings import Settings
from lakeward.flows import run_dataset
from lakeward.sources.segments import SegmentStore
from support.mqtt_plant import CONTRACT, START_MS, MqttPlant, reading
from support.segments import land_messages

PAIRS, SEGMENT, FILES = 3, 5000, 4
SOURCE = CONTRACT[CONTRACT.index("    value:\n") : CONTRACT.index("  - {property: timeColumn")]
FILE_CONTRACT = CONTRACT.replace(SOURCE, '    value: {path: inbox/line, pattern: "*.parquet", format: parquet}\n').replace(
    ", customProperties: [{property: timeFormat, value: epoch_ms}]", ""
)


def land(root: Path, rows: int) -> None:
    """Messages of the United Manufacturing Hub, as a collector lands them."""
    store = SegmentStore.of_dataset(root / "lake" / "landing", "line")
    for start in range(0, rows, SEGMENT):
        land_messages(store, [reading(number, 500) for number in range(start, min(start + SEGMENT, rows))])


def drop(root: Path, rows: int) -> None:
    """The same rows as Parquet files."""
    folder = root / "inbox" / "line"
    folder.mkdir(parents=True)
    for part in range(FILES):
        numbers = range(part * rows // FILES, (part + 1) * rows // FILES)
        table = pa.table(
            {
                "series": [f"umh/v1/acme/t{number % 500}" for number in numbers],
                "ts": pa.array([(START_MS + number) * 1000 for number in numbers], pa.timestamp("us", "UTC")),
                "value": [number + 0.5 for number in numbers],
            }
        )
        pq.write_table(table, folder / f"{part}.parquet")


WAYS = {"messages": (CONTRACT, land), "files": (FILE_CONTRACT, drop)}


def run_alone(root: str) -> None:
    """One run, measured."""
    settings = Settings.load(Path(root), environ={"LAKEWARD_CONN_PLANT_BROKER": "mqtt://127.0.0.1:1"})
    begin, processor = time.perf_counter(), time.process_time()
    counts = run_dataset(settings, "line").counts
    seconds, processor = time.perf_counter() - begin, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"rows": counts.silver, "seconds": seconds, "processor": processor, "peak": peak}))


def measure(rows: int) -> None:
    """Print the medians of both ways, and their ratios."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in WAYS}
    for _ in range(PAIRS):
        for name, (contract, deliver) in WAYS.items():
            with tempfile.TemporaryDirectory() as folder:
                plant = MqttPlant(Path(folder) / "plant", "mqtt://127.0.0.1:1", contract)
                deliver(plant.root, rows)
                words = [sys.executable, __file__, "run", str(plant.root)]
                said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
                found[name].append(json.loads(said.splitlines()[-1]))
    medians = {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for name, runs in found.items()}
    for name, middle in medians.items():
        assert middle["rows"] == rows, (name, middle)
        print(
            f"{rows} rows, {name}: {middle['seconds']:.2f} s wall, {middle['processor']:.2f} s of processor, "
            f"{rows / middle['seconds']:.0f} rows/s, peak {middle['peak']:.0f} MB"
        )
    ratios = [medians["messages"][key] / medians["files"][key] for key in ("seconds", "processor")]
    print(f"messages / files: {ratios[0]:.2f} wall, {ratios[1]:.2f} processor; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        run_alone(sys.argv[2])
    else:
        for amount in map(int, sys.argv[1:] or ["1000000"]):
            measure(amount)
