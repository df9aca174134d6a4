"""Looks at what an OPC UA server has: browses its variables and watches them for a bounded time. Nothing is written there."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from time import monotonic

from asyncua import Client, ua
from asyncua.common.subscription import DataChangeEvent

from lakeward.contracts.collected_source import OpcUaSource
from lakeward.contracts.series_file import SeriesEntry
from lakeward.core.clock import Clock
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import MachineError
from lakeward.sources.collectors.opcua.nodes import address_of, resolve, subscribe
from lakeward.sources.collectors.opcua.session import SourceFault, check_server, naming_faults, open_session
from lakeward.sources.collectors.opcua.values import value_row

# Variables that are taken, nodes of one request, and levels below the objects that are looked at.
MAX_NODES, CHUNK, DEPTH = 20_000, 200, 12
# Values of one node that are kept, and of all.
PER_NODE, MAX_KEPT = 200, 50_000
_TICK = 0.2
# Properties of a variable with a unit and a range (OPC 10000-8, 5.3.2).
_UNIT, _RANGE = "EngineeringUnits", "EURange"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenNode:
    """A variable of the server.

    Args:
        address: Its lasting address.
        path: Names of the levels above it and its own.
        unit: Sign of its unit, as the server shows it; empty for none.
        low, high: Range of its values; empty for none.
    """

    address: str
    path: tuple[str, ...]
    unit: str = ""
    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLook:
    """What was seen while a server was watched.

    Args:
        nodes: Its variables.
        rows: Some values of each, as rows of `values.SCHEMA`.
        counts: Address -> values that came.
        refused: Address -> status, of those that may not be watched.
    """

    nodes: Sequence[SeenNode]
    rows: Sequence[tuple[object, ...]]
    counts: Mapping[str, int]
    refused: Mapping[str, str]
    seconds: float


def look_at_server(connection: ConnectionSettings, seconds: float, stop: Event, clock: Clock) -> ServerLook:
    """Browse the server, and watch its variables for so long, or until `stop` is set.

    Raises:
        MachineError: The server can't be reached, or refuses the connection.
        SettingsError: The connection is none to a server.
    """
    check_server(connection)
    try:
        return asyncio.run(_look(connection, seconds, stop, clock))
    except SourceFault as fault:
        raise MachineError("look_server", address=connection.address, reason=fault.facts.get("reason", fault.code)) from None


def server_name(connection: ConnectionSettings) -> str:
    """Product and version that the server states.

    Raises:
        MachineError, SettingsError: As `look_at_server`.
    """

    async def ask() -> str:
        async with open_session(connection, stays=False) as client:
            with naming_faults(connection):
                found = await client.get_node(ua.ObjectIds.Server_ServerStatus_BuildInfo).read_value()
                return f"{found.ProductName} {found.SoftwareVersion}".strip()

    check_server(connection)
    try:
        return asyncio.run(ask())
    except SourceFault as fault:
        raise MachineError("look_server", address=connection.address, reason=fault.facts.get("reason", fault.code)) from None


async def _look(connection: ConnectionSettings, seconds: float, stop: Event, clock: Clock) -> ServerLook:
    async with open_session(connection, stays=False) as client:
        with naming_faults(connection):
            namespaces = await client.get_namespace_array()
            nodes = await _Browser(client, namespaces).variables()
            watch = _NodeWatch(clock)
            refused = await watch.run(client, [SeriesEntry(address=one.address, series="-") for one in nodes], seconds, stop)
    return ServerLook(nodes=nodes, rows=watch.rows, counts=watch.counts, refused=refused, seconds=watch.seconds)


@dataclass(slots=True)
class _Browser:
    """Walks down from the objects, level by level, some nodes in one request."""

    client: Client
    namespaces: Sequence[str]

    async def variables(self) -> list[SeenNode]:
        level: list[tuple[ua.NodeId, tuple[str, ...]]] = [(self.client.get_objects_node().nodeid, ())]
        found: list[tuple[ua.NodeId, tuple[str, ...]]] = []
        seen = {level[0][0].to_string()}
        for _ in range(DEPTH):
            below = [pair for start in range(0, len(level), CHUNK) for pair in await self._children(level[start : start + CHUNK])]
            level = []
            for reference, path in below:
                if (text := reference.NodeId.to_string()) in seen or len(found) >= MAX_NODES:
                    continue
                seen.add(text)
                level.append((reference.NodeId, path))
                # What the standard itself brings is no plant's.
                if reference.NodeClass is ua.NodeClass.Variable and reference.NodeId.NamespaceIndex:
                    found.append((reference.NodeId, path))
        facts = [one for start in range(0, len(found), CHUNK) for one in await self._facts(found[start : start + CHUNK])]
        return [
            SeenNode(address=address_of(node, self.namespaces), path=path, **fact)
            for (node, path), fact in zip(found, facts, strict=True)
        ]

    async def _children(
        self, nodes: Sequence[tuple[ua.NodeId, tuple[str, ...]]]
    ) -> list[tuple[ua.ReferenceDescription, tuple[str, ...]]]:
        results = await self.client.browse_nodes([self.client.get_node(node) for node, _ in nodes])
        children = []
        for (_, path), (_, result) in zip(nodes, results, strict=True):
            for reference in result.References or ():
                is_property = reference.ReferenceTypeId == ua.NodeId(ua.ObjectIds.HasProperty)
                is_server = reference.NodeId == ua.NodeId(ua.ObjectIds.Server)
                if reference.IsForward and not is_property and not is_server and reference.NodeClass in _WALKED:
                    children.append((reference, (*path, reference.BrowseName.Name or "-")))
        return children

    async def _facts(self, nodes: Sequence[tuple[ua.NodeId, tuple[str, ...]]]) -> list[dict[str, str]]:
        """Unit and range of each variable, where it has such properties."""
        results = await self.client.browse_nodes([self.client.get_node(node) for node, _ in nodes])
        properties = [
            (at, reference.BrowseName.Name, reference.NodeId)
            for at, (_, result) in enumerate(results)
            for reference in result.References or ()
            if reference.BrowseName.Name in (_UNIT, _RANGE)
        ]
        values = await self.client.read_values([self.client.get_node(node) for *_, node in properties]) if properties else []
        facts: list[dict[str, str]] = [{} for _ in nodes]
        for (at, _, _), value in zip(properties, values, strict=True):
            if isinstance(value, ua.EUInformation):
                facts[at]["unit"] = value.DisplayName.Text or ""
            elif isinstance(value, ua.Range):
                facts[at] |= {"low": f"{value.Low:g}", "high": f"{value.High:g}"}
        return facts


_WALKED = (ua.NodeClass.Object, ua.NodeClass.Variable)


@dataclass(slots=True)
class _NodeWatch:
    """What came so far."""

    clock: Clock
    rows: list[tuple[object, ...]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    async def run(self, client: Client, entries: Sequence[SeriesEntry], seconds: float, stop: Event) -> dict[str, str]:
        """Watch; address -> the status of those that are refused."""
        nodes = await resolve(client, entries)
        addresses = {node.to_string(): address for address, node in nodes.ids.items()}
        subscription = await client.create_subscription(500.0, queue_maxsize=MAX_KEPT)
        refused = await subscribe(
            subscription, nodes.ids, entries, OpcUaSource(connection="look", publishing_ms=500, sampling_ms=500)
        )
        started = monotonic()
        while not stop.is_set() and monotonic() - started < seconds:
            event = await subscription.next_event(_TICK)
            if isinstance(event, DataChangeEvent):
                address = addresses[event.node.nodeid.to_string()]
                self.counts[address] += 1
                if self.counts[address] <= PER_NODE and len(self.rows) < MAX_KEPT:
                    row, _ = value_row(address, event.data.monitored_item.Value, self.clock.now(), recovered=False)
                    self.rows.append(row)
        self.seconds = monotonic() - started
        return refused
