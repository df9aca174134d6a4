"""Messages that are pushed by HTTP: each that is answered is on disk, once; and what is refused, with its reason."""

import http.client
import json
import resource
import ssl
import time

import pytest

from lakeward.core.connections import parse_connection
from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import lint_contracts, project_status, revoke_account, run_dataset
from lakeward.sources.collectors.http.door import check_door
from support.certificates import make_certificate
from support.foreign_events import event
from support.http_door import CONTRACT, Sender, message, opened, tokens, wait_for
from support.kafka_cluster import free_port
from support.mqtt_plant import MqttPlant, stop


class Door:
    """A project, its senders, and where its door is once it is open."""

    def __init__(self, root, url="http://127.0.0.1:{port}", contract=CONTRACT) -> None:
        url = url.format(port=free_port())
        self.plant = MqttPlant(root, url, contract)
        self.settings = Settings.load(self.plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": url})
        self.tokens = tokens(self.settings)

    def sender(self, name="gateway", **options) -> Sender:
        return Sender(wait_for(self.settings, "source_listening").address, self.tokens.get(name, name), **options)


@pytest.fixture
def door(tmp_path):
    return Door(tmp_path / "plant")


def test_what_is_answered_is_landed_and_read(door):
    with opened(door.settings, "line") as said:
        sender = door.sender()
        for number in range(20):
            status, _, answer = sender.post("/v1/line", message(number), Content_Type="application/json")
            assert (status, answer) == (200, {"landed": 1, "known": 0})
        assert sender.post("/v1/line/hall 1/M7".replace(" ", "%20"), message(20))[0] == 200
        assert sender.post("/v1/line", b"{")[0] == 200  # poison is kept, and stops nothing
        [status] = project_status(door.settings)
        assert (status.source.state, status.source.running) == ("source_listening", True)
    assert said["failed"] == {}
    report = run_dataset(door.settings, "line")
    assert (report.counts.silver, report.counts.rejects) == (21, 1)
    rows = door.plant.fetch("SELECT number, sender, place FROM silver.line WHERE number >= 19 ORDER BY number")
    assert [tuple(row.values()) for row in rows] == [(19, "gateway", "line"), (20, "gateway", "hall 1/M7")]


def test_a_message_that_is_repeated_under_its_id_is_landed_once(door):
    for first in (True, False):  # a collector that starts again knows the ids of before
        with opened(door.settings, "line"):
            sender = door.sender()
            status, _, answer = sender.post("/v1/line", message(1), Idempotency_Key="a")
            assert (status, answer) == (200, {"landed": int(first), "known": int(not first)})
            assert sender.post("/v1/line", message(2), Idempotency_Key="a")[2]["code"] == "push_id_taken"
            assert sender.post("/v1/line", message(2), Idempotency_Key="b" * 300)[0] == 400
    assert run_dataset(door.settings, "line").counts.bronze == 1


def test_what_is_refused_is_said_and_is_an_event(door):
    with opened(door.settings, "line"):
        sender = door.sender()
        cases = [
            (Sender(sender.url).post("/v1/line", message(1)), 401, "push_without_token"),
            (Sender(sender.url, "lw_000000000000_" + "x" * 43).post("/v1/line", message(1)), 401, "push_token_refused"),
            (door.sender("stranger").post("/v1/line", message(1)), 403, "push_not_sender"),
            (sender.post("/v1/other", message(1)), 404, "push_no_dataset"),
            (sender.post("/api/v1/lineage", b"{}"), 404, "push_no_lineage"),
            (sender.post("/", message(1)), 404, "push_no_route"),
            (sender.post("/v1/line", method="GET"), 405, "push_no_method"),
            (sender.post("/v1/line", b"x" * 2001), 413, "push_too_large"),
            (sender.post("/v1/line", b""), 400, "push_empty"),
            (sender.post("/v1/line", message(1), Content_Encoding="gzip"), 415, "push_packed"),
        ]
        for (status, headers, answer), expected, code in cases:
            assert (status, answer["code"]) == (expected, code)
            assert set(answer) == {"code", "message", "next"}
            assert ("www-authenticate" in headers) == (expected == 401)
        chinese = sender.post("/v1/line", b"", Accept_Language="zh-CN")[2]
        assert (chinese["message"], chinese["next"][:3]) == ("消息为空。", "下一步")
    assert run_dataset(door.settings, "line").counts.rows_in == 0
    kinds = {row["kind"] for row in door.plant.fetch("SELECT kind FROM governance.source_events")}
    assert {"push_not_sender", "push_too_large", "push_without_token", "source_listening", "source_stopped"} <= kinds


def test_a_message_of_unknown_length_is_bounded_too(door):
    with opened(door.settings, "line"):
        sender = door.sender()
        port = int(sender.url.rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(
            "POST", "/v1/line", iter([b"x" * 1000] * 5), {"Authorization": f"Bearer {sender.token}"}, encode_chunked=True
        )
        assert connection.getresponse().status == 413
        connection.close()


def test_a_sender_that_is_too_fast_waits_and_loses_nothing(tmp_path):
    door = Door(tmp_path / "plant", contract=CONTRACT.replace("payload: json\n", "payload: json\n      messagesPerSecond: 5\n"))
    with opened(door.settings, "line"):
        sender = door.sender()
        found = [sender.post("/v1/line", message(number)) for number in range(8)]
    assert [status for status, *_ in found][:5] == [200] * 5
    refused = [headers for status, headers, _ in found if status == 429]
    assert refused
    assert int(refused[0]["retry-after"]) >= 1
    assert run_dataset(door.settings, "line").counts.silver == sum(status == 200 for status, *_ in found)


def test_a_token_that_is_revoked_ends_at_once(door):
    with opened(door.settings, "line"):
        sender = door.sender()
        assert sender.post("/v1/line", message(1))[0] == 200
        revoke_account(Settings.load(door.plant.root, environ={"LAKEWARD_TOKEN": door.tokens["zhou.min"]}), "gateway")
        assert sender.post("/v1/line", message(2))[0] == 401


def test_what_the_disk_does_not_take_is_not_answered_as_kept(tmp_path):
    door = Door(tmp_path / "plant")
    collector = door.plant.collect()
    try:
        sender = door.sender()
        assert sender.post("/v1/line", message(1))[0] == 200
        before = resource.prlimit(collector.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        status, headers, answer = sender.post("/v1/line", message(2))
        assert (status, answer["code"], headers["retry-after"]) == (503, "push_disk_full", "1")
        resource.prlimit(collector.pid, resource.RLIMIT_FSIZE, before)
        deadline = time.monotonic() + 20
        while sender.post("/v1/line", message(3), Idempotency_Key="3")[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        assert stop(collector) == 0
    run_dataset(door.settings, "line")
    assert door.plant.fetch("SELECT number FROM bronze.line ORDER BY number") == [{"number": "1"}, {"number": "3"}]


def test_certificates_are_needed_where_other_machines_send(tmp_path):
    make_certificate(tmp_path, "ca")
    make_certificate(tmp_path, "server", issuer="ca")
    make_certificate(tmp_path, "client", issuer="ca")
    files = f"certificate={tmp_path}/server.pem&key={tmp_path}/server.key"
    door = Door(tmp_path / "plant", "https://127.0.0.1:{port}?" + f"{files}&ca={tmp_path}/ca.pem")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    with opened(door.settings, "line"):
        anonymous = door.sender(context=trusting)
        with pytest.raises((ssl.SSLError, OSError)):
            anonymous.post("/v1/line", message(1))
        known = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        known.load_cert_chain(tmp_path / "client.pem", tmp_path / "client.key")
        assert door.sender(context=known).post("/v1/line", message(1))[0] == 200


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://0.0.0.0:8080", "door_not_encrypted"),
        ("https://0.0.0.0:8443", "door_without_certificate"),
        ("mqtt://127.0.0.1", "connection_scheme"),
    ],
)
def test_doors_that_can_not_be_opened(tmp_path, url, code):
    with pytest.raises(LakewardError) as refused:
        check_door(parse_connection("plant", url, "here", tmp_path))
    assert refused.value.code == code


def test_a_port_that_is_taken_is_named(door):
    with opened(door.settings, "line"):
        taken = wait_for(door.settings, "source_listening").address
        other = Settings.load(door.plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": taken})
        with opened(other, "line") as said:
            pass
    assert said["failed"]["line"].code == "door_taken"


def test_lineage_events_of_others_come_by_the_same_door(door):
    project = door.plant.root / "expectations" / "project.yaml"
    project.write_text(project.read_text() + "lineage_door: {connection: plant_broker, senders: [gateway]}\n")
    body = json.dumps(event()).encode()
    with opened(door.settings) as said:
        sender = door.sender()
        first, again = sender.post("/api/v1/lineage", body), sender.post("/api/v1/lineage", body)
        assert (first[0], first[2]["stored"], again[0], again[2]["stored"], again[2]["known"]) == (200, 1, 200, 0, 1)
        status, _, found = sender.post("/api/v1/lineage", json.dumps([event(), {"eventType": "LATER"}]).encode())
        assert (status, found["known"], len(found["refused"])) == (422, 1, 1)
        assert door.sender("stranger").post("/api/v1/lineage", body)[0] == 403
        assert Sender(sender.url).post("/api/v1/lineage", body)[0] == 401
    assert said["/api/v1/lineage"][0].code == "source_listening"
    [row] = door.plant.fetch("SELECT imported_by, source FROM governance.lineage_events")
    assert row == {"imported_by": "gateway", "source": "/api/v1/lineage"}


@pytest.mark.parametrize("bad", ["senders: []", "senders: [a, a]", "messageBytes: 0", "messagesPerSecond: many", "topics: [a]"])
def test_keys_that_are_not_valid_are_refused_at_their_place(door, bad):
    file = door.plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml"
    key = bad.partition(":")[0]
    lines = [line for line in CONTRACT.splitlines() if not line.strip().startswith(f"{key}:")]
    lines.insert(next(at for at, line in enumerate(lines) if "kind: http" in line) + 1, f"      {bad}")
    file.write_text("\n".join(lines) + "\n")
    [found] = lint_contracts(door.settings, "line")
    assert found.line == lines.index(f"      {bad}") + 1
