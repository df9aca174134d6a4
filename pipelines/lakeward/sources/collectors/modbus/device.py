"""Reads the registers behind one connection. A device that does not answer does not hold up the others."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse

from lakeward.contracts.register_map import Register
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import MachineError, SettingsError
from lakeward.core.messages import Phrase
from lakeward.core.tls_faults import TlsFault, find_tls_fault
from lakeward.sources.collectors.modbus.blocks import Block, blocks_of
from lakeward.sources.collectors.modbus.client import PORTS, SECURE, make_client, tls_context
from lakeward.sources.collectors.modbus.values import BAD, NO_COMMUNICATION, TIMEOUT, PolledValue, decode


def check_device(connection: ConnectionSettings) -> None:
    """Check that the connection is one to devices.

    Raises:
        MachineError: The extra is missing.
        SettingsError: The scheme is not Modbus, or a certificate or key can't be used.
    """
    if find_spec("pyarrow") is None:
        raise MachineError("extra_missing", extra="modbus")
    if connection.scheme not in PORTS:
        expected = ", ".join(f"{scheme}://" for scheme in PORTS)
        raise SettingsError("connection_scheme", name=connection.name, place=connection.place, expected=expected)
    if connection.scheme == SECURE:
        tls_context(connection)


@dataclass(slots=True, kw_only=True)
class ModbusLink:
    """One connection and the registers behind it.

    Args:
        timeout: Seconds for an answer.
        silent: Devices that did not answer the last time, with the reason.
        fault: What was wrong with certificates the last time; None if nothing was.
    """

    connection: ConnectionSettings
    registers: Sequence[Register]
    timeout: float
    silent: dict[int, Phrase] = field(default_factory=dict)
    fault: TlsFault | None = None
    has_polled: bool = False
    _client: AsyncModbusTcpClient | None = None
    _blocks: list[Block] = field(default_factory=list)

    async def poll(self) -> list[tuple[Register, PolledValue]]:
        """Read all registers once: each has a value, or the reason why it has none."""
        client = await self._open_client()
        if client is None:
            self.has_polled = True
            self.silent = {one.device: Phrase("phrase_no_connection") for one in self.registers}
            return [(one, PolledValue(None, NO_COMMUNICATION, fault="no connection")) for one in self.registers]
        found: list[tuple[Register, PolledValue]] = []
        silent: dict[int, Phrase] = {}
        self._blocks = self._blocks or blocks_of(self.registers)
        for block in self._blocks:
            found += await self._read(client, block, silent)
        # With TLS 1.3 a device refuses a client's certificate only after the handshake.
        self.fault = await self._find_fault() if silent else None
        self.silent, self.has_polled = silent, True
        return found

    async def connect(self) -> bool:
        """Connect unless it is; whether there is a connection."""
        return await self._open_client() is not None

    def close(self) -> None:
        """End the connection."""
        if self._client is not None:
            if self.connection.scheme == SECURE and self._client.ctx.transport:
                self._client.ctx.transport.abort()  # nothing waits for the device's goodbye, which TLS asks for
            self._client.close()
            self._client = None

    async def _open_client(self) -> AsyncModbusTcpClient | None:
        if self._client is not None and self._client.connected:
            return self._client
        self.close()
        client = make_client(self.connection, self.timeout)
        try:
            is_connected = await asyncio.wait_for(client.connect(), self.timeout)
        except (TimeoutError, OSError, ModbusException):
            is_connected = False
        if not is_connected:
            client.close()
            self.fault = await self._find_fault()
            return None
        self._client = client
        return client

    async def _find_fault(self) -> TlsFault | None:
        if self.connection.scheme != SECURE:
            return None
        port = self.connection.port or PORTS[SECURE]
        return await asyncio.to_thread(find_tls_fault, self.connection, port, self.timeout)

    async def _read(
        self, client: AsyncModbusTcpClient, block: Block, silent: dict[int, Phrase]
    ) -> list[tuple[Register, PolledValue]]:
        if block.device in silent:  # it has just not answered: the other devices do not wait for it again
            return [(one, PolledValue(None, TIMEOUT, fault="no answer")) for one in block.registers]
        try:
            words = await _request(client, block.device, block.function, block.start, block.count)
            if words.fault and len(block.registers) > 1:
                return [(one, await _read_one(client, block, one)) for one in block.registers]
        except (TimeoutError, OSError, ModbusException):
            silent[block.device] = Phrase("phrase_no_answer")
            return [(one, PolledValue(None, TIMEOUT, fault="no answer")) for one in block.registers]
        return [(one, _value(one, words, one.register - block.start)) for one in block.registers]


@dataclass(frozen=True, slots=True)
class _Words:
    """Registers or bits that a device sent, or why it refused."""

    words: tuple[int, ...] = ()
    fault: str = ""


async def _read_one(client: AsyncModbusTcpClient, block: Block, register: Register) -> PolledValue:
    """A block of which a part is refused is read line by line, so that the rest has values."""
    words = await _request(client, block.device, block.function, register.register, register.size)
    return _value(register, words, 0)


def _value(register: Register, found: _Words, at: int) -> PolledValue:
    if found.fault:
        return PolledValue(None, BAD, fault=found.fault)
    return decode(register, found.words[at : at + register.size])


async def _request(client: AsyncModbusTcpClient, device: int, function: str, start: int, count: int) -> _Words:
    """One request.

    Raises:
        ModbusException: No answer came, or none that answers the request.
    """
    read = {
        "holding": client.read_holding_registers,
        "input": client.read_input_registers,
        "coil": client.read_coils,
        "discrete": client.read_discrete_inputs,
    }[function]
    answer = await read(start, count=count, device_id=device)
    if isinstance(answer, ExceptionResponse):
        return _Words(fault=f"exception {answer.exception_code}")
    words = answer.bits if function in {"coil", "discrete"} else answer.registers
    if len(words) < count:
        raise ModbusException("short answer")
    return _Words(tuple(int(word) for word in words[:count]))
