"""Messages, killed programs and a restarted broker: none is missing, and each (segment, row) is in bronze once."""

import random
import subprocess
import threading
import time

import pytest

from support.mqtt_broker import make_broker, publish
from support.mqtt_plant import MqttPlant, kill, reading, stop

pytestmark = pytest.mark.slow


@pytest.fixture
def broker(tmp_path):
    found = make_broker(tmp_path / "broker")
    found.start()
    yield found
    found.stop()


def publish_slowly(broker, count, restarts, done):
    """Publish in so many parts, with a restart of the broker between two; what the broker said it has, it has saved."""
    part = -(-count // (restarts + 1))
    for number in range(restarts + 1):
        publish(broker, map(reading, range(number * part, min(count, (number + 1) * part))))
        if number < restarts:
            time.sleep(2.5)  # it acknowledges before it saves, which it does once a second
            broker.stop()
            time.sleep(0.3)
            broker.start()
    done.set()


@pytest.mark.parametrize(
    ("count", "collector_kills", "drain_kills", "restarts"),
    [
        pytest.param(2_000, 1, 1, 0, id="few"),
        pytest.param(20_000, 3, 3, 1, id="tenth", marks=pytest.mark.exhaustive),
        pytest.param(200_000, 20, 10, 3, id="whole", marks=[pytest.mark.exhaustive, pytest.mark.timeout(1500)]),
    ],
)
def test_no_message_is_lost_and_none_is_in_bronze_twice(tmp_path, broker, count, collector_kills, drain_kills, restarts):
    dice = random.Random(20261130)
    plant = MqttPlant(tmp_path / "plant", broker.url)
    collector = plant.collect()
    plant.wait_for("source_connected", collector.pid)
    done = threading.Event()
    sender = threading.Thread(target=publish_slowly, args=(broker, count, restarts, done))
    sender.start()
    drain: subprocess.Popen | None = None
    kills = {"collector": 0, "drain": 0}
    while not done.is_set() or kills["collector"] < collector_kills or kills["drain"] < drain_kills:
        time.sleep(dice.uniform(0.2, 1.5))
        if kills["drain"] < drain_kills:
            if drain and drain.poll() is None and dice.random() < 0.8:
                kill(drain)
                kills["drain"] += 1
            if drain is None or drain.poll() is not None:
                drain = plant.drain()
        if kills["collector"] < collector_kills and dice.random() < 0.7:
            kill(collector)
            kills["collector"] += 1
            collector = plant.collect()
        assert collector.poll() is None
    sender.join()
    if drain:
        drain.wait(120)
    plant.wait_for("source_connected", collector.pid)
    wait_until_quiet(plant)
    assert stop(collector) == 0
    assert plant.drain().wait(300) == 0
    [bronze] = plant.fetch("SELECT count(*) AS n, count(DISTINCT (_file_seq, _row)) AS places FROM bronze.line")
    assert bronze["n"] == bronze["places"] >= count
    [silver] = plant.fetch("SELECT count(*) AS n, count(DISTINCT (series, ts)) AS keys, sum(value) AS total FROM silver.line")
    assert silver == {"n": count, "keys": count, "total": sum(number + 0.5 for number in range(count))}
    [runs] = plant.fetch(
        "SELECT sum(bronze) AS bronze, sum(silver + duplicates + quarantine) AS judged, sum(rejects) AS rejects FROM governance.runs"
    )
    assert runs == {"bronze": bronze["n"], "judged": bronze["n"], "rejects": 0}
    assert (kills, bronze["n"] - count < count) == ({"collector": collector_kills, "drain": drain_kills}, True)


def wait_until_quiet(plant, seconds=120):
    """Until the collector has had nothing for a while."""
    deadline, before, since = time.monotonic() + seconds, -1, time.monotonic()
    while time.monotonic() < deadline:
        if plant.state.messages != before:
            before, since = plant.state.messages, time.monotonic()
        if time.monotonic() - since > 4 and plant.state.unlanded == 0:
            return
        time.sleep(0.2)
