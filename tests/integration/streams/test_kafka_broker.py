"""A real broker: transactions with aborts, killed runs, a killed broker, and messages that are removed before they are read."""

import itertools
import random
import signal
import threading
import time

import pytest

from lakeward.core.errors import ExitCode, MachineError
from lakeward.core.settings import Settings
from lakeward.flows import run_dataset
from support.kafka_cluster import CONTRACT, create_topic, make_broker, message_value, produce
from support.mqtt_plant import MqttPlant, kill

pytestmark = pytest.mark.exhaustive
KILLS, PER_TRANSACTION = 30, 500
SMALL = CONTRACT.replace("      payload: json\n", "      payload: json\n      windowRows: 4000\n")


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = make_broker(tmp_path_factory.mktemp("kafka"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def plant(tmp_path, broker):
    return MqttPlant(tmp_path / "plant", broker.url, SMALL)


@pytest.fixture
def settings(plant, broker):
    return Settings.load(plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": broker.url})


def _use_topic(plant, broker, topic, more=""):
    create_topic(broker.options, topic)
    file = plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml"
    file.write_text(SMALL.replace("topic: readings\n", f"topic: {topic}\n{more}"))


def _send_transactions(broker, topic, committed, stop):
    """Transactions over all partitions, of which every fifth is aborted, until they are enough: each run that is killed has some to read."""
    from confluent_kafka import Producer

    producer = Producer({**broker.options, "transactional.id": topic, "linger.ms": 20})
    producer.init_transactions(60)
    for number in itertools.takewhile(lambda _: not stop.is_set(), itertools.count()):
        producer.begin_transaction()
        values = range(number * PER_TRANSACTION, (number + 1) * PER_TRANSACTION)
        for value in values:
            producer.produce(topic, message_value(value), partition=value % 4)
            producer.poll(0)
        producer.flush(60)
        if number % 5 == 4:
            producer.abort_transaction(60)
        else:
            producer.commit_transaction(60)
            committed.update(values)
        time.sleep(0.1)


@pytest.mark.timeout(600)
def test_killed_runs_bring_each_committed_message_once(plant, settings, broker):
    _use_topic(plant, broker, "transactions")
    committed: set[int] = set()
    stop = threading.Event()
    sender = threading.Thread(target=_send_transactions, args=(broker, "transactions", committed, stop))
    sender.start()
    chance, kills = random.Random(7), 0
    while kills < KILLS:
        run = plant.drain()
        time.sleep(chance.uniform(0.5, 4.0))
        kills += run.poll() is None
        kill(run)
    stop.set()
    sender.join(300)
    assert not sender.is_alive()
    while run_dataset(settings, "line").batches:
        pass
    rows = plant.fetch("SELECT number, partition, place FROM bronze.line")
    assert len(rows) == len({(row["partition"], row["place"]) for row in rows}) == len(committed)
    assert {int(row["number"]) for row in rows} == committed
    [silver] = plant.fetch("SELECT count(*) AS n, count(DISTINCT number) AS different FROM silver.line")
    assert silver == {"n": len(committed), "different": len(committed)}


def test_a_killed_broker_goes_on_where_it_was(plant, settings, broker):
    _use_topic(plant, broker, "killed")
    produce(broker.options, "killed", [(n % 4, None, message_value(n)) for n in range(1000)])
    assert run_dataset(settings, "line").counts.silver == 1000
    time.sleep(2)
    broker.stop(signal.SIGKILL)
    with pytest.raises(MachineError) as failed:
        run_dataset(settings, "line")
    assert failed.value.code == "kafka_unreachable"
    broker.start()
    produce(broker.options, "killed", [(n % 4, None, message_value(n)) for n in range(1000, 1100)])
    assert run_dataset(settings, "line").counts.silver == 100


def test_messages_that_were_removed_unread_stop_a_run_until_they_are_given_up(plant, settings, broker):
    from confluent_kafka import TopicPartition
    from confluent_kafka.admin import AdminClient

    _use_topic(plant, broker, "removed")
    produce(broker.options, "removed", [(n % 4, None, message_value(n)) for n in range(40)])
    assert run_dataset(settings, "line").counts.silver == 40
    produce(broker.options, "removed", [(n % 4, None, message_value(n)) for n in range(40, 80)])
    admin = AdminClient(broker.options)
    for future in admin.delete_records([TopicPartition("removed", 2, 15)]).values():
        future.result(60)
    with pytest.raises(MachineError) as failed:
        run_dataset(settings, "line")
    assert (failed.value.code, failed.value.exit_code) == ("kafka_gap", ExitCode.ENVIRONMENT)
    assert failed.value.facts == {"topic": "removed", "partition": 2, "first": 10, "last": 14}
    assert plant.fetch("SELECT count(*) AS n FROM silver.line") == [{"n": 40}]
    file = plant.root / "expectations" / "datasets" / "line" / "contract.odcs.yaml"
    file.write_text(file.read_text().replace("      topic: removed\n", '      topic: removed\n      acceptedGaps: ["2:10-14"]\n'))
    assert run_dataset(settings, "line").counts.silver == 35
    [event] = plant.fetch("SELECT kind, facts FROM governance.source_events")
    assert event["kind"] == "source_gap_accepted"
