"""The gateway: Flight SQL on a port. It checks who calls, and hands statements to workers; it never parses one, and opens no data file.

Nothing is kept between calls: a ticket and a prepared statement are the statement itself, and each call is checked again under the
caller's own token.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import flight

from lakeward.contracts.server_limits import ServerLimits
from lakeward.core.errors import ProtectionError, TransientError, UsageError
from lakeward.core.messages import Lang
from lakeward.flows.server.client_messages import check_size, command_of, json_object, read_values, statement_of, unknown_message
from lakeward.flows.server.faults import ClientFaults
from lakeward.flows.server.identity import Caller, CallerFactory, OpenHandshake
from lakeward.flows.server.remote import CATALOGUE, EXPLAIN_MASK
from lakeward.flows.server.running import RunningStatement, StatementWatch
from lakeward.flows.server.sessions import ReaderSession, ReaderSessions
from lakeward.flows.server.slots import Slots
from lakeward.flows.server.statements import StatementStream, check_statement, worker_faults
from lakeward.flows.server.worker_process import Worker
from lakeward.flows.server.workers import WorkerPool
from lakeward.serving.flight_sql import messages
from lakeward.serving.flight_sql.messages import FlightMessage, Statement
from lakeward.serving.flight_sql.metadata import ServedNames, answer_metadata, metadata_schema
from lakeward.serving.flight_sql.protobuf import write_fields

_CALLER = "caller"
# Metadata that depend on what is served; the others are the same for all.
_OF_SERVED = frozenset(["CommandGetDbSchemas", "CommandGetTables", "CommandGetPrimaryKeys"])
# Actions, with what each is for.
ACTIONS = (
    ("CreatePreparedStatement", "Check a statement, and name its columns."),
    ("ClosePreparedStatement", "Nothing is kept of a statement."),
    ("CloseSession", "Nothing is kept of a session."),
    (CATALOGUE, "The served tables with owner, grade and score, as JSON."),
    (EXPLAIN_MASK, "Why a column looks as it does, as JSON."),
)
# Actions of our own -> those of a worker.
_OWN_ACTIONS = {CATALOGUE: "catalogue", EXPLAIN_MASK: "explain_mask"}
# `CloseSessionResult` with the status "closed".
_CLOSED = write_fields([(1, 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayParts:
    """What a gateway works with."""

    sessions: ReaderSessions
    workers: WorkerPool
    slots: Slots
    watch: StatementWatch
    limits: ServerLimits


class Gateway(flight.FlightServerBase):  # type: ignore[misc]  # pyarrow has no types
    """Answers every call of Flight; those without a meaning here are refused, since the library's own would show a traceback.

    Args:
        location: Address, as `grpc+tls://host:port`.
        certificates: Certificate and key, as PEM; none without TLS.
    """

    def __init__(self, location: str, certificates: list[tuple[bytes, bytes]], parts: GatewayParts, lang: Lang) -> None:
        self._parts, self._lang, self.is_stopping = parts, lang, False
        super().__init__(
            location,
            auth_handler=OpenHandshake(),
            tls_certificates=certificates or None,
            middleware={_CALLER: CallerFactory(lang, parts.sessions.authenticate)},
        )

    def get_flight_info(self, context: flight.ServerCallContext, descriptor: flight.FlightDescriptor) -> flight.FlightInfo:
        """The columns of a statement or a question about metadata, and its ticket."""
        with self._session(context) as session:
            command = command_of(descriptor)
            schema, ticket = self._schema(session, command)
            return flight.FlightInfo(schema, descriptor, [flight.FlightEndpoint(ticket, [])], -1, -1)

    def get_schema(self, _: flight.ServerCallContext, __: flight.FlightDescriptor) -> flight.SchemaResult:
        """No columns: the call is refused before it comes here, see `CallerFactory`."""
        return flight.SchemaResult(pa.schema([]))

    def do_get(self, context: flight.ServerCallContext, ticket: flight.Ticket) -> flight.FlightDataStream:
        """The rows of a statement, or an answer about metadata."""
        with self._session(context) as session:
            message = messages.unpack(check_size(ticket.ticket))
            schema = metadata_schema(message)
            if schema is None:
                rows = self._rows(context, _caller(context), statement_of(message))
                return flight.GeneratorStream(next(rows), rows)
            return flight.RecordBatchStream(answer_metadata(message, self._served_names(session, message)))

    def do_action(self, context: flight.ServerCallContext, action: flight.Action) -> list[flight.Result]:
        """Prepare a statement; or an action that needs nothing, as nothing is kept."""
        with self._session(context) as session:
            if action.type == "CreatePreparedStatement":
                message = messages.unpack(check_size(action.body.to_pybytes()))
                if message.name != messages.CREATE:
                    raise UsageError("flight_message_not_valid")
                return [flight.Result(self._prepare(session, Statement(message.text(1) or "")))]
            if action.type in _OWN_ACTIONS:
                with self._worker(session) as worker, worker_faults(worker):
                    body = json_object(check_size(action.body.to_pybytes()))
                    return [flight.Result(worker.call(_OWN_ACTIONS[action.type], body)[0])]
            if action.type == "ClosePreparedStatement":
                return []
            if action.type == "CloseSession":
                return [flight.Result(_CLOSED)]
            if action.type in {"BeginTransaction", "BeginSavepoint"}:
                raise ProtectionError("query_not_select")
            raise UsageError("flight_command_unknown", found=action.type[:64])

    def do_put(
        self,
        context: flight.ServerCallContext,
        descriptor: flight.FlightDescriptor,
        reader: flight.MetadataRecordBatchReader,
        writer: flight.FlightMetadataWriter,
    ) -> None:
        """The values of a prepared statement, for which a handle of both is handed out; all else would write."""
        with self._session(context):
            message = messages.unpack(command_of(descriptor))
            if message.name != messages.PREPARED:
                raise unknown_message(message)
            statement = messages.statement_of(message.bytes_of(1))
            values = messages.write_values(read_values(reader))
            bound = Statement(statement.text, check_size(values))
            bound.parameters()
            writer.write(write_fields([(1, bound.handle)]))

    def do_exchange(self, context: flight.ServerCallContext, _: flight.FlightDescriptor, __: object, ___: object) -> None:
        """Nothing is exchanged here."""
        with self._session(context):
            raise UsageError("flight_command_unknown", found="DoExchange")

    def list_flights(self, context: flight.ServerCallContext, _: bytes) -> list[flight.FlightInfo]:
        """None: a client asks by a statement."""
        with self._session(context):
            return []

    def list_actions(self, context: flight.ServerCallContext) -> list[tuple[str, str]]:
        """The actions."""
        with self._session(context):
            return list(ACTIONS)

    @contextmanager
    def _session(self, context: flight.ServerCallContext) -> Iterator[ReaderSession]:
        """The session of a call: every handler begins here."""
        with ClientFaults(self._lang):
            if self.is_stopping:
                raise TransientError("server_stopping")
            session = self._parts.sessions.take(_caller(context))
            try:
                self._parts.slots.count_call(session.name)
                yield session
            finally:
                self._parts.sessions.give_back(session)

    def _schema(self, session: ReaderSession, command: bytes) -> tuple[pa.Schema, flight.Ticket]:
        message = messages.unpack(command)
        schema = metadata_schema(message)
        if schema is not None:
            return schema, flight.Ticket(command)
        statement = statement_of(message)
        _, schema = self._check(session, statement)
        ticket = flight.Ticket(messages.pack(messages.TICKET, (1, statement.handle)))
        return schema or pa.schema([]), ticket

    def _prepare(self, session: ReaderSession, statement: Statement) -> bytes:
        facts, schema = self._check(session, statement)
        values = pa.schema([pa.field(name, pa.string()) for name in facts])
        found = [(2, schema.serialize().to_pybytes())] if schema is not None else []
        kept = [(3, values.serialize().to_pybytes())] if facts else []
        return messages.pack(messages.CREATED, (1, statement.handle), *found, *kept)

    def _check(self, session: ReaderSession, statement: Statement) -> tuple[tuple[str, ...], pa.Schema | None]:
        """Names of the parameters without a value, and the columns. A refusal is logged: it says what was tried."""
        try:
            with self._worker(session) as worker:
                facts, schema = check_statement(worker, statement)
                return facts.parameters, schema
        except ProtectionError as error:
            session.refuse(statement.text, error.code)
            raise

    def _served_names(self, session: ReaderSession, message: FlightMessage) -> ServedNames:
        if message.name not in _OF_SERVED:
            return ServedNames()
        with self._worker(session) as worker, worker_faults(worker):
            return worker.served_names()

    @contextmanager
    def _worker(self, session: ReaderSession) -> Iterator[Worker]:
        worker = self._parts.workers.take(session)
        try:
            yield worker
        finally:
            self._parts.workers.give_back(worker)

    def _rows(self, context: flight.ServerCallContext, caller: Caller, statement: Statement) -> Iterator[Any]:
        """The schema, then the batches; session, place and worker are kept until the end of the stream."""
        parts = self._parts
        with ClientFaults(self._lang):
            session = parts.sessions.take(caller)
            try:
                session.check_quota()
                release = parts.slots.take(session.name)
                try:
                    with self._worker(session) as worker:
                        running = RunningStatement(
                            worker=worker, seconds=parts.limits.seconds, is_cancelled=context.is_cancelled, release=release
                        )
                        parts.watch.add(running)
                        try:
                            yield from StatementStream(session, statement, running, parts.limits).batches()
                        finally:
                            parts.watch.remove(running)
                finally:
                    release()
            finally:
                parts.sessions.give_back(session)


def _caller(context: flight.ServerCallContext) -> Caller:
    found = context.get_middleware(_CALLER)
    if found is None:
        raise ProtectionError("server_unauthenticated")
    caller: Caller = found.caller
    return caller
