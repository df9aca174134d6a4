"""Rows that were set aside, one by one: where each came from, why it is there, how it stands, and its values as a role may see them."""

from collections.abc import Mapping
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.grade import current_grades
from lakeward.flows.quarantine.events import CLOSING, EVENTS, Kind, history
from lakeward.flows.quarantine.open_rows import is_received
from lakeward.flows.quarantine.selection import Place
from lakeward.flows.serving.access import AccessLog
from lakeward.flows.serving.connection import principal_of, unlogged
from lakeward.flows.steward.figures import ASIDE
from lakeward.serving.received import shown_received

OPEN = "open"
STATES = {Kind.REPAIR: "repaired", Kind.REPLAY: "replayed", Kind.RELEASE: "released", Kind.EXPIRE: "expired"}
# States of rows that still wait for somebody; rejects and rows of gold have none.
WAITING = f"_state IS NULL OR _state IN ({literal(OPEN)}, {literal(STATES[Kind.REPAIR])})"


def quarantine_rows(
    settings: Settings, name: str, limit: int, *, row: Place | None = None, every: bool = False, role: str | None = None
) -> list[dict[str, Any]]:
    """Rows of a dataset that were set aside: `id, table, batch, file, row, state, reasons, detail`.

    `state` is open, repaired, replayed, released or expired; None for rejects and rows of gold.

    Args:
        limit: Rows of quarantine, and as many of rejects; the newest.
        row: One row's place: all its copies, each with `history`.
        every: Rows that are closed, too.
        role: Show `values` too, as this role may see them; who saw them is in the access log.

    Raises:
        UsageError: The project has no dataset `name`, or the policy no such role.
    """
    workspace = open_workspace(settings)
    workspace.project.contract_path(name)
    shown = f"_file_seq = {row[0]} AND _row = {row[1]}" if row else ("TRUE" if every else WAITING)
    with workspace.engine() as engine:
        tables = [TableName(layer, name) for layer in ASIDE if engine.info(TableName(layer, name))]
        found = [(table, copy) for table in tables for copy in _newest(engine, table, shown, limit)]
        told = [_row(table, copy) for table, copy in found]
        if row:
            past = history(engine, name, *row)
            told = [{**one, "history": past} for one in told]
        if role is None:
            return told
        values = _values(workspace, engine, workspace.project.contract(name), [copy for _, copy in found], role)
    return [
        {**one, "values": None if table.layer is Layer.REJECTS else seen}
        for (table, _), one, seen in zip(found, told, values, strict=True)
    ]


def _newest(engine: Engine, table: TableName, shown: str, limit: int) -> list[dict[str, Any]]:
    return engine.fetch(f"""
        SELECT * FROM (SELECT *, {ASIDE[table.layer]} AS _why, {_state(engine, table)} AS _state FROM {table} AS aside)
        WHERE {shown} ORDER BY _batch_seq DESC, _file_seq, _row LIMIT {int(limit)}""")


def _state(engine: Engine, table: TableName) -> str:
    """SQL of how a copy stands: what closed it first; else whether it is repaired."""
    if table.layer is Layer.REJECTS or not is_received(engine, table.name):
        return "CAST(NULL AS VARCHAR)"
    if engine.info(EVENTS) is None:
        return literal(OPEN)
    told = " ".join(f"WHEN {literal(kind)} THEN {literal(state)}" for kind, state in STATES.items())
    closing = ", ".join(map(literal, CLOSING))
    place = "e.file_seq = aside._file_seq AND e.file_row = aside._row AND e.upto_seq >= aside._batch_seq"
    events = f"FROM {EVENTS} AS e WHERE e.dataset = {literal(table.name)} AND {place} AND e.event"
    closed = f"SELECT arg_min(e.event, e.upto_seq) {events} IN ({closing})"
    return f"CASE coalesce(({closed}), (SELECT min(e.event) {events} = {literal(Kind.REPAIR)})) {told} ELSE {literal(OPEN)} END"


def _row(table: TableName, row: Mapping[str, Any]) -> dict[str, Any]:
    id_ = f"{row['_file_seq']}:{row['_row']}" if row.get("_file_seq") else None
    place = {"id": id_, "table": str(table), "batch": row["_batch_seq"], "file": row.get("_file"), "row": row.get("_row")}
    detail = row["detail"] if table.layer is Layer.REJECTS else None
    return {**place, "state": row["_state"], "reasons": row["_why"], "detail": detail}


def _values(
    workspace: Workspace, engine: Engine, contract: Contract, rows: list[dict[str, Any]], role: str
) -> list[dict[str, Any]]:
    """The rows' values as the role sees them in the served table; written to the access log before they are handed on."""
    asked_at = workspace.clock.now()
    principal, key = principal_of(workspace, role)
    served = principal.served(contract, None, current_grades(engine, contract))
    shown = shown_received(served.columns, rows, key.tokeniser() if key else None)
    log = AccessLog(
        engine=engine,
        clock=workspace.clock,
        role=role,
        policy=principal.policy.text,
        key_id=principal.key_id,
        folder=unlogged(workspace),
    )
    objects = (str(contract.table(Layer.QUARANTINE)),)
    log.write(f"quarantine show {contract.name}", asked_at, objects, rows=len(shown), verdict="allowed")
    log.close()
    return shown
