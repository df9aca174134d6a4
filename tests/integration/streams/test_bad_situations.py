"""Bad situations at the whole of a plant: each is a state that `status` shows with its next step, and nothing is lost."""

import os
import time
from pathlib import Path

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.messages import Lang, text
from lakeward.core.settings import Settings
from lakeward.flows import project_status, run_dataset
from support import kafka_cluster, modbus_plant, opcua_plant
from support.certificates import make_certificate, make_expired_certificate
from support.http_door import opened, wait_for
from support.mqtt_broker import make_broker, publish
from support.mqtt_plant import CONTRACT, START_MS, MqttPlant, reading, stop
from support.small_disk import small_disk

pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(600)]
TOPICS, LARGE, MEGABYTE = 10_000, 60, 1 << 20
TEXTS = CONTRACT.replace("logicalType: number}", "logicalType: number}\n      - {name: value_text, logicalType: string}")


@pytest.fixture
def broker(tmp_path):
    found = make_broker(tmp_path / "broker")
    found.start()
    yield found
    found.stop()


def large(number, size):
    """A message whose value is a text of so many characters that compression does not make much less."""
    digits = os.urandom(size // 2).hex().encode()
    return f"umh/v1/large/t{number}", b'{"timestamp_ms":%d,"value":"%s"}' % (START_MS + number, digits)


def peak_megabytes(pid):
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def notices(settings):
    [status] = project_status(settings)
    for notice in status.next:
        for lang in Lang:
            assert text(notice.code, lang, **notice.facts)
    return [notice.code for notice in status.next]


def test_a_full_disk_is_said_and_loses_no_message(tmp_path, broker):
    plant = MqttPlant(tmp_path / "plant", broker.url, TEXTS)
    settings = Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": broker.url})
    with small_disk(plant.root / "lake", 4) as disk:
        collector = plant.collect()
        plant.wait_for("source_connected", collector.pid)
        publish(broker, (large(number, 3000) for number in range(4000)))
        wait_until(lambda: "segment_not_landed" in notices(settings))
        assert plant.start("status").wait(60) == 0
        assert collector.poll() is None
        disk.grow(400)
        wait_until(lambda: plant.state.state == "source_connected" and plant.state.messages >= 4000 and not plant.state.unlanded)
        assert "segment_not_landed" not in notices(settings)
        assert stop(collector) == 0
        assert run_dataset(settings, "line").counts.silver == 4000


def test_ten_thousand_topics_and_payloads_of_a_megabyte(tmp_path, broker):
    plant = MqttPlant(tmp_path / "plant", broker.url, TEXTS)
    settings = Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": broker.url})
    collector = plant.collect()
    plant.wait_for("source_connected", collector.pid)
    publish(broker, (reading(number, TOPICS) for number in range(TOPICS)))
    publish(broker, (large(number, MEGABYTE) for number in range(LARGE)))
    wait_until(lambda: plant.state.messages >= TOPICS + LARGE)
    peak = peak_megabytes(collector.pid)
    assert stop(collector) == 0
    counts = run_dataset(settings, "line").counts
    assert (counts.rows_in, counts.rejects) == (TOPICS + LARGE, 0)
    sizes = f"count(DISTINCT series) AS series, count(*) FILTER (length(value_text) = {MEGABYTE}) AS large"
    assert plant.fetch(f"SELECT {sizes} FROM silver.line") == [{"series": TOPICS + LARGE, "large": LARGE}]
    assert peak < 600


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # paho leaves the socket to the collector of garbage
def test_an_expired_certificate_is_refused(tmp_path):
    make_certificate(tmp_path, "ca")
    make_expired_certificate(tmp_path, "expired", "ca")
    files = f"cafile {tmp_path}/ca.pem\ncertfile {tmp_path}/expired.pem\nkeyfile {tmp_path}/expired.key"
    broker = make_broker(tmp_path / "broker", access=f"allow_anonymous true\n{files}")
    broker.start()
    try:
        plant = MqttPlant(tmp_path / "plant", "")
        url = f"mqtts://127.0.0.1:{broker.port}?ca={tmp_path}/ca.pem"
        settings = Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": url})
        with opened(settings, "line"):
            assert "expired" in str(wait_for(settings, "source_certificate_refused").facts["reason"])
            assert notices(settings)[0] == "source_certificate_refused"
    finally:
        broker.stop()


@pytest.mark.parametrize("kind", ["opcua", "modbus"])
def test_names_that_do_not_resolve_are_states(tmp_path, kind):
    if kind == "opcua":
        plant, code = MqttPlant(tmp_path / "plant", "", opcua_plant.CONTRACT), "source_name_unknown"
        (plant.root / "expectations" / "datasets" / "line" / "series.csv").write_text(opcua_plant.mapping(1))
        url = "opc.tcp://plc.invalid:4840"
    else:
        plant, code = modbus_plant.Plant(tmp_path / "plant", "line/a,0,uint16,,,,,,,\n").plant, "source_devices_silent"
        url = "modbus://plc.invalid"
    settings = Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": url})
    with opened(settings, "line"):
        assert wait_for(settings, code, seconds=30).address
        assert notices(settings)[0] == code


def test_a_cluster_whose_name_does_not_resolve_is_named(tmp_path):
    plant = MqttPlant(tmp_path / "plant", "", kafka_cluster.CONTRACT)
    settings = Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": "kafka://reader:secret@broker.invalid"})
    with pytest.raises(LakewardError) as failed:
        run_dataset(settings, "line")
    assert failed.value.code == "kafka_unreachable"
    assert "secret" not in failed.value.render("en")
