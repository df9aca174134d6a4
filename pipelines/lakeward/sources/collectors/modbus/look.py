"""Looks at the registers of devices for a bounded time, by reads alone."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from time import monotonic

from lakeward.contracts.collected_source import MODBUS_TIMEOUT_MS
from lakeward.contracts.register_map import Register
from lakeward.core.clock import Clock
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import MachineError
from lakeward.sources.collectors.modbus.client import PORTS, SECURE
from lakeward.sources.collectors.modbus.device import ModbusLink, check_device
from lakeward.sources.collectors.modbus.values import value_row

# Seconds between two reads, and values that are kept.
_EVERY, MAX_KEPT = 1.0, 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLook:
    """What was read.

    Args:
        rows: Values as rows of `values.SCHEMA`.
        faults: Address -> the reads that gave no good value, by reason.
    """

    rows: Sequence[tuple[object, ...]]
    faults: Mapping[str, Counter[str]]
    seconds: float


def look_at_devices(
    connections: Mapping[str, ConnectionSettings], registers: Sequence[Register], seconds: float, stop: Event, clock: Clock
) -> DeviceLook:
    """Read the registers once a second for so long, or until `stop` is set.

    Args:
        connections: By the names that the map gives; the own one under the empty name.

    Raises:
        MachineError: The extra is missing.
        SettingsError: A connection is not one to devices.
    """
    for connection in connections.values():
        check_device(connection)
    return asyncio.run(_look(connections, registers, seconds, stop, clock))


def reach_device(connection: ConnectionSettings) -> str:
    """Connect once; nothing is read.

    Raises:
        MachineError: There is no connection.
        SettingsError: The connection is not one to devices.
    """
    check_device(connection)
    link = ModbusLink(connection=connection, registers=(), timeout=MODBUS_TIMEOUT_MS / 1000)

    async def connect() -> bool:
        try:
            return await link.connect()
        finally:
            link.close()

    if not asyncio.run(connect()):
        raise MachineError("look_device", address=connection.address, port=connection.port or PORTS[connection.scheme])
    return "Modbus TCP with TLS" if connection.scheme == SECURE else "Modbus TCP"


async def _look(
    connections: Mapping[str, ConnectionSettings], registers: Sequence[Register], seconds: float, stop: Event, clock: Clock
) -> DeviceLook:
    links = [
        ModbusLink(
            connection=connection,
            registers=[one for one in registers if one.connection == name],
            timeout=MODBUS_TIMEOUT_MS / 1000,
        )
        for name, connection in connections.items()
    ]
    rows: list[tuple[object, ...]] = []
    faults: dict[str, Counter[str]] = {}
    started = monotonic()
    try:
        while not rows or (not stop.is_set() and monotonic() - started < seconds):
            for found in await asyncio.gather(*(link.poll() for link in links)):
                at = clock.now()
                rows += [value_row(register, value, at)[0] for register, value in found][: MAX_KEPT - len(rows)]
                for register, value in found:
                    if value.fault:
                        faults.setdefault(register.address, Counter())[value.fault] += 1
            await asyncio.sleep(_EVERY)
    finally:
        for link in links:
            link.close()
    return DeviceLook(rows=rows, faults=faults, seconds=monotonic() - started)
