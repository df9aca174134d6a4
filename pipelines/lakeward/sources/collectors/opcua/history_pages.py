"""Reads the history of nodes in as many answers as the server parts it into."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from asyncua import Client, ua

# Nodes of one request.
CHUNK = 100
# Values of one node in one answer, so that an answer stays small; and answers in a row without a value or an end, with seconds between them.
VALUES, MAX_IDLE, PAUSE = 2000, 40, 0.02
# Time that is read at once where nothing else bounds it: what came is in memory until it is landed.
STEP = timedelta(minutes=5)
# A server that has no point left to continue this node from (OPC 10000-4, 7.39).
_NO_POINTS = "BadNoContinuationPoints"


@dataclass(frozen=True, slots=True)
class NodeHistory:
    """What a request for history gave.

    Args:
        values: Address -> values in order of time.
        refused: Address -> name of the status, where the server gives no history.
    """

    values: Mapping[str, Sequence[ua.DataValue]]
    refused: Mapping[str, str]


async def read_span(client: Client, nodes: Mapping[str, ua.NodeId], start: datetime, end: datetime) -> NodeHistory:
    """Values of the nodes from `start` to `end`, in one request and those that continue it.

    A server may give one continuation point until the last value, may answer without a value, and may lack points for some of the
    nodes, which are then asked for again.
    """
    values: dict[str, list[ua.DataValue]] = {address: [] for address in nodes}
    refused: dict[str, str] = {}
    points: dict[str, bytes | None] = dict.fromkeys(nodes)
    idle = 0
    while points and idle < MAX_IDLE:
        asked, before = list(points.items()), sum(map(len, values.values()))
        answers = await client.uaclient.session.history_read(_request(start, end, [(nodes[a], point) for a, point in asked]))
        for (address, _), answer in zip(asked, answers, strict=True):
            values[address] += getattr(answer.HistoryData, "DataValues", None) or []
            if answer.StatusCode.name == _NO_POINTS:
                continue
            del points[address]
            if not answer.StatusCode.is_good():
                refused[address] = answer.StatusCode.name
            elif answer.ContinuationPoint:
                points[address] = answer.ContinuationPoint
        if len(points) < len(asked) or sum(map(len, values.values())) > before:
            idle = 0
        else:
            idle += 1
            await asyncio.sleep(PAUSE)
    return NodeHistory(values, refused | dict.fromkeys(points, "BadTimeout"))


def _request(start: datetime, end: datetime, nodes: Sequence[tuple[ua.NodeId, bytes | None]]) -> ua.HistoryReadParameters:
    details = ua.ReadRawModifiedDetails(IsReadModified=False, NumValuesPerNode=VALUES, ReturnBounds=False)
    details.StartTime, details.EndTime = start, end
    parameters = ua.HistoryReadParameters()
    parameters.HistoryReadDetails = details
    parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
    parameters.ReleaseContinuationPoints = False
    parameters.NodesToRead = [ua.HistoryReadValueId(NodeId=node, IndexRange="", ContinuationPoint=point) for node, point in nodes]
    return parameters


def steps(start: datetime, end: datetime, beyond: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """The time from `start` to `end` in parts of `STEP`, of which the last goes beyond the end."""
    while start + STEP < end:
        yield start, start + STEP
        start += STEP
    yield start, max(start, end) + beyond
