"""Topics of Kafka, on the cluster that librdkafka brings: offsets, windows, headers, tombstones, and what is refused."""

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import lint_contracts, project_status, run_dataset
from lakeward.flows.operations.source_checks import check_sources
from support.kafka_cluster import CONTRACT, local_cluster, message_value, produce
from support.mqtt_plant import MqttPlant


@pytest.fixture
def cluster():
    return local_cluster()


@pytest.fixture
def plant(tmp_path, cluster):
    return MqttPlant(tmp_path / "plant", cluster.url, CONTRACT)


@pytest.fixture
def settings(plant, cluster):
    return Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": cluster.url})


def _places(plant):
    return [tuple(row.values()) for row in plant.fetch("SELECT number, partition, place FROM silver.line ORDER BY number")]


def test_each_message_is_landed_once_with_its_key_and_headers(plant, settings, cluster):
    produce(cluster.options, "readings", [(n % 4, b"k%d" % n, message_value(n), [("unit", b"Cel")]) for n in range(40)])
    assert run_dataset(settings, "line").counts.silver == 40
    assert run_dataset(settings, "line").batches == 0
    produce(cluster.options, "readings", [(n % 4, None, message_value(n)) for n in range(40, 60)])
    assert run_dataset(settings, "line").counts.silver == 20
    assert _places(plant) == [(n, n % 4, n // 4) for n in range(60)]
    [row] = plant.fetch("SELECT key, headers FROM silver.line WHERE number = 7")
    assert row == {"key": "k7", "headers": '[["unit", "Cel"]]'}


@pytest.mark.exhaustive
def test_windows_follow_each_other_to_the_end_of_the_run(plant, settings, cluster):
    file = plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml"
    file.write_text(CONTRACT.replace("      payload: json\n", "      payload: json\n      windowRows: 7\n"))
    produce(cluster.options, "readings", [(n % 4, None, message_value(n)) for n in range(50)])
    report = run_dataset(settings, "line")
    assert (report.counts.silver, report.batches > 3) == (50, True)
    assert len(_places(plant)) == 50


def test_a_tombstone_and_poison_are_kept_and_stop_nothing(plant, settings, cluster):
    produce(cluster.options, "readings", [(0, b"k", None), (0, b"k", b"{"), (0, b"k", message_value(1))])
    report = run_dataset(settings, "line")
    assert (report.counts.rows_in, report.counts.rejects, report.counts.silver) == (3, 2, 1)
    reasons = plant.fetch("SELECT reason FROM rejects.line ORDER BY _row")
    assert [row["reason"] for row in reasons] == ["reject_tombstone", "reject_no_json_message"]


def test_latest_begins_with_the_first_run_and_loses_nothing_behind_it(plant, settings, cluster):
    file = plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml"
    file.write_text(CONTRACT.replace("      payload: json\n", "      payload: json\n      start: latest\n"))
    produce(cluster.options, "readings", [(0, None, message_value(n)) for n in range(5)])
    assert run_dataset(settings, "line").batches == 0
    produce(cluster.options, "readings", [(0, None, message_value(n)) for n in range(5, 8)])
    assert run_dataset(settings, "line").counts.silver == 3


@pytest.mark.parametrize(
    ("url", "code"), [("kafka://127.0.0.1:1", "kafka_unreachable"), ("amqp://127.0.0.1:1", "connection_scheme")]
)
def test_a_cluster_that_can_not_be_read_is_named(plant, url, code):
    settings = Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": url})
    with pytest.raises(LakewardError) as failed:
        run_dataset(settings, "line")
    assert failed.value.code == code


@pytest.mark.parametrize("bad", ["acceptedGaps: ['0:9-3']", "topic: 'a b'", "start: newest"])
def test_keys_that_are_not_valid_are_refused(plant, settings, bad):
    file = plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml"
    text = CONTRACT.replace("      topic: readings\n", "") if bad.startswith("topic") else CONTRACT
    file.write_text(text.replace("      payload: json\n", f"      payload: json\n      {bad}\n"))
    assert lint_contracts(settings, "line")


def test_the_doctor_and_status_say_what_can_be_had_and_what_is_promised(plant, settings, cluster):
    produce(cluster.options, "readings", [(n % 4, None, message_value(n)) for n in range(4)])
    [(name, found, problem)] = check_sources(settings)
    assert (name, found.startswith("Kafka, readings: 4"), problem) == ("plant_broker", True, "")
    [status] = project_status(settings)
    assert status.guarantee.code == "guarantee_offsets"
    other = Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": "amqp://127.0.0.1:1"})
    [(_, found, problem)] = check_sources(other)
    assert (found, "plant_broker" in problem) == ("", True)
