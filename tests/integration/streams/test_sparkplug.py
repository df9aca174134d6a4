"""A host of Sparkplug B at a real broker: edges that wait for it, births that it asks for, kills, and what comes out in silver."""

import threading
import time
from contextlib import contextmanager

import pytest

from lakeward.contracts.load import parse_contract
from lakeward.core.connections import parse_connection
from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import draft_from_address, lint_contracts, project_status, run_dataset
from lakeward.sources.collectors.mqtt import MqttCollector
from lakeward.sources.collectors.sparkplug.host import SparkplugHost, subscription
from support.mqtt_broker import make_broker
from support.mqtt_plant import MqttPlant
from support.sparkplug_edge import Edge
from support.sparkplug_segments import CONTRACT


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
def settings(plant, broker):
    return Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": broker.url})


@contextmanager
def collecting(plant, broker):
    """A collector in a thread of this process, until the end of the block."""
    source = parse_contract(CONTRACT, "line").source
    landing = plant.root / "lake" / "landing"
    connection = parse_connection("plant_broker", broker.url, "test", plant.root)
    collector = MqttCollector(
        dataset="line",
        connection=connection,
        source=subscription(source),
        landing=landing,
        manner=SparkplugHost(source, landing / "line"),
    )
    stop = threading.Event()
    thread = threading.Thread(target=collector.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def silver(plant, where="value IS NOT NULL AND series NOT LIKE '%bdSeq'"):
    query = f"SELECT series, epoch_ms(ts) AS ts, value FROM silver.line WHERE {where} ORDER BY ALL"
    return [(row["series"], row["ts"], int(row["value"])) for row in plant.fetch(query)]


def test_an_edge_that_waits_is_born_when_its_host_comes_and_hears_when_it_goes(plant, broker, settings):
    edge = Edge(broker, host="scada")
    with collecting(plant, broker):
        assert edge.born.wait(20)
        for value in range(300):  # their numbers begin again after 255
            edge.data(value)
        edge.leave()
        time.sleep(0.3)
    other = Edge(broker)
    wait_until(lambda: ("scada", False) in other.states)  # retained, for edges that come later
    other.die()
    report = run_dataset(settings, "line")
    assert report.counts.rejects == 0
    assert silver(plant) == sorted(edge.sent)
    assert edge.rebirths == 0
    [line] = project_status(settings)
    assert (line.source.state, line.source.segments) == ("source_stopped", 0)
    events = plant.fetch("SELECT kind, count(*) AS n FROM governance.source_events GROUP BY kind ORDER BY kind")
    assert {"kind": "source_edge_born", "n": 1} in events


def test_data_without_a_birth_is_asked_for_and_read_again(plant, broker, settings):
    edge = Edge(broker)
    wait_until(edge.client.is_connected)
    edge.be_born()
    with collecting(plant, broker):
        wait_until(lambda: ("scada", True) in edge.states)
        edge.born.clear()
        edge.data(5)
        assert edge.born.wait(20)
        edge.data(6)
        time.sleep(0.3)
    edge.leave()
    run_dataset(settings, "line")
    assert edge.rebirths == 1
    # In one batch the birth is known already; what came before it is read by it.
    assert silver(plant) == sorted(edge.sent[2:])


@pytest.mark.exhaustive
def test_a_look_sends_nothing_and_asks_for_births_only_with_rebirth(plant, broker, settings):
    edge = Edge(broker)
    wait_until(edge.client.is_connected)
    edge.be_born()
    stop = threading.Event()
    sending = threading.Thread(target=lambda: [edge.data(n) for n in range(10_000) if not stop.wait(0.02)])
    sending.start()
    url = f"mqtt://127.0.0.1:{broker.port}/spBv1.0/G/#"
    try:
        with pytest.raises(LakewardError) as silent:
            draft_from_address(settings, "drafted", url, "1s")
        assert silent.value.code == "new_edges_silent"
        assert (edge.rebirths, edge.states) == (0, [])
        drafted = draft_from_address(settings, "drafted", url, "1s", rebirth=True)
    finally:
        stop.set()
        sending.join()
        edge.leave()
    assert edge.rebirths == 1
    assert [(one.edge, one.device, one.metrics, one.types, one.units) for one in drafted.edges] == [
        ("E", "", 2, ("Int32", "Int64"), ()),
        ("E", "D", 1, ("Int64",), ("bar",)),
    ]
    assert (drafted.folder / "series.csv").read_text().splitlines() == [
        "address,series,unit,type,interval,deadband,low,high,range",
        "G/E//a,g/e/a,,number,,,,,",
        "G/E/D/m,g/e/d/m,bar,number,,,,,",
    ]
    assert lint_contracts(settings, "drafted") == []


@pytest.mark.parametrize(
    ("url", "code"),
    [("mqtt://127.0.0.1/spBv1.0/a/b/c/d", "new_without_edges"), ("mqtt://127.0.0.1/plant/#", "new_rebirth_of_other")],
)
def test_addresses_that_name_no_edges_are_refused(plant, settings, url, code):
    with pytest.raises(LakewardError) as refused:
        draft_from_address(settings, "drafted", url, "1s", rebirth=True)
    assert refused.value.code == code
