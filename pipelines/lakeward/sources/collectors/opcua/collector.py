"""Lands the values of an OPC UA server's nodes until it is stopped."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from time import monotonic

from asyncua import Client, ua
from asyncua.client.ua_client import UaClientState
from asyncua.common.subscription import DataChangeEvent, OverflowPolicy, Subscription

from lakeward.contracts.collected_source import OpcUaSource
from lakeward.contracts.series_file import SeriesEntry
from lakeward.core.clock import Clock, SystemClock
from lakeward.core.connections import ConnectionSettings
from lakeward.sources.collectors.lander import Lander
from lakeward.sources.collectors.opcua.gaps import AHEAD, Gaps
from lakeward.sources.collectors.opcua.history_pages import CHUNK, read_span, steps
from lakeward.sources.collectors.opcua.kept_gaps import KeptGaps
from lakeward.sources.collectors.opcua.nodes import ResolvedNodes, resolve, subscribe
from lakeward.sources.collectors.opcua.overflows import Overflows
from lakeward.sources.collectors.opcua.session import SourceFault, naming_faults, open_session
from lakeward.sources.collectors.opcua.values import SCHEMA, has_overflow, source_time, value_row
from lakeward.sources.collectors.state import CONNECTED, CollectorJournal
from lakeward.sources.segments import message_schema

# Values of one write, and those that may wait in memory: beyond them the link is cut, and history closes the gap.
COMMIT_ROWS, WAITING = 2000, 200_000
# Seconds of one step; until the next try, the first and the most; and without a fault after which it is the first again.
TICK, FIRST_RETRY, LAST_RETRY, CALM = 0.2, 0.5, 30.0, 60.0
# Seconds that are waited for a value while others wait to be written.
BRIEF = 0.001
# Seconds beyond two messages of the server after which the queues of a cut have come.
SETTLE = 1.0


@dataclass(slots=True, kw_only=True)
class OpcUaCollector:
    """Lands the values of one dataset until it is stopped.

    Args:
        entries: The mapping, whose addresses are the nodes.
        landing: Folder of all datasets' landed files.
    """

    dataset: str
    connection: ConnectionSettings
    source: OpcUaSource
    entries: Sequence[SeriesEntry]
    landing: Path
    clock: Clock = field(default_factory=SystemClock)
    _gaps: Gaps = field(default_factory=Gaps)
    _addresses: dict[str, str] = field(default_factory=dict)
    _repair_at: float = 0.0
    _was_lost: bool = False
    _overflows: Overflows = field(default_factory=Overflows)

    def run(self, stop: Event) -> None:
        """Collect until `stop` is set; then everything that came is landed. A server that is away is tried again and again.

        Raises:
            MachineError: Another collector of the dataset runs.
        """
        journal = CollectorJournal(folder=self.landing / self.dataset, address=self.connection.address, clock=self.clock)
        lander = Lander.open(self.landing, self.dataset, self.source.segment, message_schema(SCHEMA), journal)
        kept = KeptGaps(self.landing / self.dataset)
        try:
            addresses = [entry.address for entry in self.entries]
            self._gaps = Gaps.after_segments(lander.writer.store, addresses, kept.read())
            lander.prepare = lambda: kept.keep(self._gaps.starts())
            asyncio.run(self._collect(lander, stop))
        finally:
            lander.finish()

    async def _collect(self, lander: Lander, stop: Event) -> None:
        retry = FIRST_RETRY
        while not stop.is_set():
            began = monotonic()
            try:
                async with open_session(self.connection, stays=True) as client:
                    with naming_faults(self.connection):
                        await self._read(client, lander, stop)
            except SourceFault as fault:
                lander.journal.change(fault.code, **fault.facts)
            self._gaps.open([entry.address for entry in self.entries])
            retry = FIRST_RETRY if monotonic() - began > CALM else min(2 * retry, LAST_RETRY)
            until = monotonic() + retry
            while not stop.is_set() and monotonic() < until:
                lander.commit()
                lander.keep_state()
                await asyncio.sleep(TICK)

    async def _read(self, client: Client, lander: Lander, stop: Event) -> None:
        """Read one session, with all its cuts, until `stop` is set."""
        nodes = await resolve(client, self.entries)
        self._addresses = {node.to_string(): address for address, node in nodes.ids.items()}
        subscription = await client.create_subscription(
            float(self.source.publishing_ms), queue_maxsize=WAITING, overflow=OverflowPolicy.DISCONNECT
        )
        client.connection_lost_callback = self._note_cut(lander)
        refused = await subscribe(subscription, nodes.ids, self.entries, self.source)
        self._say_connected(lander, refused | dict.fromkeys(nodes.unknown, "BadNodeIdUnknown"))
        self._settle()
        while not stop.is_set():
            await self._receive(subscription, lander, TICK)
            lander.keep_state()
            if client.state is not UaClientState.CONNECTED:
                continue
            if self._was_lost:
                self._was_lost = False
                if (await resolve(client, self.entries)).ids != nodes.ids:
                    return  # the server numbers its namespaces anew
                self._say_connected(lander, refused)
                self._settle()
            if self._gaps.is_open and monotonic() >= self._repair_at:
                await self._repair(client, nodes, subscription, lander, stop)

    def _note_cut(self, lander: Lander) -> object:
        async def note_loss(error: Exception) -> None:
            self._was_lost = True
            self._gaps.open([entry.address for entry in self.entries])
            lander.journal.change("source_lost", address=self.connection.address, reason=type(error).__name__)

        return note_loss

    def _settle(self) -> None:
        self._repair_at = monotonic() + SETTLE + 2 * self.source.publishing_ms / 1000

    def _say_connected(self, lander: Lander, refused: Mapping[str, str]) -> None:
        if not refused:
            lander.journal.change(CONNECTED, address=self.connection.address)
            return
        address, reason = next(iter(refused.items()))
        facts = {"nodes": len(refused), "all": len(self.entries), "node": address, "reason": reason}
        lander.journal.change("source_nodes_refused", address=self.connection.address, **facts)

    async def _receive(self, subscription: Subscription, lander: Lander, seconds: float) -> None:
        """Take what comes within so long, and bring it to disk. While the disk takes nothing, nothing is taken."""
        if lander.writer.waiting and not lander.commit():
            await asyncio.sleep(TICK)
            return
        event = await subscription.next_event(seconds)
        while event is not None:
            if isinstance(event, DataChangeEvent):
                self._take(event, lander)
            if lander.writer.waiting >= COMMIT_ROWS:
                break
            event = await subscription.next_event(BRIEF)
        self._overflows.write(lander.journal, self.clock.now())
        lander.commit()

    def _take(self, event: DataChangeEvent, lander: Lander) -> None:
        address, value = self._addresses[event.node.nodeid.to_string()], event.data.monitored_item.Value
        received = self.clock.now()
        if is_flagged := has_overflow(value):
            if not self._gaps.is_open:
                self._settle()
            self._gaps.open([address])
            self._overflows.add(address)
        # A flagged value is kept though the history gave it before: there it has no flag.
        if self._gaps.take(address, source_time(value, received)) or is_flagged:
            row, size = value_row(address, value, received, recovered=False)
            lander.add(row, size)
            lander.count(self.clock)

    async def _repair(
        self, client: Client, nodes: ResolvedNodes, subscription: Subscription, lander: Lander, stop: Event
    ) -> None:
        """Land what came neither before nor since a gap, from the server's history, part by part; what is left at `stop` stays a gap."""
        now, hours = self.clock.now(), self.source.repair_hours
        starts = self._gaps.begin_repair(now - timedelta(hours=hours))
        known = sorted(address for address in starts if address in nodes.ids)
        rows, refused = 0, {} if hours else dict.fromkeys(known, "")
        for at in range(0, len(known) if hours else 0, CHUNK):
            part = {address: nodes.ids[address] for address in known[at : at + CHUNK]}
            for span in steps(min(starts[address] for address in part), now, AHEAD):
                history = await read_span(client, part, *span)
                refused |= history.refused
                rows += sum(self._land_missing(address, values, span, lander) for address, values in history.values.items())
                while not lander.commit() or lander.writer.waiting:
                    lander.keep_state()
                    await asyncio.sleep(TICK)
                    if stop.is_set():
                        return
                await self._receive(subscription, lander, BRIEF)
                if stop.is_set():
                    return
            self._gaps.end_repair(part)
        self._gaps.end_repair(starts)
        self._say_repaired(lander, rows, starts, known, refused)

    def _say_repaired(
        self, lander: Lander, rows: int, starts: Mapping[str, datetime], known: Sequence[str], refused: Mapping[str, str]
    ) -> None:
        since = min(starts.values()).isoformat(timespec="seconds")
        if rows:
            lander.journal.event("source_gap_repaired", nodes=len(known), rows=rows, since=since)
        if refused:
            lander.journal.event("source_gap", nodes=len(refused), since=since, reason=next(iter(refused.values())) or "-")

    def _land_missing(self, address: str, values: Sequence[ua.DataValue], span: tuple[datetime, datetime], lander: Lander) -> int:
        received, count = self.clock.now(), 0
        timed = [(time, value) for value in values if span[0] <= (time := source_time(value, received)) < span[1]]
        for value in self._gaps.missing(address, timed):
            row, size = value_row(address, value, received, recovered=True)
            lander.add(row, size)
            count += 1
        lander.count(self.clock, count)
        return count
