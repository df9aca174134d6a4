"""What a worker answers on its socket: a locked DuckDB for one role, purpose and party."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue
from typing import Any, Self

import pyarrow as pa
from pyarrow import flight

from lakeward.core.errors import LakewardError, ProtectionError
from lakeward.core.names import TableName, sha256
from lakeward.engines import open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.server.descriptions import Description, Descriptions
from lakeward.flows.server.faults import pack_error
from lakeward.flows.server.statement_facts import StatementFacts
from lakeward.flows.server.worker_spec import WorkerSpec
from lakeward.flows.serving.catalogue import catalogue_rows
from lakeward.flows.serving.metering import TableVersions, column_facts, needs_digest
from lakeward.flows.serving.policy import load_policy
from lakeward.flows.serving.reader import make_principal
from lakeward.flows.serving.views import ServedViews, make_views
from lakeward.protection.policy import Action
from lakeward.protection.read_request import ReadRequest
from lakeward.serving.database import SessionResources
from lakeward.serving.faults import stream_faults
from lakeward.serving.flight_sql.messages import Statement
from lakeward.serving.row_charge import rows_charged
from lakeward.serving.rows import AGGREGATED
from lakeward.serving.session import CheckedQuery, Parameters, ServingSession
from lakeward.serving.shadow import RETRIED, ShadowCatalogue

# Temporary files of a worker, as a multiple of its memory.
_SPILL = 10


class WorkerFlight(flight.FlightServerBase):  # type: ignore[misc]  # pyarrow has no types
    """The worker's side of its socket."""

    def __init__(self, spec: WorkerSpec) -> None:
        self._workspace = workspace = open_workspace(spec.settings)
        self._about_lock = threading.Lock()  # the engine is of one thread
        policy = load_policy(workspace)
        request = ReadRequest(role=spec.role, purpose=spec.purpose, party=spec.party, at=workspace.clock.now())
        principal, key = make_principal(workspace, policy, request)
        self._engine: Engine = open_engine("embedded", workspace.lake, memory=f"{spec.megabytes}MB")
        governance.check_schema_version(self._engine)
        self._views: ServedViews = make_views(workspace, self._engine, principal, key)
        resources = SessionResources(
            memory=f"{spec.megabytes}MB", spill=f"{_SPILL * spec.megabytes}MB", lanes=spec.lanes, lake=workspace.lake
        )
        reader = {"party": spec.party, "account": spec.account}
        scratch = self._engine.scratch / "serving"
        self._session = ServingSession(self._views.tables, self._views.functions, scratch, resources, reader)
        shown = {column.place: column.decision.action for table in self._views.tables for column in table.visible}
        masked = {place: str(action) for place, action in shown.items() if action is not Action.CLEAR}
        self._shadow = ShadowCatalogue(self._session.view_columns(), masked, spec.lanes)
        self._versions, self._has_quotas = TableVersions(self._views.tables, self._engine), bool(workspace.project.quotas)
        self._lanes: SimpleQueue[int] = SimpleQueue()
        for lane in range(spec.lanes):
            self._lanes.put(lane)
        self._running: dict[str, int] = {}
        self._descriptions = Descriptions(self._describe)
        self.policy_sha256 = sha256(policy.text.encode())
        super().__init__(f"grpc+unix://{spec.socket}")

    def do_action(self, _: flight.ServerCallContext, action: flight.Action) -> list[flight.Result]:
        """Check a statement, interrupt one, or name what is served."""
        with _WorkerFaults():
            if action.type == "names":
                return [flight.Result(json.dumps(self._names()).encode())]
            found = json.loads(action.body.to_pybytes())
            if action.type in {"catalogue", "explain_mask"}:
                return [flight.Result(json.dumps(self._about(action.type, found), default=str).encode())]
            if action.type == "interrupt":
                lane = self._running.get(found["id"])
                if lane is not None:
                    self._session.interrupt(lane)
                return []
            facts, schema = self._descriptions.of(_statement(found))
            return [flight.Result(facts.line()), flight.Result(schema.serialize() if schema else b"")]

    def do_get(self, _: flight.ServerCallContext, ticket: flight.Ticket) -> flight.GeneratorStream:
        """The rows of a statement; its first batch is empty and has the facts beside it."""
        found = json.loads(ticket.ticket)
        rows = self._rows(found["id"], _statement(found))
        return flight.GeneratorStream(next(rows), rows)

    def _rows(self, number: str, statement: Statement) -> Iterator[Any]:
        """The schema, then the batches, each with the rows that are charged so far."""
        lane = self._lanes.get()
        self._running[number] = lane
        try:
            with _WorkerFaults() as faults:
                facts, reader, query = self._open(statement, lane, faults)
                schema = _with_notices(reader.schema, facts)
                yield schema
                # Not of a list: Arrow then imports pandas, 0.5 s and 60 MB of each worker.
                yield pa.RecordBatch.from_arrays([pa.nulls(0, one.type) for one in schema], schema=schema), facts.line()
                rows, stored = 0, self._stored_rows(facts)
                while (batch := _next_batch(reader)) is not None:
                    rows += batch.num_rows
                    charged = rows_charged(query.tree, rows, stored) if query and self._has_quotas else rows
                    yield batch, str(charged).encode()
        finally:
            self._running.pop(number, None)
            self._lanes.put(lane)

    def _open(
        self, statement: Statement, lane: int, faults: "_WorkerFaults"
    ) -> tuple[StatementFacts, pa.RecordBatchReader, CheckedQuery | None]:
        values = statement.parameters()
        query, refusal = self._try_check(statement.text, values, lane)
        if query is None:
            return StatementFacts(), self._ask_shadow(statement.text, values, lane, refusal), None
        start = self._session.bind(query, lane)
        faults.objects = tuple(sorted(query.objects))
        return self._facts(query), start(), query

    def _describe(self, statement: Statement) -> Description:
        lane = self._lanes.get()
        try:
            values = statement.parameters()
            names: tuple[str, ...] = ()
            query, refusal = self._try_check(statement.text, values, lane)
            if query is None and refusal and refusal.code == "query_parameters" and values is None:
                names = tuple(str(refusal.facts["expected"]).split(", "))
                query, refusal = self._try_check(statement.text, _no_values(names), lane)
            if query is None:
                return StatementFacts(parameters=names), self._ask_shadow(statement.text, values, lane, refusal).schema
            facts = replace(self._facts(query), parameters=names)
            return facts, None if names else _with_notices(self._session.schema(query, lane), facts)
        finally:
            self._lanes.put(lane)

    def _try_check(self, text: str, values: Parameters | None, lane: int) -> tuple[CheckedQuery | None, ProtectionError | None]:
        """The checked query, or why it is refused."""
        try:
            return self._session.check(text, values, lane), None
        except ProtectionError as error:
            return None, error

    def _ask_shadow(
        self, text: str, values: Parameters | None, lane: int, refusal: ProtectionError | None
    ) -> pa.RecordBatchReader:
        """The answer of the empty database, where the query is of names and types alone; else the first refusal holds."""
        if refusal and refusal.code in RETRIED:
            with suppress(ProtectionError):
                return self._shadow.reader(text, values, lane)
        assert refusal is not None
        raise refusal

    def _facts(self, query: CheckedQuery) -> StatementFacts:
        columns = self._views.columns_read(self._session, query)
        return StatementFacts(
            objects=tuple(sorted(query.objects)),
            columns=column_facts(columns),
            versions=self._versions.of(query.objects),
            has_digest=needs_digest(columns),
            aggregated={name: str(action) for name, action in self._views.aggregated_columns(query).items()},
        )

    def _stored_rows(self, facts: StatementFacts) -> int:
        if not self._has_quotas:
            return 0
        return sum(info.rows for name in facts.objects if (info := self._engine.info(TableName.parse(name))))

    def _about(self, action: str, found: dict[str, Any]) -> object:
        """The catalogue, or why a column looks as it does."""
        if action == "catalogue":
            with self._about_lock:
                return [row.as_dict() for row in catalogue_rows(self._workspace, self._engine, self._views.tables)]
        return self._views.explain(str(found.get("column")), self._workspace.settings.lang).as_dict()

    def _names(self) -> dict[str, Any]:
        lane = self._lanes.get()
        try:
            schemas = {table: self._shadow.schema_of(table, lane).serialize().to_pybytes() for table in self._shadow.tables}
        finally:
            self._lanes.put(lane)
        keys = {str(table.name): table.contract.primary_key for table in self._views.tables}
        return {
            "schemas": {table: base64.b64encode(content).decode() for table, content in schemas.items()},
            "keys": {
                table: list(keys[table]) for table, columns in self._shadow.tables.items() if set(keys[table]) <= set(columns)
            },
        }


class _WorkerFaults:
    """In the block every failure becomes one of Flight that the gateway understands.

    Args:
        objects: Tables that the statement reads, once it is checked; None before.
    """

    def __init__(self) -> None:
        self.objects: tuple[str, ...] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        """Raise the gateway's error in place of another.

        Raises:
            FlightError: The block failed.
        """
        if error is None or isinstance(error, GeneratorExit | StopIteration | flight.FlightError):
            return
        if isinstance(error, LakewardError):
            raise flight.FlightServerError(error.code, pack_error(error, objects=self.objects)) from None
        raise flight.FlightInternalError(type(error).__name__) from None


def _next_batch(reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    with stream_faults():
        return next(reader, None)


def _with_notices(schema: pa.Schema, facts: StatementFacts) -> pa.Schema:
    """The schema with what is done to values that figures rest on, as `Rows.arrow` has it."""
    return schema.with_metadata({AGGREGATED: json.dumps(facts.aggregated)}) if facts.aggregated else schema


def _no_values(names: tuple[str, ...]) -> Parameters:
    return [None] * len(names) if all(name.isdecimal() for name in names) else dict.fromkeys(names)


def _statement(found: dict[str, Any]) -> Statement:
    return Statement(found["text"], base64.b64decode(found["values"]) if found.get("values") else None)
