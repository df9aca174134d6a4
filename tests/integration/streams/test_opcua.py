"""Nodes of an OPC UA server by other people's hands: cuts, full queues, statuses, security, and what `new` proposes."""

import itertools
import time

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import draft_from_address, lint_contracts, run_dataset
from lakeward.sources.collectors.opcua.kept_gaps import KeptGaps
from support.certificates import expire, make_application_certificate, make_certificate
from support.cut_link import CutLink
from support.http_door import opened, wait_for
from support.mqtt_plant import MqttPlant, kill, stop
from support.opcua_plant import CONTRACT, NodeServer, mapping

TAGS = 20
# What a test sends is told apart from what the server kept of the one before.
BASES = itertools.count(1000, 1000)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    pytest.importorskip("asyncua", reason="asyncua is missing: pip install asyncua")
    found = NodeServer(tmp_path_factory.mktemp("server"), TAGS)
    yield found
    found.stop()


class Plant:
    """A project that collects from the server, by a link that can be cut."""

    def __init__(self, root, server, query="", contract=CONTRACT, lines=None) -> None:
        self.server, self.link = server, CutLink(server.port)
        self.url = f"opc.tcp://127.0.0.1:{self.link.port}/UA/plant{query}"
        self.plant = MqttPlant(root, self.url, contract)
        (self.plant.root / "expectations" / "datasets" / "line" / "series.csv").write_text(lines or mapping(TAGS))
        self.settings = Settings.load(self.plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": self.url})
        self.number, self.base = 0, next(BASES)

    def tick(self, count, seconds=0.25):
        for _ in range(count):
            self.server.say(tick=self.base + self.number)
            self.number += 1
            time.sleep(seconds)

    def wait(self, state, seconds=60):
        return wait_for(self.settings, state, seconds=seconds)

    def values(self, tag=3):
        query = f"SELECT value FROM silver.line WHERE series = 'line0/tag{tag}' AND value >= {self.base * 10000} ORDER BY ts"
        return [int(row["value"]) // 10000 - self.base for row in self.plant.fetch(query)]

    def overflows(self):
        return self.plant.fetch("SELECT count(*) AS n FROM silver.line WHERE (status & 1152) = 1152")[0]["n"]

    def kinds(self):
        return [row["kind"] for row in self.plant.fetch("SELECT kind FROM governance.source_events ORDER BY event_number")]


pytestmark = pytest.mark.exhaustive


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("queue", "seconds"), [(100, 3), (3, 15)])
def test_a_cut_link_loses_nothing(tmp_path, server, queue, seconds):
    plant = Plant(
        tmp_path / "plant", server, contract=CONTRACT.replace("publishingMs: 200", f"publishingMs: 200\n      queueSize: {queue}")
    )
    with opened(plant.settings, "line"):
        plant.wait("source_connected")
        plant.tick(4)
        plant.link.cut()
        plant.tick(seconds * 4)
        plant.link.mend()
        plant.wait("source_connected")
        plant.tick(8)
        time.sleep(6)
    plant.link.close()
    report = run_dataset(plant.settings, "line")
    assert report.counts.rejects == 0
    for tag in (0, 7, TAGS - 1):
        assert sorted(set(plant.values(tag))) == list(range(plant.number))
    assert "source_lost" in plant.kinds()
    # The server's queue outlasts the cut, and says whether it was full.
    assert (plant.overflows() >= TAGS, "source_overflow" in plant.kinds()) == (queue == 3,) * 2


@pytest.mark.timeout(600)
def test_a_time_without_a_collector_is_read_from_the_history(tmp_path, server):
    plant = Plant(tmp_path / "plant", server)
    for _ in range(2):
        with opened(plant.settings, "line"):
            plant.wait("source_connected")
            plant.tick(4)
            time.sleep(4)
        plant.tick(4)
    plant.link.close()
    run_dataset(plant.settings, "line")
    assert sorted(set(plant.values()))[: plant.number - 4] == list(range(plant.number - 4))
    assert "source_gap_repaired" in plant.kinds()
    assert (
        plant.plant.fetch("SELECT count(*) AS n FROM silver.line WHERE recovered")[0]["n"] >= 3 * TAGS
    )  # the fourth is what the server says first


@pytest.mark.timeout(600)
def test_a_gap_that_a_killed_collector_had_not_closed_is_closed_by_the_next(tmp_path, server):
    contract = CONTRACT.replace("publishingMs: 200", "publishingMs: 1500\n      queueSize: 20")
    plant = Plant(tmp_path / "plant", server, contract=contract)
    plant.plant.environ["LAKEWARD_CONN_PLANT_BROKER"] = plant.url
    collector = plant.plant.collect()
    plant.plant.wait_for("source_connected", collector.pid)
    plant.tick(12)
    plant.link.cut()
    plant.tick(40)
    plant.plant.wait_for("source_lost", collector.pid)
    plant.link.mend()
    plant.plant.wait_for("source_connected", collector.pid)
    plant.tick(8)  # newer values than the gap come, and history is not read yet
    kill(collector)
    landing = plant.plant.root / "lake" / "landing" / "line"
    assert len(KeptGaps(landing).read()) == TAGS
    collector = plant.plant.collect()
    plant.plant.wait_for("source_connected", collector.pid)
    time.sleep(10)
    assert stop(collector) == 0
    plant.link.close()
    run_dataset(plant.settings, "line")
    assert plant.values() == list(range(plant.number))


@pytest.mark.timeout(600)
def test_a_full_queue_is_seen_and_its_values_are_found(tmp_path, server):
    contract = CONTRACT.replace("publishingMs: 200", "publishingMs: 2000\n      queueSize: 2")
    plant = Plant(tmp_path / "plant", server, contract=contract)
    with opened(plant.settings, "line"):
        plant.wait("source_connected")
        time.sleep(3)
        plant.tick(12, 0.2)
        time.sleep(9)
    plant.link.close()
    run_dataset(plant.settings, "line")
    assert sorted(set(plant.values())) == list(range(plant.number))
    assert "source_overflow" in plant.kinds()
    assert plant.overflows() > 0


@pytest.mark.timeout(600)
def test_statuses_deadbands_and_refused_nodes(tmp_path, server):
    lines = (
        mapping(3, deadband="5").replace("line0/tag1,Cel,number,,5", "line0/tag1,Cel,number,,")
        + "nsu=urn:plant;s=none,line0/none,,,,,,\n"
    )
    server.say(set=[[tag, 0, "Good"] for tag in range(3)])  # a node that was never set has no value
    plant = Plant(tmp_path / "plant", server, lines=lines)
    with opened(plant.settings, "line"):
        assert plant.wait("source_nodes_refused").facts["node"] == "nsu=urn:plant;s=none"
        for value in range(12):
            server.say(set=[[0, value, "Good"], [1, value, "Good"]])
            time.sleep(0.2)
        server.say(set=[[1, -1, "BadSensorFailure"], [2, 7, "UncertainLastUsableValue"]])
        time.sleep(2)
    plant.link.close()
    run_dataset(plant.settings, "line")
    rows = plant.plant.fetch("SELECT series, value, status, quality, unit FROM silver.line ORDER BY series, ts")
    deadband = [row["value"] for row in rows if row["series"] == "line0/tag0" and row["value"] < 12]
    assert len(deadband) <= 4
    bad, uncertain = (next(row for row in rows if row["quality"] == quality) for quality in (2, 1))
    assert (bad["status"] >> 30, uncertain["status"] >> 30, uncertain["value"], bad["unit"]) == (2, 1, 7.0, "Cel")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["Sign", "SignAndEncrypt"])
def test_messages_are_signed_and_only_a_trusted_server_is_read(tmp_path, server, mode):
    make_certificate(tmp_path, "other")
    make_application_certificate(tmp_path, "client", "urn:lakeward:test")
    own = f"?policy=Basic256Sha256&mode={mode}&certificate={tmp_path}/client.pem&key={tmp_path}/client.key"
    right = next((server.pki / "own" / "certs").glob("*.pem"))
    trusted = server.pki / "trusted" / "certs"
    trusted.mkdir(parents=True, exist_ok=True)
    plant = Plant(tmp_path / "wrong", server, f"{own}&ca={tmp_path}/other.pem")
    with opened(plant.settings, "line"):
        assert "issued" in str(plant.wait("source_certificate_refused").facts["reason"])
    plant.link.close()
    plant = Plant(tmp_path / "right", server, f"{own}&ca={right}")
    with opened(plant.settings, "line"):
        plant.wait("source_client_refused")  # the server does not know the client yet
        for known in (server.pki / "rejected").glob("*.pem"):
            known.rename(trusted / known.name)
        plant.wait("source_connected", 90)
        plant.tick(3)
        time.sleep(2)
    plant.link.close()
    assert run_dataset(plant.settings, "line").counts.silver > 3 * TAGS


@pytest.mark.timeout(600)
def test_an_expired_certificate_is_a_state_and_the_history_closes_the_gap(tmp_path):
    own = f"certificate={tmp_path}/client.pem&key={tmp_path}/client.key"
    make_application_certificate(tmp_path, "client", "urn:lakeward:test")
    server = NodeServer(tmp_path / "server", TAGS)
    try:
        pki = server.pki
        certificate, key = next((pki / "own" / "certs").glob("*.pem")), next((pki / "own" / "private").glob("*.pem"))
        kept = certificate.read_bytes()
        server.stop()
        expire(certificate, key)
        server = NodeServer(tmp_path / "server", TAGS)
        plant = Plant(tmp_path / "plant", server, f"?policy=Basic256Sha256&{own}&ca={certificate}")
        with opened(plant.settings, "line"):
            assert "expired" in str(plant.wait("source_certificate_refused").facts["reason"])
        plant.link.close()
        server.stop()
        certificate.write_bytes(kept)
        server = NodeServer(tmp_path / "server", TAGS)
        expire(tmp_path / "client.pem", tmp_path / "client.key")
        plant = Plant(tmp_path / "other", server, f"?policy=Basic256Sha256&{own}&ca={certificate}")
        with opened(plant.settings, "line"):
            assert "expired" in str(plant.wait("source_client_refused").facts["reason"])
        plant.link.close()
    finally:
        server.stop()


def test_a_wrong_password_is_a_state(tmp_path, server):
    plant = Plant(tmp_path / "plant", server)
    url = plant.url.replace("127.0.0.1", "reader:wrong@127.0.0.1")
    settings = Settings.load(plant.plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": url})
    with opened(settings, "line"):
        plant.wait("source_login_refused")
    plant.link.close()


def test_new_proposes_nodes_with_units_and_ranges(tmp_path, server):
    plant = Plant(tmp_path / "plant", server)
    drafted = draft_from_address(plant.settings, "plc", plant.url, "2s")
    plant.link.close()
    lines = (drafted.folder / "series.csv").read_text().splitlines()
    assert lines[1] == "nsu=urn:plant;s=tag0,line0/tag0,Cel,,,,-40,150,"
    assert len(lines) == TAGS + 2
    assert lint_contracts(plant.settings, "plc") == []
    assert "kind: opcua" in (drafted.folder / "contract.odcs.yaml").read_text()


def test_a_node_that_may_not_be_read_is_a_bad_reading_and_the_others_come(tmp_path, server):
    server.say(lock="locked")
    plant = Plant(tmp_path / "plant", server, lines=mapping(3) + "nsu=urn:plant;s=locked,line0/locked,,,,,,\n")
    with opened(plant.settings, "line"):
        plant.wait("source_connected")
        plant.tick(4)
        time.sleep(2)
    plant.link.close()
    run_dataset(plant.settings, "line")
    assert plant.values(2) == list(range(4))
    locked = plant.plant.fetch("SELECT value, status >> 30 AS severity, quality FROM silver.line WHERE series = 'line0/locked'")
    assert {tuple(row.values()) for row in locked} == {(None, 2, 2)}
