"""Reads messages of a Kafka topic between explicit offsets. Nothing is committed to the cluster: offsets are Lakeward's own."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Any

from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import LakewardError, MachineError, SettingsError
from lakeward.core.messages import Phrase
from lakeward.core.tls_faults import find_tls_fault

# Scheme -> whether it uses TLS.
SCHEMES: Mapping[str, bool] = {"kafka": False, "kafkas": True}
PORT = 9092
# Seconds of a handshake that finds out what is wrong with a certificate.
TLS_SECONDS = 5.0
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
# Seconds for an answer of the cluster; messages of one call, and seconds that it waits for as many; seconds without one from which on a
# read has failed.
TIMEOUT, BURST, GATHER, SILENT = 15.0, 10_000, 0.1, 60.0
_UNKNOWN = ("UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION")
_REFUSED = ("TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED")
_PARTITION_END = "_PARTITION_EOF"
_LOGIN = ("_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED")
# Columns of a landed message, as `message_schema` names their types.
SCHEMA: Mapping[str, str] = {
    "topic": "string",
    "payload": "binary",
    "received_at": "timestamp[us, UTC]",
    "key": "binary",
    "partition": "int32",
    "offset": "int64",
    "timestamp": "timestamp[us, UTC]",
    "headers": "string",  # JSON: a list of pairs of texts
}
# Where the id of a schema ends in a payload.
_ID_END = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class TopicReader:
    """A consumer of one topic. Close it."""

    connection: ConnectionSettings
    topic: str
    consumer: Any
    errors: list[Any] = field(default_factory=list)

    def watermarks(self) -> dict[int, tuple[int, int]]:
        """Partition -> its first offset, and that behind its last committed one.

        Raises:
            MachineError: The cluster can't be reached, or has no such topic, or this user may not read it.
        """
        import confluent_kafka as kafka  # noqa: PLC0415 -- an extra

        try:
            found = self.consumer.list_topics(self.topic, TIMEOUT).topics[self.topic]
            if found.error is not None:
                raise self._fault(found.error)
            return {
                partition: self.consumer.get_watermark_offsets(kafka.TopicPartition(self.topic, partition), TIMEOUT)
                for partition in sorted(found.partitions)
            }
        except kafka.KafkaException as error:
            raise self._fault(error.args[0]) from None

    def assign(self, start: Mapping[int, int]) -> None:
        """Read these partitions from these offsets on; no group is joined."""
        import confluent_kafka as kafka  # noqa: PLC0415 -- an extra

        self.consumer.assign([kafka.TopicPartition(self.topic, partition, start[partition]) for partition in sorted(start)])

    def poll(self, most: int, seconds: float) -> list[Any]:
        """Messages that come within so long, and marks of partitions that are at their end.

        Raises:
            MachineError: As `watermarks`.
        """
        import confluent_kafka as kafka  # noqa: PLC0415 -- an extra

        try:
            found: list[Any] = self.consumer.consume(most, seconds)
        except kafka.KafkaException as error:
            raise self._fault(error.args[0]) from None
        for message in found:
            if message.error() is not None and message.error().name() != _PARTITION_END:
                raise self._fault(message.error())
        return found

    def read(self, start: Mapping[int, int], ends: Mapping[int, int], rows: int) -> tuple[list[Any], dict[int, int]]:
        """At most so many messages of `start <= offset < end`, and the offsets behind them.

        Raises:
            MachineError: As `watermarks`; or the cluster has removed what is to be read.
        """
        import confluent_kafka as kafka  # noqa: PLC0415 -- an extra

        reached = dict(start)
        due = {partition for partition, end in ends.items() if start[partition] < end}
        self.assign({partition: start[partition] for partition in due})
        messages: list[Any] = []
        silent = 0.0
        try:
            while due and len(messages) < rows:
                found = self.consumer.consume(min(BURST, rows - len(messages)), GATHER)
                silent = 0.0 if found else silent + GATHER
                if silent >= SILENT:
                    raise MachineError(
                        "kafka_unreachable", address=self.connection.address, reason=self._last_error(Phrase("phrase_no_answer"))
                    )
                ended = {message.partition() for message in found if self._take(message, messages, reached)}
                due = {partition for partition in due - ended if reached[partition] < ends[partition]}
        except kafka.KafkaException as error:
            raise self._fault(error.args[0]) from None
        return messages, reached

    def _take(self, message: Any, messages: list[Any], reached: dict[int, int]) -> bool:
        """Whether it says that its partition has no more, as behind it are only messages of open transactions."""
        error, partition = message.error(), message.partition()
        if error is None:
            messages.append(message)
            reached[partition] = message.offset() + 1
        elif error.name() == _PARTITION_END:
            # Records of transactions are no messages: the end may be behind the last of these.
            reached[partition] = max(reached[partition], message.offset())
            return True
        else:
            raise self._fault(error)
        return False

    def _fault(self, error: Any) -> LakewardError:
        self.consumer.poll(
            0.0
        )  # its client says why only when it is asked for messages: a refused login is else an answer that never came
        name, facts = error.name(), {"address": self.connection.address, "topic": self.topic}
        if name in _UNKNOWN:
            return MachineError("kafka_topic_unknown", **facts)
        if name in _REFUSED:
            return MachineError("kafka_topic_refused", **facts)
        names = [one.name() for one in self.errors]
        if name in _LOGIN or any(one in _LOGIN for one in names):
            return MachineError("kafka_login_refused", address=self.connection.address, reason=name)
        if name == "_AUTO_OFFSET_RESET":
            return MachineError("kafka_offsets_gone", **facts)
        if SCHEMES[self.connection.scheme] and "_SSL" in (name, *names):
            found = find_tls_fault(self.connection, self.connection.port or PORT, TLS_SECONDS)
            reason = found.reason if found else self._last_error(name)
            return MachineError("kafka_certificate_refused", address=self.connection.address, reason=reason)
        return MachineError("kafka_unreachable", address=self.connection.address, reason=self._last_error(name))

    def _last_error(self, otherwise: str | Phrase) -> str | Phrase:
        return next((one.name() for one in reversed(self.errors)), otherwise)


@contextmanager
def open_topic(connection: ConnectionSettings, topic: str, group: str) -> Iterator[TopicReader]:
    """A reader of committed messages, closed at the end.

    Args:
        group: Name under which the cluster's lists show this reader; nothing is committed for it.

    Raises:
        MachineError: The extra is missing.
        SettingsError: The address is none of Kafka.
    """
    if any(find_spec(name) is None for name in ("confluent_kafka", "pyarrow")):
        raise MachineError("extra_missing", extra="kafka")
    import confluent_kafka as kafka  # noqa: PLC0415 -- an extra

    errors: list[Any] = []
    consumer = kafka.Consumer(_options(connection) | {"group.id": group, "error_cb": errors.append})
    try:
        yield TopicReader(connection=connection, topic=topic, consumer=consumer, errors=errors)
    finally:
        consumer.close()


def message_rows(messages: list[Any], received: datetime) -> list[tuple[object, ...]]:
    """The messages as rows of `SCHEMA`."""
    return [
        (
            message.topic(),
            message.value(),
            received,
            message.key(),
            message.partition(),
            message.offset(),
            _instant(message.timestamp()),
            _headers(message.headers()),
        )
        for message in messages
    ]


def schema_id(payload: bytes | None) -> int | None:
    """The id of a schema in front of a payload: behind a zero byte, in four; None where there is none."""
    if payload is None or len(payload) < _ID_END or payload[0]:
        return None
    return int.from_bytes(payload[1:_ID_END])


def _instant(timestamp: tuple[int, int]) -> datetime | None:
    kind, millis = timestamp
    return _EPOCH + timedelta(milliseconds=millis) if kind and millis >= 0 else None


def _headers(headers: list[tuple[str, bytes | None]] | None) -> str | None:
    pairs = [(name, None if value is None else value.decode("utf-8", "replace")) for name, value in headers or ()]
    return json.dumps(pairs, ensure_ascii=False) if pairs else None


def _options(connection: ConnectionSettings) -> dict[str, Any]:
    if connection.scheme not in SCHEMES:
        expected = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise SettingsError("connection_scheme", name=connection.name, place=connection.place, expected=expected)
    host = f"[{connection.host}]" if ":" in connection.host else connection.host
    options: dict[str, Any] = {
        "bootstrap.servers": f"{host}:{connection.port or PORT}",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "isolation.level": "read_committed",
        "log_level": 0,
        "security.protocol": ("SASL_" if connection.user else "") + ("SSL" if SCHEMES[connection.scheme] else "PLAINTEXT"),
    }
    files = {
        "ssl.ca.location": connection.ca,
        "ssl.certificate.location": connection.certificate,
        "ssl.key.location": connection.key,
    }
    options |= {name: str(file) for name, file in files.items() if file}
    if connection.user:
        mechanism = connection.parameters.get("mechanism", MECHANISMS[-1])
        if mechanism not in MECHANISMS:
            raise SettingsError("kafka_mechanism", name=connection.name, place=connection.place, expected=", ".join(MECHANISMS))
        options |= {"sasl.mechanism": mechanism, "sasl.username": connection.user, "sasl.password": connection.password or ""}
    return options
