"""What a collector says of its broker: each trouble is a clear state, and what is sent meanwhile is not lost."""

import json
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from lakeward.contracts.segment_bounds import SegmentBounds
from lakeward.contracts.source import MqttSource, MqttVersion
from lakeward.core.connections import parse_connection
from lakeward.core.errors import LakewardError, SettingsError
from lakeward.core.messages import Lang, text
from lakeward.sources.collectors.mqtt import MqttCollector
from lakeward.sources.collectors.mqtt_client import check_connection
from lakeward.sources.collectors.state import discard_events, read_events, read_state
from lakeward.sources.segments import SegmentStore
from support.certificates import make_certificate
from support.mqtt_broker import make_broker, publish

SOURCE = MqttSource(connection="plant", topics=("a/#",), client_id="test", segment=SegmentBounds(seconds=1))


@contextmanager
def started(folder, **options):
    broker = make_broker(folder, **options)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@contextmanager
def collecting(landing: Path, url: str, source: MqttSource = SOURCE):
    connection = parse_connection("plant", url, "here", landing)
    check_connection(connection)
    collector = MqttCollector(dataset="line", connection=connection, source=source, landing=landing)
    stop, errors = threading.Event(), []

    def run():
        try:
            collector.run(stop)
        except LakewardError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield errors
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def wait_for(landing, *states, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = read_state(landing / "line")
        if found and found.state in states:
            for lang in Lang:
                assert text(found.state, lang, **{"address": found.address, **found.facts})
            return found
        time.sleep(0.05)
    raise AssertionError(read_state(landing / "line"))


def landed(landing):
    store = SegmentStore.of_dataset(landing, "line")
    files = [str(one.path) for one in store.segments(0, store.newest())]
    query = (
        "SELECT topic, payload, qos, retain, content_type, properties FROM read_parquet($1) ORDER BY filename, file_row_number"
    )
    return duckdb.execute(query, [files]).fetchall() if files else []


def wait_until_landed(landing, count, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and len(landed(landing)) < count:
        time.sleep(0.1)
    return landed(landing)


def kinds(landing):
    return [event["kind"] for _, event in read_events(landing / "line", 0)]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("version", list(MqttVersion))
def test_messages_are_landed_as_they_came(tmp_path, version):
    source = MqttSource(
        connection="plant", topics=("a/#", "b/+"), client_id="test", version=version, qos=1, segment=SegmentBounds(seconds=1)
    )
    with started(tmp_path / "broker") as broker:
        publish(broker, [("a/kept", b"0")], retain=True)
        with collecting(tmp_path, broker.url, source):
            wait_for(tmp_path, "source_connected")
            time.sleep(0.5)
            publish(
                broker, [("a/x", b"\xff\x00"), ("b/温度", b"21"), ("c/x", b"no"), ("a/empty", b""), ("a/big", b"x" * (1 << 20))]
            )
            found = wait_until_landed(tmp_path, 5)
    assert [row[:4] for row in found] == [
        ("a/kept", b"0", 1, True),
        ("a/x", b"\xff\x00", 1, False),
        ("b/温度", b"21", 1, False),
        ("a/empty", b"", 1, False),
        ("a/big", b"x" * (1 << 20), 1, False),
    ]
    assert read_state(tmp_path / "line").state == "source_stopped"


@pytest.mark.exhaustive
def test_content_type_and_user_properties_are_kept(tmp_path):
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    properties = Properties(PacketTypes.PUBLISH)
    properties.ContentType = "application/json"
    properties.UserProperty = [("unit", "°C"), ("unit", "K")]
    with started(tmp_path / "broker") as broker, collecting(tmp_path, broker.url):
        wait_for(tmp_path, "source_connected")
        time.sleep(0.5)
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        client.publish("a/x", b"{}", qos=1, properties=properties).wait_for_publish(10)
        client.disconnect()
        client.loop_stop()
        [row] = wait_until_landed(tmp_path, 1)
    assert (row[4], json.loads(row[5])) == ("application/json", [["unit", "°C"], ["unit", "K"]])


def test_what_is_sent_while_the_collector_is_away_comes_after_it(tmp_path):
    with started(tmp_path / "broker") as broker:
        with collecting(tmp_path, broker.url):
            wait_for(tmp_path, "source_connected")
            time.sleep(0.5)
        publish(broker, (("a/x", b"%d" % number) for number in range(2000)))
        with collecting(tmp_path, broker.url):
            found = wait_until_landed(tmp_path, 2000)
    assert [row[1] for row in found] == [b"%d" % number for number in range(2000)]


@pytest.mark.exhaustive
def test_a_broker_that_waits_for_each_message_is_not_slow(tmp_path):
    """Its window of one message would make a segment of each."""
    with started(tmp_path / "broker", inflight=1) as broker, collecting(tmp_path, broker.url):
        wait_for(tmp_path, "source_connected")
        time.sleep(0.5)
        publish(broker, (("a/x", b"%d" % number) for number in range(200)))
        found = wait_until_landed(tmp_path, 200)
    assert [row[1] for row in found] == [b"%d" % number for number in range(200)]


def test_a_restarted_broker_is_found_again(tmp_path):
    with started(tmp_path / "broker") as broker, collecting(tmp_path, broker.url):
        wait_for(tmp_path, "source_connected")
        broker.stop()
        lost = wait_for(tmp_path, "source_lost", "source_unreachable")
        assert lost.address == broker.url
        broker.start()
        wait_for(tmp_path, "source_connected")
        publish(broker, [("a/x", b"1")])
        assert len(wait_until_landed(tmp_path, 1)) == 1
    assert kinds(tmp_path)[0] == "source_connected"
    assert "source_session_lost" not in kinds(tmp_path)


def test_a_broker_that_forgot_the_session_is_an_event(tmp_path):
    with started(tmp_path / "broker") as broker:
        with collecting(tmp_path, broker.url):
            wait_for(tmp_path, "source_connected")
        broker.stop()
        (tmp_path / "broker" / "mosquitto.db").unlink()
        broker.start()
        with collecting(tmp_path, broker.url):
            wait_for(tmp_path, "source_connected")
    assert "source_session_lost" in kinds(tmp_path)


def test_wrong_password(tmp_path):
    folder = tmp_path / "broker"
    folder.mkdir()
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(folder / "users"), "me", "right"], check=True, capture_output=True)
    with started(folder, access=f"allow_anonymous false\npassword_file {folder}/users") as broker:
        with collecting(tmp_path, f"mqtt://me:wrong@127.0.0.1:{broker.port}"):
            wait_for(tmp_path, "source_login_refused")
        with collecting(tmp_path, f"mqtt://me:right@127.0.0.1:{broker.port}"):
            wait_for(tmp_path, "source_connected")
    assert "wrong" not in (tmp_path / "line" / "collector.json").read_text()


def test_names_that_do_not_resolve_and_ports_that_are_closed(tmp_path):
    with collecting(tmp_path, "mqtt://broker.invalid"):
        assert wait_for(tmp_path, "source_name_unknown").facts["host"] == "broker.invalid"
    broker = make_broker(tmp_path / "broker")
    with collecting(tmp_path, broker.url):
        wait_for(tmp_path, "source_unreachable")


def test_a_refused_subscription_is_named_and_the_others_go_on(tmp_path):
    folder = tmp_path / "broker"
    folder.mkdir()
    allowed = {"acltype": "subscribePattern", "topic": "a/#", "allow": True}
    access = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}
    rules = {
        "defaultACLAccess": access,
        "clients": [],
        "groups": [{"groupname": "all", "roles": [{"rolename": "reader"}], "clients": []}],
        "roles": [{"rolename": "reader", "acls": [allowed]}],
        "anonymousGroup": "all",
    }
    (folder / "rules.json").write_text(json.dumps(rules))
    plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"), None) or "mosquitto_dynamic_security.so"
    more = f"plugin {plugin}\nplugin_opt_config_file {folder}/rules.json"
    source = MqttSource(connection="plant", topics=("secret/#", "a/#"), client_id="test", segment=SegmentBounds(seconds=1))
    with started(folder, more=more) as broker, collecting(tmp_path, broker.url, source):
        assert wait_for(tmp_path, "source_topic_refused").facts["topics"] == "secret/#"
        publish(broker, [("a/x", b"1"), ("secret/x", b"2")])
        assert [row[0] for row in wait_until_landed(tmp_path, 1)] == ["a/x"]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    for name, issuer in (("ca", None), ("other", None), ("server", "ca"), ("client", "ca")):
        make_certificate(folder, name, issuer=issuer)
    return folder


def tls(folder, certificates, **options):
    more = f"cafile {certificates}/ca.pem\ncertfile {certificates}/server.pem\nkeyfile {certificates}/server.key"
    return started(folder, access=f"allow_anonymous true\n{more}\nrequire_certificate true", **options)


# paho leaves the socket of a refused certificate to the collector of garbage.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_certificates_are_verified_on_both_sides(tmp_path, certificates):
    own = f"certificate={certificates}/client.pem&key={certificates}/client.key"
    with tls(tmp_path / "broker", certificates) as broker:
        address = f"mqtts://127.0.0.1:{broker.port}"
        with collecting(tmp_path / "1", f"{address}?ca={certificates}/ca.pem&{own}"):
            wait_for(tmp_path / "1", "source_connected")
        for number, query in enumerate((f"ca={certificates}/other.pem&{own}", own), 2):
            with collecting(tmp_path / str(number), f"{address}?{query}"):
                assert "certificate" in wait_for(tmp_path / str(number), "source_certificate_refused").facts["reason"]
        with collecting(tmp_path / "4", f"{address}?ca={certificates}/ca.pem"):
            wait_for(tmp_path / "4", "source_tls_failed", "source_lost", "source_unreachable", "source_connecting")
            time.sleep(1)
            assert read_state(tmp_path / "4" / "line").state != "source_connected"
        with collecting(tmp_path / "5", f"{address.replace('127.0.0.1', 'localhost')}?ca={certificates}/ca.pem&{own}"):
            assert "mismatch" in wait_for(tmp_path / "5", "source_certificate_refused").facts["reason"].lower()


def test_files_that_are_no_certificates_are_refused_before_anything_starts(tmp_path, certificates):
    (tmp_path / "text.pem").write_text("no certificate")
    for query in (f"ca={tmp_path}/text.pem", f"certificate={certificates}/client.pem&key={certificates}/server.key"):
        with pytest.raises(SettingsError) as refused:
            check_connection(parse_connection("plant", f"mqtts://127.0.0.1?{query}", "here", tmp_path))
        assert refused.value.code == "connection_tls_files"
    with pytest.raises(SettingsError) as refused:
        check_connection(parse_connection("plant", "https://127.0.0.1", "here", tmp_path))
    assert refused.value.code == "connection_scheme"


def test_two_collectors_of_one_dataset(tmp_path):
    with started(tmp_path / "broker") as broker, collecting(tmp_path, broker.url):
        wait_for(tmp_path, "source_connected")
        with collecting(tmp_path, broker.url) as errors:
            time.sleep(1)
        assert [error.code for error in errors] == ["collector_running"]
        publish(broker, [("a/x", b"1")])
        assert len(wait_until_landed(tmp_path, 1)) == 1


@pytest.mark.exhaustive
def test_two_clients_of_one_session(tmp_path):
    with started(tmp_path / "broker") as broker, collecting(tmp_path / "1", broker.url):
        wait_for(tmp_path / "1", "source_connected")
        with collecting(tmp_path / "2", broker.url):
            wait_for(tmp_path / "1", "source_session_taken", "source_lost")
    assert {"source_session_taken", "source_lost"} & set(kinds(tmp_path / "1"))


def test_events_keep_their_numbers_when_older_ones_are_taken_over(tmp_path):
    with started(tmp_path / "broker") as broker, collecting(tmp_path, broker.url):
        wait_for(tmp_path, "source_connected")
    numbers = [number for number, _ in read_events(tmp_path / "line", 0)]
    assert numbers == [1, 2]
    discard_events(tmp_path / "line", 2)
    assert [number for number, _ in read_events(tmp_path / "line", 0)] == [2]
    assert read_events(tmp_path / "line", 2) == []
