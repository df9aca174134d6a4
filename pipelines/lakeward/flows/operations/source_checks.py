"""Databases, brokers and addresses that contracts name: whether each answers, and as what."""

import logging
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from threading import Event
from typing import Any

from lakeward.contracts.collected_source import HttpSource, ModbusSource, OpcUaSource, SparkplugSource
from lakeward.contracts.source import KafkaSource, MqttSource, OpcUaHistorySource, SqlSource
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import LakewardError, MachineError
from lakeward.core.messages import Lang, text
from lakeward.core.settings import Settings
from lakeward.flows.base.connections import find_connection
from lakeward.flows.base.workspace import open_workspace

# Messages of looks that hold for a contract's connection, too.
_OWN_WORDS = ("look_server", "look_device")
# Name of a connection, what was found there, and the message of why it can't be had; one of the two is empty.
SourceCheck = tuple[str, str, str]


def check_sources(settings: Settings) -> Iterator[SourceCheck]:
    """Each connection that a valid contract names, with what answers there, or why it can't be had. Nothing is written there."""
    try:
        workspace = open_workspace(settings)
        contracts = workspace.project.valid_contracts().values()
    except LakewardError:  # reported by the check of the project
        return
    sources: list[Any] = [one.source for one in contracts if not one.retired and type(one.source) in _CHECKS]
    # One of each: several datasets of a server are one question.
    for source in {_question(source): source for source in sources}.values():
        name = source.connection
        try:
            connection = find_connection(workspace, name)
            yield name, f"{_CHECKS[type(source)](connection, source)}, {connection.address}", ""
        except LakewardError as error:
            yield name, "", _problem(error, settings.lang)


def _question(source: Any) -> tuple[object, ...]:
    """What is asked: of a broker or cluster also whether this topic may be read."""
    return type(source), source.connection, getattr(source, "topics", getattr(source, "topic", ""))


def _problem(error: LakewardError, lang: Lang) -> str:
    """The message; those of a look speak of `--from`, which is not where a contract's connection is."""
    if error.code.startswith("look_") and error.code not in _OWN_WORDS:
        return text("source_" + error.code.removeprefix("look_"), lang, **error.facts)
    return error.render(lang)


def _database(connection: ConnectionSettings, _: SqlSource) -> str:
    from lakeward.sources.sql.opening import open_server  # noqa: PLC0415 -- only where a contract asks for it

    with open_server(connection) as server:
        return server.version()


def _broker(connection: ConnectionSettings, source: MqttSource) -> str:
    from lakeward.sources.collectors.mqtt_look import look_at_broker  # noqa: PLC0415 -- as above

    return f"MQTT {look_at_broker(connection, source.topics, 0.0, Event()).version}"


def _edges(connection: ConnectionSettings, source: SparkplugSource) -> str:
    from lakeward.sources.collectors.sparkplug.host import check_sparkplug, subscription  # noqa: PLC0415 -- as above

    check_sparkplug()
    return _broker(connection, subscription(source))


def _cluster(connection: ConnectionSettings, source: KafkaSource) -> str:
    from lakeward.sources.kafka.cluster import open_topic  # noqa: PLC0415 -- as above

    with open_topic(connection, source.topic, "lakeward-doctor") as reader:
        return f"Kafka, {source.topic}: {len(reader.watermarks())}"


def _door(connection: ConnectionSettings, _: HttpSource) -> str:
    from lakeward.sources.collectors.http.door import check_door  # noqa: PLC0415 -- as above

    check_door(connection)
    return connection.scheme.upper()


def _server(connection: ConnectionSettings, _: OpcUaSource | OpcUaHistorySource) -> str:
    if any(find_spec(one) is None for one in ("asyncua", "pyarrow")):
        raise MachineError("extra_missing", extra="opcua")
    from lakeward.sources.collectors.opcua.look import server_name  # noqa: PLC0415 -- imports an extra

    logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # what it meets is the error that is raised
    return server_name(connection)


def _device(connection: ConnectionSettings, _: ModbusSource) -> str:
    if any(find_spec(one) is None for one in ("pymodbus", "pyarrow")):
        raise MachineError("extra_missing", extra="modbus")
    from lakeward.sources.collectors.modbus.look import reach_device  # noqa: PLC0415 -- imports an extra

    return reach_device(connection)


_CHECKS: dict[type, Callable[[ConnectionSettings, Any], str]] = {
    SqlSource: _database,
    MqttSource: _broker,
    KafkaSource: _cluster,
    HttpSource: _door,
    OpcUaSource: _server,
    OpcUaHistorySource: _server,
    ModbusSource: _device,
    SparkplugSource: _edges,
}
