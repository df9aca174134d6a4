"""A cluster of Apache Kafka that asks for TLS and a password: who has both reads, and what is wrong is named."""

import socket
import ssl
import threading

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import run_dataset
from lakeward.flows.operations.source_checks import check_sources
from support.certificates import make_certificate, make_expired_certificate
from support.kafka_cluster import (
    CONTRACT,
    create_topic,
    make_guarded_broker,
    make_scram_broker,
    make_secured_broker,
    message_value,
    produce,
)
from support.mqtt_plant import MqttPlant

pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(600)]


@pytest.fixture
def broker(tmp_path):
    found = make_secured_broker(tmp_path / "broker")
    found.start()
    yield found
    found.stop()


def test_certificates_and_passwords_are_needed_and_checked(tmp_path, broker):
    make_certificate(tmp_path, "other")
    own = {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": "reader", "sasl.password": "secret"}
    options = {**broker.options, **own, "ssl.ca.location": str(broker.folder / "ca.pem")}
    create_topic(options, "readings")
    produce(options, "readings", [(n % 4, None, message_value(n)) for n in range(20)])
    address = f"127.0.0.1:{broker.port}?mechanism=PLAIN&ca="
    plant = MqttPlant(tmp_path / "plant", "", CONTRACT)

    def settings(url):
        return Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": url})

    right = settings(f"kafkas://reader:secret@{address}{broker.folder}/ca.pem")
    assert run_dataset(right, "line").counts.silver == 20
    [(_, found, _)] = check_sources(right)
    assert found.startswith("Kafka, readings: 4")
    for url, code in (
        (f"kafkas://reader:wrong@{address}{broker.folder}/ca.pem", "kafka_login_refused"),
        (f"kafkas://reader:secret@{address}{tmp_path}/other.pem", "kafka_certificate_refused"),
    ):
        with pytest.raises(LakewardError) as refused:
            run_dataset(settings(url), "line")
        assert refused.value.code == code
        assert "wrong" not in str(refused.value)


def _refuse_by_expiry(listener, context):
    while True:
        try:
            link, _ = listener.accept()
            context.wrap_socket(link, server_side=True).close()
        except ssl.SSLError:
            continue
        except OSError:
            return


def test_an_expired_certificate_is_named(tmp_path):
    """A broker does not start with one, and goes on when its own ends: an end of TLS shows it in its place."""
    make_certificate(tmp_path, "ca")
    make_expired_certificate(tmp_path, "old", "ca")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "old.pem", tmp_path / "old.key")
    plant = MqttPlant(tmp_path / "plant", "", CONTRACT)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_refuse_by_expiry, args=(listener, context), daemon=True).start()
        url = f"kafkas://reader:secret@127.0.0.1:{listener.getsockname()[1]}?mechanism=PLAIN&ca={tmp_path}/ca.pem"
        with pytest.raises(LakewardError) as refused:
            run_dataset(Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": url}), "line")
    assert (refused.value.code, "expired" in str(refused.value.facts["reason"])) == ("kafka_certificate_refused", True)
    assert not list((plant.root / "lake" / "landing").rglob("*.parquet"))


def test_a_topic_that_may_not_be_read_is_named(tmp_path):
    broker = make_guarded_broker(tmp_path / "broker")
    broker.start()
    try:
        own = {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": "reader", "sasl.password": "secret"}
        options = {**broker.options, **own, "ssl.ca.location": str(broker.folder / "ca.pem")}
        create_topic(options, "readings")
        plant = MqttPlant(tmp_path / "plant", "", CONTRACT)
        url = f"kafkas://guest:guest@127.0.0.1:{broker.port}?mechanism=PLAIN&ca={broker.folder}/ca.pem"
        with pytest.raises(LakewardError) as refused:
            run_dataset(Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": url}), "line")
        assert refused.value.code == "kafka_topic_refused"
    finally:
        broker.stop()


def test_scram_by_either_hash(tmp_path):
    broker = make_scram_broker(tmp_path / "broker")
    broker.start()
    try:
        own = {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": "reader",
            "sasl.password": "secret",
        }
        options = {**broker.options, **own, "ssl.ca.location": str(broker.folder / "ca.pem")}
        create_topic(options, "readings")
        produce(options, "readings", [(n % 4, None, message_value(n)) for n in range(20)])
        plant = MqttPlant(tmp_path / "plant", "", CONTRACT)

        def settings(user, query=""):
            url = f"kafkas://{user}@127.0.0.1:{broker.port}?ca={broker.folder}/ca.pem{query}"
            return Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": url})

        assert run_dataset(settings("reader:secret"), "line").counts.silver == 20
        produce(options, "readings", [(n % 4, None, message_value(n)) for n in range(20, 30)])
        assert run_dataset(settings("reader:secret", "&mechanism=SCRAM-SHA-256"), "line").counts.silver == 10
        for user, query in (("reader:wrong", ""), ("other:secret", ""), ("reader:secret", "&mechanism=PLAIN")):
            with pytest.raises(LakewardError) as refused:
                run_dataset(settings(user, query), "line")
            assert refused.value.code == "kafka_login_refused"
    finally:
        broker.stop()
