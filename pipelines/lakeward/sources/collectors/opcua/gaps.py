"""Closes gaps from the server's history: after a cut, a full queue, or a time without a collector."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from asyncua import Client, ua

from lakeward.sources.segments import SegmentStore

# Nodes of one request, and segments in which the last times are looked for.
CHUNK, SEGMENTS = 100, 50
# How far past this machine's clock history is read: the server's may be ahead.
AHEAD = timedelta(hours=1)


@dataclass(slots=True)
class Gaps:
    """Where each node may lack values, and what came since.

    Args:
        newest: Address -> source time of the newest value that came.
    """

    newest: dict[str, datetime] = field(default_factory=dict)
    _recovered: dict[str, set[datetime]] = field(default_factory=dict)
    _from: dict[str, datetime] = field(default_factory=dict)
    _since: dict[str, set[datetime]] = field(default_factory=dict)

    @classmethod
    def after_segments(cls, store: SegmentStore, addresses: Sequence[str]) -> "Gaps":
        """Gaps that began with the last landed values; none before the first collector."""
        times, oldest = _last_times(store)
        gaps = cls({address: time for address, time in times.items() if address in set(addresses)})
        if oldest is not None:
            # A node that is not among the last segments has not changed since they begin.
            gaps._from = {address: gaps.newest.get(address, oldest) for address in addresses}
            gaps._since = {address: {gaps.newest[address]} if address in gaps.newest else set() for address in addresses}
        return gaps

    @property
    def is_open(self) -> bool:
        """Whether any node may lack values."""
        return bool(self._from)

    def take(self, address: str, time: datetime) -> bool:
        """Take note of a value that came; False if the history gave it before."""
        if time in self._recovered.get(address, ()):
            return False
        if address in self._from:
            self._since[address].add(time)
        self.newest[address] = max(time, self.newest.get(address, time))
        return True

    def open(self, addresses: Sequence[str]) -> None:
        """From now on these nodes may lack values, behind their newest one."""
        for address in addresses:
            if address not in self._from and address in self.newest:
                self._from[address] = self.newest[address]
                self._since[address] = set()

    def missing(self, address: str, values: Sequence[tuple[datetime, ua.DataValue]]) -> Iterator[ua.DataValue]:
        """Those of the history's values that did not come."""
        for time, value in values:
            if time > self._from[address] and time not in self._since[address]:
                self._since[address].add(time)
                self._recovered.setdefault(address, set()).add(time)
                self.newest[address] = max(time, self.newest.get(address, time))
                yield value

    def begin_repair(self) -> None:
        """Forget what the last repair gave."""
        self._recovered = {}

    def starts(self, earliest: datetime) -> dict[str, datetime]:
        """Address -> where its gap begins, but not before `earliest`."""
        return {address: max(time, earliest) for address, time in self._from.items()}

    def close(self) -> None:
        """All gaps are read."""
        self._from, self._since = {}, {}


@dataclass(frozen=True, slots=True)
class NodeHistory:
    """What a request for history gave.

    Args:
        values: Address -> values in order of time.
        refused: Address -> name of the status, where the server gives no history.
    """

    values: Mapping[str, Sequence[ua.DataValue]]
    refused: Mapping[str, str]


async def read_history(
    client: Client, nodes: Mapping[str, ua.NodeId], starts: Mapping[str, datetime], end: datetime
) -> NodeHistory:
    """Values of the nodes from the earliest of `starts` to `end`, of some nodes in one request."""
    return await read_span(client, {address: nodes[address] for address in starts}, min(starts.values()), end + AHEAD)


async def read_span(client: Client, nodes: Mapping[str, ua.NodeId], start: datetime, end: datetime) -> NodeHistory:
    """Values of the nodes from `start` to `end`, in one request and those that continue it."""
    values: dict[str, list[ua.DataValue]] = {address: [] for address in nodes}
    refused: dict[str, str] = {}
    points: dict[str, bytes | None] = dict.fromkeys(nodes)
    details = ua.ReadRawModifiedDetails(IsReadModified=False, NumValuesPerNode=0, ReturnBounds=False)
    details.StartTime, details.EndTime = start, end
    while points:
        asked = list(points.items())
        results = await client.uaclient.session.history_read(_request(details, [(nodes[a], point) for a, point in asked]))
        for (address, before), result in zip(asked, results, strict=True):
            del points[address]
            if not result.StatusCode.is_good():
                refused[address] = result.StatusCode.name
                continue
            values[address] += getattr(result.HistoryData, "DataValues", None) or []
            if result.ContinuationPoint and result.ContinuationPoint != before:
                points[address] = result.ContinuationPoint
    return NodeHistory(values, refused)


def _request(details: ua.ReadRawModifiedDetails, nodes: Sequence[tuple[ua.NodeId, bytes | None]]) -> ua.HistoryReadParameters:
    parameters = ua.HistoryReadParameters()
    parameters.HistoryReadDetails = details
    parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
    parameters.ReleaseContinuationPoints = False
    parameters.NodesToRead = [ua.HistoryReadValueId(NodeId=node, IndexRange="", ContinuationPoint=point) for node, point in nodes]
    return parameters


def _last_times(store: SegmentStore) -> tuple[dict[str, datetime], datetime | None]:
    """Address -> its newest source time in the newest segments, and the oldest time in them; None without any."""
    import pyarrow.parquet as pq  # noqa: PLC0415 -- an extra

    times: dict[str, datetime] = {}
    oldest: datetime | None = None
    for number in range(store.newest(), max(store.newest() - SEGMENTS, 0), -1):
        path = store.path(number)
        if not path.is_file():
            break
        table = pq.read_table(path, columns=["topic", "source_time"])
        for address, time in zip(table["topic"].to_pylist(), table["source_time"].to_pylist(), strict=True):
            moment = time.astimezone(UTC)
            times[address] = max(moment, times.get(address, moment))
            oldest = moment if oldest is None else min(oldest, moment)
    return times, oldest
