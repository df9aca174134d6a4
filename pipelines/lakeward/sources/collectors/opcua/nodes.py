"""Nodes by addresses that last: namespaces by their URI, since a server may number them anew when it starts."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asyncua import Client, ua
from asyncua.common.subscription import Subscription

from lakeward.contracts.collected_source import OpcUaSource
from lakeward.contracts.opcua_address import OpcUaAddress
from lakeward.contracts.series_file import SeriesEntry

# Mark of an identifier -> its type.
_KINDS: Mapping[str, type] = {"i": int, "s": str, "g": UUID, "b": bytes}
# Nodes of one request.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class ResolvedNodes:
    """Nodes of this session.

    Args:
        ids: Address -> its id in this session.
        unknown: Addresses whose namespace the server does not have.
    """

    ids: Mapping[str, ua.NodeId]
    unknown: tuple[str, ...]


async def resolve(client: Client, entries: Sequence[SeriesEntry]) -> ResolvedNodes:
    """The nodes of the mapping's addresses."""
    namespaces = await client.get_namespace_array()
    ids: dict[str, ua.NodeId] = {}
    unknown: list[str] = []
    for entry in entries:
        address = OpcUaAddress.parse(entry.address)
        if address is None or address.namespace not in namespaces:
            unknown.append(entry.address)
        else:
            ids[entry.address] = _node_id(address, namespaces.index(address.namespace))
    return ResolvedNodes(ids, tuple(unknown))


def _node_id(address: OpcUaAddress, namespace: int) -> ua.NodeId:
    text = address.text
    match address.kind:
        case "i":
            return ua.NodeId(int(text), namespace)
        case "g":
            return ua.NodeId(UUID(text), namespace)
        case "b":
            return ua.NodeId(base64.b64decode(text), namespace)
        case _:
            return ua.NodeId(text, namespace)


def address_of(node: ua.NodeId, namespaces: Sequence[str]) -> str:
    """The lasting address of a node."""
    identifier: Any = node.Identifier
    kind = next(mark for mark, type_ in _KINDS.items() if isinstance(identifier, type_))
    text = base64.b64encode(identifier).decode("ascii") if kind == "b" else str(identifier)
    return str(OpcUaAddress(namespaces[node.NamespaceIndex], kind, text))


async def subscribe(
    subscription: Subscription, nodes: Mapping[str, ua.NodeId], entries: Sequence[SeriesEntry], source: OpcUaSource
) -> dict[str, str]:
    """Subscribe to the nodes; address -> the name of its status, of those that the server refuses."""
    deadbands = {entry.address: float((entry.values or {}).get("deadband") or 0) for entry in entries}
    wanted, refused = list(nodes.items()), {}
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        requests = [_request(start + at, node, deadbands[address], source) for at, (address, node) in enumerate(part)]
        for (address, _), result in zip(part, await subscription.create_monitored_items(requests), strict=True):
            if isinstance(result, ua.StatusCode):
                refused[address] = result.name
    return refused


def _request(handle: int, node: ua.NodeId, deadband: float, source: OpcUaSource) -> ua.MonitoredItemCreateRequest:
    parameters = ua.MonitoringParameters()
    parameters.ClientHandle = handle + 1
    parameters.SamplingInterval = source.sampling_ms
    parameters.QueueSize = source.queue_size
    parameters.DiscardOldest = True
    if deadband > 0:
        change = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValue)
        change.DeadbandType, change.DeadbandValue = ua.DeadbandType.Absolute, deadband
        parameters.Filter = change
    request = ua.MonitoredItemCreateRequest()
    request.ItemToMonitor = ua.ReadValueId(NodeId=node, AttributeId=ua.AttributeIds.Value)
    request.MonitoringMode = ua.MonitoringMode.Reporting
    request.RequestedParameters = parameters
    return request
