"""Messages of MQTT from their sender to a served view: latency, the collector's speed, and a day in time lapse.

Usage: PYTHONPATH=tests python tests/bench/streams.py [latency|collect|soak] … [--rate N] [--seconds N] [--messages N]. Needs mosquitto.
Every program is a process of its own, as a plant has them; processor seconds and memory are those of each.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from lakeward.core.settings import Settings
from lakeward.flows import grade_dataset, open_connection
from lakeward.sources.collectors.mqtt_sender import MqttSender
from support.mqtt_broker import Broker, make_broker, publish
from support.mqtt_plant import CONTRACT, START_MS, MqttPlant, reading, stop

SERVED = CONTRACT + "  - {property: dataClass, value: production}\n"
ROLE, TAGS = "analyst", 500
# Seconds between two looks at the served view, and the bucket of a latency.
LOOK, BUCKET = 0.5, 0.1
# Readings that a day of 25 messages a second has, and between two of which so many milliseconds are.
DAY_MESSAGES, DAY_MS = 2_160_000, 40


def used(process: subprocess.Popen) -> tuple[float, int, int]:
    """Processor seconds, and megabytes of memory now and at the most."""
    folder = Path(f"/proc/{process.pid}")
    cells = (folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
    lines = dict(line.split(":", 1) for line in (folder / "status").read_text(encoding="ascii").splitlines() if ":" in line)
    memory = [int(lines[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM")]
    return (int(cells[11]) + int(cells[12])) / os.sysconf("SC_CLK_TCK"), *memory


def send(port: int, rate: int, count: int, step_ms: int) -> None:
    """Send so many messages a second; their times are now, or go on by so many milliseconds."""
    with MqttSender("127.0.0.1", port) as sender:
        began = time.monotonic()
        for number in range(count):
            ahead = began + number / rate - time.monotonic()
            if ahead > 0.002:
                time.sleep(ahead)
            at = START_MS + number * step_ms if step_ms else time.time_ns() // 1_000_000
            sender.send(f"umh/v1/acme/t{number % TAGS}", b'{"timestamp_ms":%d,"value":%d.5}' % (at, number))


def start_sender(broker: Broker, rate: int, count: int, step_ms: int = 0) -> subprocess.Popen:
    words = [sys.executable, __file__, "send", "--port", broker.port, "--rate", rate, "--messages", count, "--step", step_ms]
    return subprocess.Popen(list(map(str, words)))


class Programs:
    """A plant with its collector and the run that follows it."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.plant = MqttPlant(folder, broker.url, SERVED)
        self.settings = Settings.load(self.plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": broker.url})
        self.collector = self.plant.collect()
        self.plant.wait_for("source_connected", self.collector.pid)
        publish(broker, [("umh/v1/acme/first", b'{"timestamp_ms":1,"value":-1}')])
        self.follower = self.plant.start("run", "line", "--follow")
        while "silver" not in {path.name for path in (self.plant.root / "lake").glob("*")}:
            time.sleep(0.2)
        time.sleep(2)
        grade_dataset(self.settings, "line")

    def visible(self) -> int:
        """Readings that the role sees."""
        with open_connection(self.settings, ROLE) as con:
            return con.sql("SELECT count(*) FROM silver.line WHERE value >= 0").fetchone()[0]

    def end(self) -> None:
        for process in (self.collector, self.follower):
            stop(process)


def quantile(found: Counter, share: float) -> float:
    """Seconds below which so many of the messages were seen."""
    left = share * found.total()
    for bucket in sorted(found):
        left -= found[bucket]
        if left <= 0:
            return (bucket + 1) * BUCKET
    return float("nan")


def latency(folder: Path, broker: Broker, rate: int, seconds: int) -> None:
    """From sending to the first look that sees a message in the served view of a role."""
    programs = Programs(folder, broker)
    before = [used(process)[0] for process in (programs.collector, programs.follower)]
    count, last, found = rate * seconds, -1, Counter()
    sender = start_sender(broker, rate, count)
    with open_connection(programs.settings, ROLE) as con:
        deadline = time.monotonic() + 3 * seconds + 120
        while found.total() < count and time.monotonic() < deadline:
            time.sleep(LOOK)
            query = f"""SELECT floor(({time.time() * 1000} - epoch_ms(ts)) / {BUCKET * 1000})::BIGINT, count(*), max(value)
                FROM silver.line WHERE value > {last} GROUP BY 1"""
            rows = con.sql(query).fetchall()
            found.update({bucket: amount for bucket, amount, _ in rows})
            last = max([last, *(most for *_, most in rows)])
    sender.kill()
    sender.wait()
    figures = {
        "messages per second": rate,
        "seen": f"{found.total()} of {count}",
        "p50, p95, max in s": [round(quantile(found, share), 1) for share in (0.5, 0.95, 1.0)],
        "load": os.getloadavg()[0],
    }
    for name, process, start in zip(("collector", "run --follow"), (programs.collector, programs.follower), before, strict=True):
        processor, _, peak = used(process)
        figures[name] = f"{processor - start:.1f} processor s, {peak} MB"
    programs.end()
    print(json.dumps({"latency": figures}))


def collect(folder: Path, broker: Broker, count: int) -> None:
    """What waits at the broker for a collector that was away."""
    plant = MqttPlant(folder, broker.url, SERVED)
    first = plant.collect()
    plant.wait_for("source_connected", first.pid)
    stop(first)
    publish(broker, map(reading, range(count)))
    began = time.monotonic()
    collector = plant.collect()
    plant.wait_for("source_connected", collector.pid)
    connected = time.monotonic()
    while plant.state.messages < count or plant.state.unlanded:
        time.sleep(0.1)
    ended = time.monotonic()
    processor, _, peak = used(collector)
    stop(collector)
    figures = {
        "messages": count,
        "messages per second": round(count / (ended - connected)),
        "start in s": round(connected - began, 1),
        "collector": f"{processor:.1f} processor s, {peak} MB",
        "load": os.getloadavg()[0],
    }
    print(json.dumps({"collect": figures}))


def soak(folder: Path, broker: Broker, rate: int, count: int) -> None:
    """A day of 25 messages a second, sent faster: memory of both programs over time, and whether each reading is there."""
    programs = Programs(folder, broker)
    sender, samples, began = start_sender(broker, rate, count, DAY_MS), [], time.monotonic()
    while sender.poll() is None:
        time.sleep(5)
        samples.append([used(process)[1] for process in (programs.collector, programs.follower)])
    deadline = time.monotonic() + 180
    while (seen := programs.visible()) < count and time.monotonic() < deadline:
        time.sleep(1)
    thirds = [samples[len(samples) * part // 3 : len(samples) * (part + 1) // 3] for part in range(3)]
    figures: dict[str, object] = {
        "seen": f"{seen} of {count}",
        "seconds": round(time.monotonic() - began),
        "load": os.getloadavg()[0],
    }
    for at, (name, process) in enumerate((("collector", programs.collector), ("run --follow", programs.follower))):
        middle = [round(statistics.median(one[at] for one in third)) for third in thirds]
        processor, _, peak = used(process)
        figures[name] = {"median MB of each third": middle, "peak MB": peak, "processor s": round(processor, 1)}
    programs.end()
    print(json.dumps({"soak": figures}))


def main() -> None:
    """Run the parts that were asked for, each with a broker and a plant of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", default=["latency", "collect", "soak"])
    for name, default in (("rate", 0), ("seconds", 120), ("messages", 0), ("port", 0), ("step", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    if options.parts == ["send"]:
        send(options.port, options.rate, options.messages, options.step)
        return
    for part in options.parts:
        for rate in [options.rate] if options.rate else {"latency": [1000, 5000]}.get(part, [4000]):
            with tempfile.TemporaryDirectory() as name:
                broker = make_broker(Path(name) / "broker")
                broker.start()
                plant = Path(name) / "plant"
                try:
                    if part == "latency":
                        latency(plant, broker, rate, options.seconds)
                    elif part == "collect":
                        collect(plant, broker, options.messages or 200_000)
                    else:
                        soak(plant, broker, rate, options.messages or DAY_MESSAGES)
                finally:
                    broker.stop()


if __name__ == "__main__":
    main()
