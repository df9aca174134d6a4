"""Reads the history of a server's nodes, some nodes at a time, in one session."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from asyncua import Client

from lakeward.contracts.series_file import SeriesEntry
from lakeward.core.clock import Clock
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import MachineError
from lakeward.sources.collectors.opcua.history_pages import CHUNK, read_span
from lakeward.sources.collectors.opcua.nodes import ResolvedNodes, resolve
from lakeward.sources.collectors.opcua.session import SourceFault, check_server, naming_faults, open_session
from lakeward.sources.collectors.opcua.values import SCHEMA, source_time, value_row
from lakeward.sources.segments import message_schema


@dataclass(slots=True, kw_only=True)
class HistorySession:
    """A session whose nodes are known; a context manager.

    Args:
        entries: The mapping, whose addresses are the nodes.
    """

    connection: ConnectionSettings
    entries: Sequence[SeriesEntry]
    clock: Clock
    _runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    _session: AbstractAsyncContextManager[Client] | None = None
    _client: Client | None = None
    _nodes: ResolvedNodes | None = None

    def __enter__(self) -> Self:
        """Connect.

        Raises:
            MachineError: The server can't be reached or refuses, or has no such namespace.
            SettingsError: The connection is none to a server.
        """
        check_server(self.connection)
        try:
            self._session = open_session(self.connection, stays=False)
            self._client = self._runner.run(self._session.__aenter__())
            self._nodes = self._runner.run(self._resolve(self._client))
        except SourceFault as fault:
            self._runner.close()
            reason = fault.facts.get("reason", fault.code)
            raise MachineError("look_server", address=self.connection.address, reason=reason) from None
        if self._nodes.unknown:
            self.__exit__(None, None, None)
            raise self._without_history(dict.fromkeys(self._nodes.unknown, "BadNodeIdUnknown"))
        return self

    def __exit__(self, *_: object) -> None:
        """End the session."""
        if self._session is not None:
            self._runner.run(self._session.__aexit__(None, None, None))
        self._runner.close()

    def read(self, start: datetime, end: datetime) -> Iterator[Any]:
        """Arrow batches of the values with `start <= time < end`, node by node in order of time.

        Raises:
            MachineError: The server is away, or a node has no history: what it lacks would be taken for silence.
        """
        import pyarrow as pa  # noqa: PLC0415 -- an extra

        assert self._nodes
        schema, addresses = message_schema(SCHEMA), list(self._nodes.ids)
        for at in range(0, len(addresses), CHUNK):
            rows = self._rows(addresses[at : at + CHUNK], start, end)
            if rows:
                arrays = [pa.array(values, one.type) for values, one in zip(zip(*rows, strict=True), schema, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _rows(self, addresses: Sequence[str], start: datetime, end: datetime) -> list[tuple[object, ...]]:
        assert self._client
        assert self._nodes
        nodes = {address: self._nodes.ids[address] for address in addresses}
        try:
            with naming_faults(self.connection):
                found = self._runner.run(read_span(self._client, nodes, start, end))
        except SourceFault as fault:
            reason = fault.facts.get("reason", fault.code)
            raise MachineError("look_server", address=self.connection.address, reason=reason) from None
        if found.refused:
            raise self._without_history(found.refused)
        received = self.clock.now()
        return [
            value_row(address, value, received, recovered=True)[0]
            for address, values in found.values.items()
            for value in values
            if start <= source_time(value, received) < end
        ]

    async def _resolve(self, client: Client) -> ResolvedNodes:
        with naming_faults(self.connection):
            return await resolve(client, self.entries)

    def _without_history(self, refused: dict[str, str] | Any) -> MachineError:
        address, reason = next(iter(refused.items()))
        return MachineError(
            "opcua_without_history", address=self.connection.address, nodes=len(refused), node=address, reason=reason
        )
