"""Starts the collector of a dataset in a thread of its own, so that one that ends does not end the others."""

import logging
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from typing import Protocol

from lakeward.contracts.collected_source import HttpSource, ModbusSource, OpcUaSource, SparkplugSource
from lakeward.contracts.model import Contract
from lakeward.contracts.opcua_address import read_node_mapping
from lakeward.contracts.project import DATASETS
from lakeward.contracts.register_map import REGISTERS_FILE, read_register_map
from lakeward.contracts.series_file import SERIES_FILE
from lakeward.contracts.source import COLLECTED_SOURCES, MqttSource
from lakeward.core.errors import DefinitionError, InvariantError, LakewardError, MachineError, UsageError
from lakeward.flows.base.connections import find_connection
from lakeward.flows.base.pinning import newest_plan
from lakeward.flows.base.workspace import Workspace
from lakeward.sources.collectors.mqtt import MqttCollector
from lakeward.sources.collectors.mqtt_client import check_connection
from lakeward.sources.collectors.sparkplug.host import SparkplugHost, check_sparkplug, subscription
from lakeward.sources.opening import Landing
from lakeward.sources.segments.journal import unfinished_journals
from lakeward.sources.segments.store import SegmentStore

# Newest segments of a door from which the ids of messages are known that senders repeat.
_KNOWN_IDS = 20


class Collector(Protocol):
    """Lands what one source sends."""

    def run(self, stop: Event) -> None:
        """Collect until `stop` is set; then everything that came is landed."""
        ...


@dataclass(slots=True, kw_only=True)
class RunningCollector:
    """A collector in its thread.

    Args:
        folder: The dataset's folder in the landing.
        shown: State and its beginning that were reported last.
        errors: Why it ended, if not by being stopped.
    """

    thread: Thread
    folder: Path
    shown: tuple[str, str] = ("", "")
    errors: list[LakewardError] = field(default_factory=list)


def start_collector(workspace: Workspace, contract: Contract, stop: Event) -> RunningCollector:
    """Start the collector of a dataset that has one of its own.

    Raises:
        LakewardError: The connection can't be used, or the landing lacks what the lake has read.
    """
    collector = _make_collector(workspace, contract)
    prepare_landing(workspace, contract)
    errors: list[LakewardError] = []
    thread = Thread(target=run_collector, args=(contract.name, collector, stop, errors), name=f"collect {contract.name}")
    thread.start()
    return RunningCollector(thread=thread, folder=landing_folder(workspace, contract.name), errors=errors)


def run_collector(name: str, collector: Collector, stop: Event, errors: list[LakewardError]) -> None:
    """Run it to its end, and add to `errors` why it ended, if not by being stopped; a defect of ours is one, and is raised too."""
    errors.append(InvariantError("collector_ended", dataset=name))
    try:
        collector.run(stop)
    except LakewardError as error:
        errors[:] = [error]
    else:
        errors.clear()


def _make_collector(workspace: Workspace, contract: Contract) -> Collector:
    match contract.source:
        case MqttSource() as source:
            connection = find_connection(workspace, source.connection)
            check_connection(connection)
            landing, clock, stored = landing_of(workspace), workspace.clock, workspace.lake.names.stored_name(contract.name)
            return MqttCollector(dataset=stored, connection=connection, source=source, landing=landing, clock=clock)
        case SparkplugSource() as source:
            return _make_sparkplug_collector(workspace, contract.name, source)
        case OpcUaSource() as source:
            return _make_opcua_collector(workspace, contract.name, source)
        case ModbusSource() as source:
            return _make_modbus_collector(workspace, contract.name, source)
        case _:
            raise UsageError("source_needs_no_collector", dataset=contract.name)


def _make_sparkplug_collector(workspace: Workspace, name: str, source: SparkplugSource) -> Collector:
    check_sparkplug()
    connection = find_connection(workspace, source.connection)
    check_connection(connection)
    landing, clock, stored = landing_of(workspace), workspace.clock, workspace.lake.names.stored_name(name)
    host = SparkplugHost(source, landing / stored, clock=clock)
    return MqttCollector(
        dataset=stored, connection=connection, source=subscription(source), landing=landing, clock=clock, manner=host
    )


def _make_opcua_collector(workspace: Workspace, name: str, source: OpcUaSource) -> Collector:
    if any(find_spec(one) is None for one in ("asyncua", "pyarrow")):
        raise MachineError("extra_missing", extra="opcua")
    from lakeward.sources.collectors.opcua.collector import OpcUaCollector  # noqa: PLC0415 -- imports an extra
    from lakeward.sources.collectors.opcua.session import check_server  # noqa: PLC0415 -- as above

    logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # what it meets is a state of the collector
    connection = find_connection(workspace, source.connection)
    check_server(connection)
    entries = read_node_mapping(workspace.project.root / DATASETS / name / SERIES_FILE)
    return OpcUaCollector(
        dataset=workspace.lake.names.stored_name(name),
        connection=connection,
        source=source,
        entries=entries,
        landing=landing_of(workspace),
        clock=workspace.clock,
    )


def _make_modbus_collector(workspace: Workspace, name: str, source: ModbusSource) -> Collector:
    if any(find_spec(one) is None for one in ("pymodbus", "pyarrow")):
        raise MachineError("extra_missing", extra="modbus")
    from lakeward.sources.collectors.modbus.collector import ModbusCollector  # noqa: PLC0415 -- imports an extra
    from lakeward.sources.collectors.modbus.device import check_device  # noqa: PLC0415 -- as above

    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # as above
    registers = read_register_map(workspace.project.root / DATASETS / name / REGISTERS_FILE)
    named = dict.fromkeys(one.connection for one in registers)
    connections = {each: find_connection(workspace, each or source.connection) for each in named}
    for connection in connections.values():
        check_device(connection)
    landing, clock = landing_of(workspace), workspace.clock
    return ModbusCollector(
        dataset=workspace.lake.names.stored_name(name),
        connections=connections,
        source=source,
        registers=registers,
        landing=landing,
        clock=clock,
    )


def landing_of(workspace: Workspace) -> Path:
    """Folder of all datasets' landed files."""
    return workspace.files / "landing"


def landing_folder(workspace: Workspace, dataset: str) -> Path:
    """Folder of the dataset's landed files."""
    return landing_of(workspace) / workspace.lake.names.stored_name(dataset)


def check_collected(contract: Contract) -> None:
    """Check that the dataset can be collected at all.

    Raises:
        UsageError: Its source needs no collector.
    """
    if not isinstance(contract.source, COLLECTED_SOURCES):
        raise UsageError("source_needs_no_collector", dataset=contract.name)


def prepare_landing(workspace: Workspace, contract: Contract) -> None:
    """Check that the landing has what the lake has read: new segments under old numbers would never be read. Take the mapping of now.

    Of a lake in an object store take what other machines landed, whose numbers are gone on with.

    Raises:
        InvariantError: It has not.
        MachineError: The object store can't be reached, or refuses.
    """
    store = SegmentStore.of_dataset(landing_of(workspace), workspace.lake.names.stored_name(contract.name))
    if copies := Landing.of_lake(workspace.lake).segments(contract):
        newest = copies.sync()
        copies.fetch(max(newest - _KNOWN_IDS, 0), newest if isinstance(contract.source, HttpSource) else 0)
        for number, _ in unfinished_journals(store.folder):  # a collector compares them
            copies.fetch(number - 1, min(number, newest))
    with workspace.engine() as engine:
        read = newest_plan(engine, contract.name).end
    if store.newest() < read:
        raise InvariantError("segment_missing", folder=store.folder, number=read)
    with suppress(DefinitionError):  # of a mapping: it is for runs to say, and no reason to lose messages
        workspace.source(contract).receive()
