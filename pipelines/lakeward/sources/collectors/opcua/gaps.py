"""Where values may be missing: after a cut, a full queue, or a time without a collector. The server's history closes these gaps."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from asyncua import ua

from lakeward.sources.segments import SegmentStore

# Segments in which the last times are looked for; and recovered times of a node that are kept, since its queue may still bring them.
SEGMENTS, KEPT = 50, 1000
# How far past this machine's clock history is read: the server's may be ahead.
AHEAD = timedelta(hours=1)


@dataclass(slots=True)
class ValueGap:
    """From when on a node may lack values, and the source times of those that came since it began."""

    start: datetime
    came: set[datetime] = field(default_factory=set)


@dataclass(slots=True)
class Gaps:
    """Where each node may lack values, and what came since.

    A gap that begins while others are being repaired is one of its own: the history may have been read past it.

    Args:
        newest: Address -> source time of the newest value that came.
    """

    newest: dict[str, datetime] = field(default_factory=dict)
    _recovered: dict[str, set[datetime]] = field(default_factory=dict)
    _open: dict[str, ValueGap] = field(default_factory=dict)
    _repairing: dict[str, ValueGap] = field(default_factory=dict)

    @classmethod
    def after_segments(cls, store: SegmentStore, addresses: Sequence[str], kept: Mapping[str, datetime]) -> "Gaps":
        """Gaps that began with the last landed values, or before; none before the first collector.

        Args:
            kept: Address -> where a gap began that an earlier collector has not closed.
        """
        times, came, oldest = _last_times(store, kept)
        gaps = cls({address: time for address, time in times.items() if address in set(addresses)})
        if oldest is not None:
            # A node that is not among the last segments has not changed since they begin.
            for address in addresses:
                newest = gaps.newest.get(address)
                start = min(newest or oldest, kept.get(address, newest or oldest))
                gaps._open[address] = ValueGap(start, came[address] | ({newest} if newest else set()))
        return gaps

    @property
    def is_open(self) -> bool:
        """Whether any node may lack values."""
        return bool(self._open or self._repairing)

    def starts(self) -> dict[str, datetime]:
        """Address -> where its gap begins."""
        found = {address: gap.start for address, gap in self._open.items()}
        return found | {address: gap.start for address, gap in self._repairing.items()}

    def take(self, address: str, time: datetime) -> bool:
        """Take note of a value that came; False if the history gave it before."""
        if time in self._recovered.get(address, ()):
            return False
        for gaps in (self._open, self._repairing):
            if address in gaps:
                gaps[address].came.add(time)
        self.newest[address] = max(time, self.newest.get(address, time))
        return True

    def open(self, addresses: Sequence[str]) -> None:
        """From now on these nodes may lack values, behind their newest one."""
        for address in addresses:
            if address not in self._open and address in self.newest:
                self._open[address] = ValueGap(self.newest[address])

    def begin_repair(self, earliest: datetime) -> dict[str, datetime]:
        """Address -> where its gap begins, but not before `earliest`; with those of a repair that did not end."""
        recovered, self._recovered = self._recovered, {}
        for address, unfinished in self._repairing.items():
            unfinished.came |= recovered.get(address, set())
        for address, gap in self._open.items():
            before = self._repairing.get(address)
            self._repairing[address] = ValueGap(before.start, before.came | gap.came) if before else gap
        self._open = {}
        return {address: max(gap.start, earliest) for address, gap in self._repairing.items()}

    def missing(self, address: str, values: Sequence[tuple[datetime, ua.DataValue]]) -> Iterator[ua.DataValue]:
        """Those of the history's values, in order of time, that did not come."""
        gap, last = self._repairing[address], None
        recovered = self._recovered.setdefault(address, set())
        for time, value in values:
            if time > gap.start and time not in gap.came and time != last:
                last = time
                recovered.add(time)
                self.newest[address] = max(time, self.newest.get(address, time))
                yield value
        if len(recovered) > 2 * KEPT:
            self._recovered[address] = set(sorted(recovered)[-KEPT:])

    def end_repair(self, addresses: Iterable[str]) -> None:
        """What was missing of these nodes is read; a repair that is cut off begins with the others."""
        for address in addresses:
            self._repairing.pop(address, None)


def _last_times(
    store: SegmentStore, kept: Mapping[str, datetime]
) -> tuple[dict[str, datetime], Mapping[str, set[datetime]], datetime | None]:
    """Of the newest segments: address -> its newest source time, and its times behind a kept gap's begin; and the oldest time, if any."""
    import pyarrow.parquet as pq  # noqa: PLC0415 -- an extra

    times: dict[str, datetime] = {}
    came: dict[str, set[datetime]] = defaultdict(set)
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
            if address in kept and moment > kept[address]:
                came[address].add(moment)
    return times, came, oldest
