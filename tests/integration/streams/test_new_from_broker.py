"""`lakeward new NAME --from mqtt://…`: what a real broker sends becomes a contract that collects and runs."""

import json
import socket
import threading
import time

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import collect, draft_from_address, lint_contracts, run_dataset
from lakeward.flows.authoring.project import create_project
from lakeward.flows.base.workspace import open_workspace
from support.mqtt_broker import make_broker, publish

# Form -> topic filter, and messages of two sources each.
SENT = {
    "telegraf": (
        "tele/#",
        [
            (f"tele/h{n}", b'{"fields":{"usage":%d.5,"idle":3},"name":"cpu","tags":{"host":"h"},"timestamp":1772366400}' % n)
            for n in range(2)
        ],
    ),
    "azure": (
        "az/#",
        [
            (f"az/d{n}", b'{"temp_degC":{"SourceTimestamp":"2026-03-01T12:00:00Z","Value":%d.5,"StatusCode":{"Code":0}}}' % n)
            for n in range(2)
        ],
    ),
    "members": (
        "plant/+/state",
        [(f"plant/M{n}/state", b'{"time":"2026-03-01T12:00:0%dZ","data":{"temp":%d.5},"ok":true}' % (n, n)) for n in range(2)],
    ),
    "lines": (
        "csv/#",
        [(f"csv/l{n}", b"2026-03-01 12:00:00;P%d;%d,5\n2026-03-01 12:00:01;P%d;%d,75\n" % (n, n, n, n)) for n in range(2)],
    ),
    "numbers": ("num/#", [(f"num/l{n}/p_bar", b"%d.5" % n) for n in range(2)]),
}
# Form -> rows of silver, as texts.
EXPECTED = {
    "telegraf": [
        ("tele/h0/cpu/host=h/idle", "3.0"),
        ("tele/h0/cpu/host=h/usage", "0.5"),
        ("tele/h1/cpu/host=h/idle", "3.0"),
        ("tele/h1/cpu/host=h/usage", "1.5"),
    ],
    "azure": [("az/d0/temp_degc", "0.5"), ("az/d1/temp_degc", "1.5")],
    "members": [("plant/M0/state", "0.5"), ("plant/M1/state", "1.5")],
    "lines": [("csv/l0", "0.5"), ("csv/l0", "0.75"), ("csv/l1", "1.5"), ("csv/l1", "1.75")],
    "numbers": [("num/l0/p_bar", "0.5"), ("num/l1/p_bar", "1.5")],
}
COLUMNS = {"members": ("topic", "data_temp"), "lines": ("topic", "column_3")}


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = make_broker(tmp_path_factory.mktemp("broker"), more="sys_interval 1")
    broker.start()
    for _, messages in SENT.values():
        publish(broker, messages, retain=True)
    yield broker
    broker.stop()


@pytest.fixture
def settings(tmp_path):
    return Settings.load(create_project(tmp_path / "plant"))


def _collect(settings, name, seconds=1.5):
    stop = threading.Event()
    threading.Timer(seconds, stop.set).start()
    collect(settings, [name], stop, lambda *_: None)


def _fetch(settings, query):
    with open_workspace(settings).engine() as engine:
        return [tuple(map(str, row.values())) for row in engine.fetch(query)]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("form", SENT)
def test_a_draft_of_each_form_collects_and_runs(settings, broker, form):
    drafted = draft_from_address(settings, form, f"{broker.url}/{SENT[form][0]}", "1s")
    assert lint_contracts(settings, form) == []
    _collect(settings, form)
    report = run_dataset(settings, form)
    assert (report.counts.rejects, report.counts.quarantine) == (0, 0)
    address, value = COLUMNS.get(form, ("series", "value"))
    found = _fetch(settings, f"SELECT {address}, {value} FROM silver.{form} ORDER BY 1, 2")
    assert found == EXPECTED[form]
    assert all(topic.messages == 0 for topic in drafted.topics)


def test_live_messages_have_rates_units_and_a_mapping(settings, tmp_path):
    broker = make_broker(tmp_path / "open", more="sys_interval 1")
    broker.start()
    over, sent = threading.Event(), []

    def send():
        while not over.is_set():
            now = time.time_ns() // 1_000_000
            sent.append(now)
            publish(
                broker,
                [
                    ("umh/v1/acme/line3/_historian/oven_degC", json.dumps({"timestamp_ms": now, "value": 21.5}).encode()),
                    ("umh/v1/acme/junk", b"{"),
                ],
            )

    sender = threading.Thread(target=send)
    sender.start()
    try:
        drafted = draft_from_address(settings, "line", f"{broker.url}/umh/v1/%23", "2s")
        _collect(settings, "line")
    finally:
        over.set()
        sender.join()
    clients = _sys_value(broker, "clients/total")
    broker.stop()
    codes = [note.code for note in drafted.notes]
    assert codes == ["new_connection_stored", "new_broker_seen", "new_payload_form", "new_payload_others", "new_series_proposed"]
    assert {topic.topic: topic.forms for topic in drafted.topics} == {
        "umh/v1/acme/line3/_historian/oven_degC": ("umh",),
        "umh/v1/acme/junk": ("text",),
    }
    assert all(topic.rate > 1 for topic in drafted.topics)
    assert '{property: proposedKey, value: ["series", "ts"]}' in (drafted.folder / "contract.odcs.yaml").read_text()
    mapping = (drafted.folder / "series.csv").read_text().splitlines()
    assert mapping[1].startswith("umh/v1/acme/line3/_historian/oven_degC,acme/line3/oven_degc,Cel,number,")
    assert run_dataset(settings, "line").counts.silver > 0
    found = _fetch(settings, "SELECT DISTINCT series, unit, value FROM silver.line")
    assert found == [("acme/line3/oven_degc", "Cel", "21.5")]
    # The collector's session is there, and that of the look is not.
    assert clients == 1


def _sys_value(broker, name: str) -> int:
    """A figure of the broker's own, without the client that asks for it."""
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    time.sleep(2.5)
    values = []
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_message = lambda _client, _data, message: values.append(int(message.payload))
    client.connect("127.0.0.1", broker.port)
    client.subscribe(f"$SYS/broker/{name}")
    deadline = time.monotonic() + 10
    while not values and time.monotonic() < deadline:
        client.loop(0.1)
    client.disconnect()
    return values[0]


def test_times_that_are_hours_away_from_their_receipt_are_named(settings, broker):
    drafted = draft_from_address(settings, "line", f"{broker.url}/az/#", "1s")
    assert "new_clock_offset" in [note.code for note in drafted.notes]
    assert "# CHECK timezone" in (drafted.folder / "contract.odcs.yaml").read_text()


@pytest.mark.exhaustive
def test_readings_that_share_their_time_have_no_key(settings, broker):
    publish(broker, [("same/a", b'{"timestamp_ms":1772366400000,"value":1}')], retain=True)
    ended = threading.Event()

    def send():
        while not ended.is_set():
            publish(broker, [("same/a", b'{"timestamp_ms":1772366400000,"value":2}')])

    sender = threading.Thread(target=send)
    sender.start()
    try:
        drafted = draft_from_address(settings, "line", f"{broker.url}/same/#", "1s")
    finally:
        ended.set()
        sender.join()
    text = (drafted.folder / "contract.odcs.yaml").read_text()
    assert "proposedKey" not in text
    assert "# CHECK: ts repeats" in text


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/nothing/#", "new_silent_broker"),
        ("", "new_without_topic"),
        ("/a/#/b", "new_without_topic"),
        ("/bytes/#", "new_payload_unreadable"),
    ],
)
def test_what_gives_no_draft_says_why_and_leaves_nothing(settings, broker, address, code):
    publish(broker, [("bytes/a", b"\x08\xff\xfe")], retain=True)
    with pytest.raises(LakewardError) as failed:
        draft_from_address(settings, "line", broker.url + address, "1s")
    assert failed.value.code == code
    root = open_workspace(settings).project.root
    assert not (root / ".lakeward" / "connections.yaml").exists()
    assert not (root / "expectations" / "datasets" / "line").exists()


def test_a_broker_that_refuses_is_named_without_its_password(settings, tmp_path):
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    broker = make_broker(tmp_path / "broker", access=f"allow_anonymous false\npassword_file {passwords}")
    broker.start()
    try:
        with pytest.raises(LakewardError) as failed:
            draft_from_address(settings, "line", f"mqtt://reader:hidden@127.0.0.1:{broker.port}/#", "1s")
    finally:
        broker.stop()
    assert failed.value.code == "look_login_refused"
    assert "hidden" not in str(failed.value)
    for url, code in (("mqtt://127.0.0.1:1/#", "look_unreachable"), ("mqtt://no-such.invalid/#", "look_name_unknown")):
        with pytest.raises(LakewardError) as failed:
            draft_from_address(settings, "line", url, "1s")
        assert failed.value.code == code


class OldBroker:
    """A broker of MQTT 3.1.1 alone, as far as one subscription needs it: it refuses version 5 as the standard of 3.1.1 says (3.1.2.2)."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            client, _ = self.server.accept()
            with client:
                level = client.recv(4096)[8]
                client.sendall(b"\x20\x02\x00" + (b"\x00" if level == 4 else b"\x01"))
                if level != 4:
                    continue
                subscribe = client.recv(4096)
                client.sendall(b"\x90\x03" + subscribe[2:4] + b"\x00")
                client.sendall(b"\x30\x06\x00\x03n/121")
                client.recv(4096)


@pytest.mark.exhaustive
def test_a_broker_of_the_version_before_is_looked_at_by_that(settings):
    old = OldBroker()
    drafted = draft_from_address(settings, "line", f"mqtt://127.0.0.1:{old.port}/n/%2B", "1s")
    assert 'protocolVersion: "3.1.1"' in (drafted.folder / "contract.odcs.yaml").read_text()
    assert [topic.topic for topic in drafted.topics] == ["n/1"]
