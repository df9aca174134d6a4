"""Clusters of Kafka for tests: a real broker of Apache Kafka's jars, and what messages are sent to any."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.certificates import make_certificate
from support.line_contracts import line_contract

# Folder with the jars of org.apache.kafka:kafka_2.13 and what it needs (tests/README.md).
JARS = "TEST_KAFKA_JARS"
# A contract of JSON messages.
CONTRACT = line_contract(
    "kafka",
    "topic: readings",
    "payload: json",
    columns=(
        "{name: machine, logicalType: string, required: true}",
        "{name: number, logicalType: integer, required: true}",
        "{name: partition, physicalName: $partition, logicalType: integer}",
        "{name: place, physicalName: $offset, logicalType: integer}",
        "{name: key, physicalName: $key, logicalType: string}",
        "{name: headers, physicalName: $headers, logicalType: string}",
    ),
)
CONFIG = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
log.dirs={folder}/data
num.partitions=4
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""


def require_client():
    """The client's library; in CI its lack is a failure."""
    if os.environ.get("CI"):  # noqa: TID251
        import confluent_kafka

        return confluent_kafka
    return pytest.importorskip("confluent_kafka", reason="confluent-kafka is missing: pip install confluent-kafka")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Broker:
    """A broker of Apache Kafka on loopback."""

    folder: Path
    jars: str
    port: int
    process: subprocess.Popen | None = None
    config: str = CONFIG
    # Words for the first start, such as users.
    made_with: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return f"kafka://127.0.0.1:{self.port}"

    @property
    def options(self) -> dict:
        return {"bootstrap.servers": f"127.0.0.1:{self.port}", "log_level": 0}

    def _java(self, *words: str) -> list[str]:
        return ["java", "-Xms128m", "-Xmx512m", "-cp", f"{self.jars}/*", *words]

    def start(self) -> None:
        file = self.folder / "server.properties"
        if not file.exists():
            file.write_text(self.config.format(port=self.port, controller=free_port(), folder=self.folder))
            made = subprocess.run(
                self._java("kafka.tools.StorageTool", "random-uuid"), capture_output=True, text=True, check=True, timeout=120
            )
            words = ("kafka.tools.StorageTool", "format", "--standalone", "-t", made.stdout.split()[-1], "-c", str(file))
            subprocess.run(self._java(*words, *self.made_with), capture_output=True, check=True, timeout=120)
        with (self.folder / "broker.log").open("ab") as log:
            self.process = subprocess.Popen(self._java("kafka.Kafka", str(file)), stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError((self.folder / "broker.log").read_text()[-2000:])

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(number)
            self.process.wait(60)
            self.process = None


def make_broker(folder: Path) -> Broker:
    """A broker that is not started yet; without Java or the jars the test is skipped, and says so."""
    require_client()
    jars = os.environ.get(JARS)  # noqa: TID251
    if not jars or not shutil.which("java"):
        pytest.skip(f"{JARS} names no folder with the jars of Apache Kafka, or Java is missing (tests/README.md)")
    folder.mkdir(parents=True, exist_ok=True)
    return Broker(folder, jars, free_port())


# A broker that asks for TLS and a password: what differs from `CONFIG`.
_SECURED = """\
listeners=SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_SSL://127.0.0.1:{port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
inter.broker.listener.name=SASL_SSL
ssl.keystore.type=PEM
ssl.keystore.location={folder}/server.bundle.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
"""
_PLAIN = """\
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  username="reader" password="secret" user_reader="secret";
"""
_SCRAM = """\
sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\
  username="reader" password="secret";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\
  username="reader" password="secret";
"""


def make_scram_broker(folder: Path) -> Broker:
    """As `make_secured_broker`, with both mechanisms of SCRAM in place of PLAIN."""
    broker = make_secured_broker(folder)
    broker.config = broker.config.replace(_PLAIN, _SCRAM)
    users = [f"SCRAM-SHA-{bits}=[name=reader,password=secret]" for bits in (256, 512)]
    broker.made_with = tuple(word for user in users for word in ("--add-scram", user))
    return broker


def make_secured_broker(folder: Path) -> Broker:
    """As `make_broker`, with TLS by `ca.pem` in its folder, and the user `reader` with the password `secret`."""
    broker = make_broker(folder)
    make_certificate(folder, "ca")
    make_certificate(folder, "server", issuer="ca")
    parts = ("server.key", "server.pem", "ca.pem")
    (folder / "server.bundle.pem").write_text("".join((folder / part).read_text() for part in parts))
    plain = [line for line in CONFIG.splitlines() if not line.startswith(("listeners=", "advertised.listeners="))]
    broker.config = "\n".join(plain) + "\n" + _PLAIN + _SECURED
    return broker


def make_guarded_broker(folder: Path) -> Broker:
    """As `make_secured_broker`, with the user `guest` with the password `guest`, who may read nothing."""
    broker = make_secured_broker(folder)
    authorizer = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
    guard = f"authorizer.class.name={authorizer}\nsuper.users=User:reader;User:ANONYMOUS\n"
    broker.config = guard + broker.config.replace('user_reader="secret"', 'user_reader="secret" user_guest="guest"')
    return broker


def create_topic(options: dict, topic: str, partitions: int = 4) -> None:
    from confluent_kafka.admin import AdminClient, NewTopic

    admin = AdminClient(options)  # its answers end with it
    for future in admin.create_topics([NewTopic(topic, partitions, 1)]).values():
        future.result(60)


def produce(options: dict, topic: str, messages) -> None:
    """Produce `(partition, key, value)` or with headers behind; all are acknowledged on return."""
    from confluent_kafka import Producer

    producer = Producer({"linger.ms": 20, **options})
    for partition, key, value, *headers in messages:
        while True:
            try:
                producer.produce(topic, value, key, partition, headers=headers[0] if headers else None)
                break
            except BufferError:
                producer.poll(0.5)
        producer.poll(0)
    assert producer.flush(120) == 0


def message_value(number: int) -> bytes:
    """The payload of message `number`."""
    return json.dumps({"machine": f"M{number % 3}", "number": number}).encode()


# As librdkafka calls the number of brokers that it starts in this process.
BROKERS = "test." + "mock" + ".num.brokers"


class LocalCluster:
    """The cluster that librdkafka brings; it lives as long as this producer."""

    def __init__(self, kafka) -> None:
        self.producer = kafka.Producer({BROKERS: 1, "bootstrap.servers": "unused", "log_level": 0})
        [broker] = self.producer.list_topics(timeout=30).brokers.values()
        self.options = {"bootstrap.servers": f"{broker.host}:{broker.port}", "log_level": 0}
        self.url = f"kafka://{broker.host}:{broker.port}"


def local_cluster() -> LocalCluster:
    """A cluster in this process."""
    return LocalCluster(require_client())
