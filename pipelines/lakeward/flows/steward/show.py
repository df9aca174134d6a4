"""Shows rows in quarantine and rejects, one by one: source, reasons, state, and values masked for a role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.key_decisions import check_token_scheme
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.decode import settled_rejects
from lakeward.flows.grading.grade import current_grades
from lakeward.flows.quarantine.events import CLOSING_EVENTS, EVENTS, EventKind, RowEvent, row_events
from lakeward.flows.quarantine.open_rows import is_received
from lakeward.flows.quarantine.selection import RowId
from lakeward.flows.serving.reader import Reader, resolve_reader
from lakeward.flows.steward.figures import REASON_LISTS
from lakeward.protection.keys import TokenKey
from lakeward.serving.column_functions import ColumnFunctions
from lakeward.serving.received_values import mask_received_rows


class RowState(StrEnum):
    """State of a row in quarantine; open and repaired rows need an action."""

    OPEN_STATE = "open"
    REPAIRED = "repaired"
    REPLAYED = "replayed"
    RELEASED = "released"
    EXPIRED = "expired"


STATES = {
    EventKind.REPAIR: RowState.REPAIRED,
    EventKind.REPLAY: RowState.REPLAYED,
    EventKind.RELEASE: RowState.RELEASED,
    EventKind.EXPIRE: RowState.EXPIRED,
}
# Condition of rows that need an action; rejects and rows of gold have no state.
OPEN_CONDITION = f"_state IS NULL OR _state IN ({literal(RowState.OPEN_STATE)}, {literal(RowState.REPAIRED)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedRow:
    """One copy of a row in quarantine, or one rejected record.

    Args:
        id: `FILE:ROW`, the id that `--row` takes; None for a row that was not received.
        table: Table of quarantine or rejects, as `layer.name`.
        batch: Number of the batch that wrote this copy.
        file: Name of the received file; None for a row that was not received.
        row: Number of the record in the file; None for a row that was not received.
        state: State in the life cycle; None for rows of gold, and for rejects that were not read again.
        reasons: Ids of the rules that the row failed; for a rejected record the message code of the parse error.
        detail: Detail of the parse error; None for a row in quarantine.
        history: What was done about the row; None unless one row was requested.
        role: The role that `values` are masked for; None if they were not requested.
        values: Values by column, masked for the role; None for a rejected record.
    """

    id: str | None
    table: TableName
    batch: int
    file: str | None
    row: int | None
    state: RowState | None
    reasons: tuple[str, ...]
    detail: str | None
    history: tuple[RowEvent, ...] | None = None
    role: str | None = None
    values: Mapping[str, object] | None = None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward quarantine show --json`; `history` and `values` only where they were asked for."""
        absent = {"role", *(() if self.role else ("values",)), *(("history",) if self.history is None else ())}
        return {key: value for key, value in fields_of(self).items() if key not in absent}


def show_quarantine(
    settings: Settings,
    name: str,
    limit: int,
    *,
    row_id: RowId | None = None,
    include_closed: bool = False,
    role: str | None = None,
) -> list[QuarantinedRow]:
    """Rows of a dataset in quarantine and rejects.

    Args:
        limit: Maximum number of rows of quarantine, and of rejects; the newest.
        row_id: One row's place: all its copies, each with `history`.
        include_closed: Rows that are closed, too.
        role: Show `values` too, as this role may see them; empty for the account's only role. Who saw them is in the access log.

    Raises:
        UsageError: The project has no dataset `name`, or the policy has no such role.
        ProtectionError: The token is not valid, or its account does not have the role.
    """
    workspace = open_workspace(settings)
    reader, key = (None, None) if role is None else resolve_reader(workspace, role)
    workspace.project.contract_path(name)
    shown = f"_file_seq = {row_id[0]} AND _row = {row_id[1]}" if row_id else ("TRUE" if include_closed else OPEN_CONDITION)
    with workspace.engine() as engine:
        tables = [TableName(layer, name) for layer in REASON_LISTS if engine.info(TableName(layer, name))]
        found = [(table, copy) for table in tables for copy in _newest_rows(engine, table, shown, limit)]
        events = row_events(engine, name, *row_id) if row_id else None
        rows = [_quarantine_row(table, copy, events) for table, copy in found]
        if reader is None:
            return rows
        contract, copies = workspace.project.contract(name), [copy for _, copy in found]
        values = _visible_values(workspace, engine, contract, copies, (reader, key))
    return [
        replace(copy, role=reader.principal.role, values=None if copy.table.layer is Layer.REJECTS else visible)
        for copy, visible in zip(rows, values, strict=True)
    ]


def _newest_rows(engine: Engine, table: TableName, condition: str, limit: int) -> list[dict[str, Any]]:
    return engine.fetch(f"""
        SELECT * FROM (SELECT *, {REASON_LISTS[table.layer]} AS _why, {_state_sql(engine, table)} AS _state FROM {table} AS aside)
        WHERE {condition} ORDER BY _batch_seq DESC, _file_seq, _row LIMIT {int(limit)}""")


def _state_sql(engine: Engine, table: TableName) -> str:
    """SQL of the state of a copy: the first event that closed it, else whether it is repaired."""
    if table.layer is Layer.REJECTS and (settled := settled_rejects(engine, table.name)):
        return f"CASE WHEN (aside._file_seq, aside._row) IN ({settled}) THEN {literal(RowState.REPLAYED)} END"
    if table.layer is Layer.REJECTS or not is_received(engine, table.name):
        return "CAST(NULL AS VARCHAR)"
    if engine.info(EVENTS) is None:
        return literal(RowState.OPEN_STATE)
    state_cases = " ".join(f"WHEN {literal(kind)} THEN {literal(state)}" for kind, state in STATES.items())
    closing = ", ".join(map(literal, CLOSING_EVENTS))
    row_match = "e.file_seq = aside._file_seq AND e.file_row = aside._row AND e.upto_seq >= aside._batch_seq"
    events = f"FROM {EVENTS} AS e WHERE e.dataset = {literal(table.name)} AND {row_match} AND e.event"
    closed = f"SELECT arg_min(e.event, e.upto_seq) {events} IN ({closing})"
    state = f"coalesce(({closed}), (SELECT min(e.event) {events} = {literal(EventKind.REPAIR)}))"
    return f"CASE {state} {state_cases} ELSE {literal(RowState.OPEN_STATE)} END"


def _quarantine_row(table: TableName, row: Mapping[str, Any], past: tuple[RowEvent, ...] | None) -> QuarantinedRow:
    return QuarantinedRow(
        id=f"{row['_file_seq']}:{row['_row']}" if row.get("_file_seq") else None,
        table=table,
        batch=row["_batch_seq"],
        file=row.get("_file"),
        row=row.get("_row"),
        state=RowState(row["_state"]) if row["_state"] else None,
        reasons=tuple(row["_why"]),
        detail=row["detail"] if table.layer is Layer.REJECTS else None,
        history=past,
    )


def _visible_values(
    workspace: Workspace,
    engine: Engine,
    contract: Contract,
    rows: Sequence[Mapping[str, Any]],
    as_: tuple[Reader, TokenKey | None],
) -> Sequence[Mapping[str, object]]:
    """The rows' values, masked as in the served table. The access log is written before they are returned."""
    asked_at, (reader, key) = workspace.clock.now(), as_
    reader.check_every_row(contract.name)
    check_token_scheme(engine, key)
    served = reader.principal.serve_table(contract, None, current_grades(engine, contract))
    shown = mask_received_rows(served.columns, rows, ColumnFunctions(key, reader.principal.request.party))
    log = reader.open_log(workspace, engine)
    objects = (str(contract.table(Layer.QUARANTINE)),)
    log.write(f"quarantine show {contract.name}", asked_at, objects, rows=len(shown), verdict="allowed")
    log.close()
    return shown
