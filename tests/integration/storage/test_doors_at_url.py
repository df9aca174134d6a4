"""Doors of a plant over a lake in an object store: collector and run are killed once each, and what comes out is what was sent."""

import time

import pytest

from lakeward.flows import run_dataset
from lakeward.sources.collectors.state import LISTENING
from support import http_door, kafka_cluster, modbus_plant, opcua_plant, sparkplug_segments
from support.kafka_cluster import create_topic, free_port, message_value, produce
from support.modbus_plant import build_server, server
from support.mqtt_broker import make_broker
from support.mqtt_plant import MqttPlant, kill, stop
from support.remote_collectors import settings_of, start_collector
from support.remote_plant import other_machine, point_to_store
from support.sparkplug_edge import Edge

pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(400)]


@pytest.fixture
def make(endpoint, tmp_path):
    """`make(url, contract)`: a plant whose lake lies in the store."""

    def made(url, contract):
        plant = MqttPlant(tmp_path / "first", url, contract)
        point_to_store(plant.root, endpoint, f"door-{tmp_path.name}")
        return plant

    return made


def run_killed_once(plant, tmp_path):
    """A run is killed on the way, and the next ones, here and on another machine, end it."""
    drain = plant.drain()
    time.sleep(1.5)
    kill(drain)
    assert plant.drain().wait(120) == 0
    there = settings_of(plant, other_machine(plant.root, tmp_path / "other"))
    assert run_dataset(there, "line").batches == 0


def test_messages_pushed_by_http(make, tmp_path):
    url = f"http://127.0.0.1:{free_port()}"
    plant = make(url, http_door.CONTRACT)
    sender = http_door.Sender(url, http_door.tokens(settings_of(plant, plant.root))["gateway"])
    for first in (0, 100):
        collector = start_collector(plant, LISTENING)
        for number in range(first, first + 100):
            assert sender.post(f"/v1/line/{number % 7}", http_door.message(number), Idempotency_Key=f"id-{number}")[0] == 200
        if not first:
            kill(collector)
    assert stop(collector) == 0
    run_killed_once(plant, tmp_path)
    assert plant.fetch("SELECT count(*) AS n, count(DISTINCT number) AS different FROM silver.line") == [
        {"n": 200, "different": 200}
    ]


def test_values_of_opc_ua(make, tmp_path):
    pytest.importorskip("asyncua", reason="asyncua is missing: pip install asyncua")
    nodes = opcua_plant.NodeServer(tmp_path / "server", 5)
    plant = make(f"opc.tcp://127.0.0.1:{nodes.port}/UA/plant", opcua_plant.CONTRACT)
    (plant.root / "expectations" / "datasets" / "line" / "series.csv").write_text(opcua_plant.mapping(5))
    for first in (1, 21):
        collector = start_collector(plant)
        for number in range(first, first + 20):
            nodes.say(tick=number)
            time.sleep(0.25)
        if first == 1:
            kill(collector)
    time.sleep(6)
    assert stop(collector) == 0
    nodes.stop()
    run_killed_once(plant, tmp_path)
    rows = plant.fetch("SELECT series, value FROM silver.line WHERE value >= 10000 ORDER BY series, ts")
    for tag in range(5):
        values = [int(row["value"]) for row in rows if row["series"] == f"line0/tag{tag}"]
        assert values == [number * 10000 + tag for number in range(1, 41)]


def test_registers_of_modbus(make, tmp_path):
    pytest.importorskip("pymodbus", reason="pymodbus is missing: pip install pymodbus")
    port, program = free_port(), build_server(tmp_path)
    plant = make(f"modbus://127.0.0.1:{port}", modbus_plant.CONTRACT)
    lines = f"{modbus_plant.HEAD}line/signed,5,int16,,,,,,,\nline/long,6,int32,,,,,,,\n"
    (plant.root / "expectations" / "datasets" / "line" / "registers.csv").write_text(lines)
    with server([program, str(port)]):
        collector = start_collector(plant)
        time.sleep(3)
        kill(collector)
        collector = start_collector(plant)
        time.sleep(3)
        assert stop(collector) == 0
    run_killed_once(plant, tmp_path)
    rows = plant.fetch(
        "SELECT series, value, count(*) AS n, count(DISTINCT ts) AS times FROM silver.line GROUP BY ALL ORDER BY 1"
    )
    assert [(row["series"], row["value"]) for row in rows] == [("line/long", -70000.0), ("line/signed", -5.0)]
    assert all(row["n"] == row["times"] > 15 for row in rows)
    landed = plant.fetch("SELECT max(_file_seq) AS newest, count(DISTINCT _file_seq) AS segments FROM bronze.line")[0]
    assert landed["newest"] == landed["segments"]


def test_metrics_of_sparkplug(make, tmp_path):
    broker = make_broker(tmp_path / "broker")
    broker.start()
    plant = make(broker.url, sparkplug_segments.CONTRACT)
    edge = Edge(broker)
    collector = start_collector(plant)
    edge.be_born()
    for first in (1, 101):
        for value in range(first, first + 100):
            edge.data(value)
        time.sleep(2.5)
        if first == 1:
            kill(collector)
            collector = start_collector(plant)
            time.sleep(3)
    assert stop(collector) == 0
    edge.leave()
    broker.stop()
    run_killed_once(plant, tmp_path)
    rows = plant.fetch("SELECT series, epoch_ms(CAST(ts AS TIMESTAMPTZ)) AS ts, CAST(value AS BIGINT) AS value FROM silver.line")
    found = [
        (row["series"], row["ts"], row["value"]) for row in rows if row["value"] is not None and "bdSeq" not in row["series"]
    ]
    assert len(found) == len(set(found))
    assert set(found) == set(edge.sent)


def test_messages_of_kafka(make, tmp_path):
    broker = kafka_cluster.make_broker(tmp_path / "kafka")
    broker.start()
    create_topic(broker.options, "readings")
    plant = make(broker.url, kafka_cluster.CONTRACT.replace("payload: json\n", "payload: json\n      windowRows: 1000\n"))
    there = settings_of(plant, other_machine(plant.root, tmp_path / "second"))
    for turn in range(3):
        produce(broker.options, "readings", [(n % 4, None, message_value(n)) for n in range(turn * 2000, turn * 2000 + 2000)])
        drain = plant.drain()
        time.sleep(1.5)
        kill(drain)
        while run_dataset(there if turn % 2 else settings_of(plant, plant.root), "line").batches:
            pass
    broker.stop()
    rows = plant.fetch("SELECT number, partition, place FROM bronze.line")
    assert len(rows) == len({(row["partition"], row["place"]) for row in rows}) == 6000
    assert {int(row["number"]) for row in rows} == set(range(6000))
    assert plant.fetch("SELECT count(DISTINCT number) AS n FROM silver.line") == [{"n": 6000}]
