"""Polls the registers of Modbus devices until it is stopped."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic

from lakeward.contracts.collected_source import ModbusSource
from lakeward.contracts.register_map import Register
from lakeward.core.clock import Clock, SystemClock
from lakeward.core.connections import ConnectionSettings
from lakeward.sources.collectors.lander import Lander
from lakeward.sources.collectors.modbus.device import ModbusLink
from lakeward.sources.collectors.modbus.values import SCHEMA, value_row
from lakeward.sources.collectors.state import CONNECTED, CollectorJournal
from lakeward.sources.segments import message_schema

# Seconds between two looks at the clock, and values that wait for a full disk: beyond them new ones are not read.
TICK, WAITING = 0.1, 100_000


@dataclass(slots=True, kw_only=True)
class ModbusCollector:
    """Lands the registers of one dataset until it is stopped.

    Args:
        connections: By the names that the map gives; the contract's own under the empty name.
        landing: Folder of all datasets' landed files.
    """

    dataset: str
    connections: Mapping[str, ConnectionSettings]
    source: ModbusSource
    registers: Sequence[Register]
    landing: Path
    clock: Clock = field(default_factory=SystemClock)

    def run(self, stop: Event) -> None:
        """Poll until `stop` is set; then everything that was read is landed. A device that is away is asked again at each poll.

        Raises:
            MachineError: Another collector of the dataset runs.
        """
        journal = CollectorJournal(folder=self.landing / self.dataset, address=self._addresses, clock=self.clock)
        lander = Lander.open(self.landing, self.dataset, self.source.segment, message_schema(SCHEMA), journal)
        try:
            asyncio.run(self._collect(lander, stop))
        finally:
            lander.finish()

    @property
    def _addresses(self) -> str:
        return ", ".join(dict.fromkeys(one.address for one in self.connections.values()))

    async def _collect(self, lander: Lander, stop: Event) -> None:
        links = [
            ModbusLink(
                connection=connection,
                registers=[one for one in self.registers if one.connection == name],
                timeout=self.source.timeout_ms / 1000,
            )
            for name, connection in self.connections.items()
        ]
        try:
            async with asyncio.TaskGroup() as group:
                for link in links:
                    group.create_task(self._poll(link, lander, stop))
                while not stop.is_set():
                    self._say_state(links, lander)
                    lander.commit()
                    lander.keep_state()
                    await asyncio.sleep(TICK)
        finally:
            for link in links:
                link.close()

    async def _poll(self, link: ModbusLink, lander: Lander, stop: Event) -> None:
        """Poll one connection at its own pace, however slow another one is."""
        step, due = self.source.poll_ms / 1000, monotonic()
        while not stop.is_set():
            if lander.writer.waiting < WAITING:
                found = await link.poll()
                now = self.clock.now()
                for register, value in found:
                    lander.add(*value_row(register, value, now))
                lander.count(self.clock, len(found))
            due += step
            if due < monotonic():  # it takes longer than it may: the next poll begins at once, and none is made up for
                lander.journal.event(
                    "source_slow_poll", address=link.connection.address, seconds=round(monotonic() - due + step, 1)
                )
                due = monotonic()
            while not stop.is_set() and monotonic() < due:  # noqa: ASYNC110 -- `stop` is set by another thread
                await asyncio.sleep(min(TICK, max(due - monotonic(), 0.001)))

    def _say_state(self, links: Sequence[ModbusLink], lander: Lander) -> None:
        silent = [(link, device, reason) for link in links for device, reason in link.silent.items()]
        if not silent:
            if any(link.has_polled for link in links):
                lander.journal.change(CONNECTED, address=self._addresses)
            return
        refused = next((link for link in links if link.fault), None)
        if refused and refused.fault:
            lander.journal.change(refused.fault.code, address=refused.connection.address, reason=refused.fault.reason)
            return
        link, device, reason = silent[0]
        facts = {"devices": len(silent), "device": device, "reason": reason}
        lander.journal.change("source_devices_silent", address=link.connection.address, **facts)
