"""Edges by other people's hands at a real broker, with kills on every side: each value that comes out is the one that an independent decoder has."""

import time

import pytest

from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.flows import Selection, Signature, replay_rows, run_dataset
from lakeward.flows.base.workspace import open_workspace
from support.mqtt_broker import make_broker
from support.mqtt_plant import MqttPlant, kill, stop
from support.sparkplug_peers import Recorder, client_edge, tahu_edge
from support.sparkplug_segments import CONTRACT

pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(600)]
# Bits of whole numbers, of which that decoder gives some without, and some with a sign of their own.
SIGNED = {"Int8": 8, "Int16": 16, "Int32": 32, "Int64": 64}
UNSIGNED = {"UInt8": 8, "UInt16": 16, "UInt32": 32, "UInt64": 64}


@pytest.fixture
def broker(tmp_path):
    broker = make_broker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def plant(tmp_path, broker):
    return MqttPlant(tmp_path / "plant", broker.url, CONTRACT)


@pytest.fixture
def recorder(tmp_path, broker):
    return Recorder(tmp_path, broker.port)


@pytest.fixture
def settings(plant, broker):
    return Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": broker.url})


def collect(plant):
    process = plant.collect()
    plant.wait_for("source_connected", process.pid)
    return process


def as_text(entry):
    """The independent value as bronze has it."""
    value, kind = entry["value"], entry["type"]
    if value is None:
        return None
    if kind in SIGNED:
        bits = SIGNED[kind]
        number = int(value) & (1 << bits) - 1
        return str(number - (number >> bits - 1 << bits))
    if kind in UNSIGNED:
        return str(int(value) & (1 << UNSIGNED[kind]) - 1)
    if kind == "DateTime":
        seconds, millis = divmod(int(value), 1000)
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{millis * 1000:06d}Z"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(float(value)) if kind in {"Float", "Double"} else str(value)


def truth(recorded, mark):
    """(address, ts) -> the values that were sent with it; only metrics of the plant."""
    found = {}
    for entry in recorded:
        if f"/{mark}/" in entry["address"]:
            found.setdefault((entry["address"], entry["ts"]), set()).add(as_text(entry))
    return found


def published(plant):
    query = """SELECT series, epoch_ms(CAST(ts AS TIMESTAMPTZ)) AS ts, coalesce(value, value_text) AS value FROM bronze.line
        WHERE series LIKE '%/m/%' AND coalesce(value, value_text) IS NOT NULL"""
    return [((row["series"], row["ts"]), row["value"]) for row in plant.fetch(query)]


def check(plant, recorded):
    """Every value is one that was sent; returns what was sent and did not come."""
    sent = truth(recorded, "m")
    rows = published(plant)
    assert rows
    wrong = [(key, value, sent.get(key)) for key, value in rows if value not in sent.get(key, ())]
    assert wrong == []
    return sent.keys() - {key for key, _ in rows}


def rejects(plant):
    with open_workspace(Settings.load(plant.root)).engine() as engine:
        return engine.fetch("SELECT reason FROM rejects.line") if engine.info(TableName(Layer.REJECTS, "line")) else []


def settle(settings):
    """Run, read again what waited for births, and count what still waits."""
    run_dataset(settings, "line")
    signature = Signature("li.wei", None, None)
    return replay_rows(settings, "line", Selection(rules=("reject_no_birth", "reject_sequence_gap")), signature)


def test_the_edge_without_aliases(plant, broker, recorder, settings, tmp_path):
    collector = collect(plant)
    edge = client_edge(tmp_path / "edge", broker.port)
    edge.say('{"say": "data", "count": 400}')
    edge.say('{"say": "data", "count": 5, "compress": true}')
    edge.say('{"say": "devicedeath"}')
    edge.say('{"say": "restart"}')
    edge.say('{"say": "data", "count": 50}')
    edge.say('{"say": "skip", "count": 3}')
    edge.say('{"say": "data", "count": 50}')
    edge.kill()
    time.sleep(8)  # until the broker misses it
    other = client_edge(tmp_path / "edge2", broker.port)
    other.say('{"say": "data", "count": 50}')
    time.sleep(1)
    assert stop(collector) == 0
    other.stop()
    settle(settings)
    assert check(plant, recorder.stop()) == set()
    kinds = {row["kind"] for row in plant.fetch("SELECT kind FROM governance.source_events")}
    assert {"source_edge_born", "source_edge_died", "source_device_born", "source_device_died", "source_sequence_gap"} <= kinds


@pytest.mark.parametrize("host", ["scada", "-"])
def test_the_edge_with_aliases(plant, broker, recorder, settings, tmp_path, host):
    edge = tahu_edge(tmp_path / "edge", broker.port, host)
    if host == "-":
        edge.wait_for("ready")
    collector = collect(plant)
    if host != "-":
        edge.wait_for("ready")
    else:
        edge.say("data 1")
        edge.wait_for("ready")  # asked for by the host
    edge.say("data 400")
    edge.say("reuse")
    edge.wait_for("ready")
    edge.say("data 100")
    edge.say("skip 2")
    edge.say("data 20")
    edge.wait_for("ready")  # asked for by the host
    edge.say("data 100")
    edge.say("restart")
    edge.wait_for("ready")
    edge.say("data 100")
    edge.say("devicedeath")
    time.sleep(1)
    assert stop(collector) == 0
    edge.kill()
    settle(settings)
    recorded = recorder.stop()
    # The birth of before the collector came; what followed it is read by the one that was asked for.
    first = [entry for entry in recorded if entry["kind"] == "DBIRTH"][:13] if host == "-" else []
    assert check(plant, recorded) == {(entry["address"], entry["ts"]) for entry in first}
    # An edge that sees its host go says once more that its device died.
    assert {row["reason"] for row in rejects(plant)} <= {"reject_death_unknown"}


def test_kills_of_host_and_drain_publish_no_wrong_value(plant, broker, recorder, settings, tmp_path):
    """What a dead host misses is missed, and shows; what comes out is right, and each record comes once."""
    edges = [client_edge(tmp_path / "npm", broker.port), tahu_edge(tmp_path / "tahu", broker.port)]
    edges[1].wait_for("ready")
    for turn in range(5):
        collector = collect(plant)
        for edge, line in zip(edges, ('{"say": "data", "count": 100}', "data 100"), strict=True):
            edge.say(line)
        if turn == 2:
            edges[1].say("reuse")
        drain = plant.drain()
        time.sleep(0.3 * turn)
        kill(drain)
        kill(collector)
        edges[0].say('{"say": "data", "count": 5}')
        edges[1].say("reuse")
    collector = collect(plant)
    edges[0].say('{"say": "data", "count": 20}')
    edges[1].say("data 20")
    time.sleep(5)
    assert stop(collector) == 0
    for edge in edges:
        edge.kill()
    settle(settings)
    check(plant, recorder.stop())
    [bronze] = plant.fetch("SELECT count(*) AS n, count(DISTINCT (_file_seq, _row)) AS places FROM bronze.line")
    assert bronze["n"] == bronze["places"]
