"""Repairs open rows by an SQL expression over the row's columns, or by typed values for named rows. Both are recorded.

Repaired versions are stored in `repairs.<dataset>` and are valid once their event is recorded. They need
a replay: a repair publishes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from lakeward.contracts.model import Contract, DataType, Kind
from lakeward.contracts.types import sql_type
from lakeward.core.errors import UsageError
from lakeward.core.names import Layer, Relation
from lakeward.core.settings import Settings
from lakeward.core.sql import equals, identifier, instant, literal
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import TableColumn, TableSpec, Txn
from lakeward.flows.base import pinning
from lakeward.flows.base.batch_context import EXTRA_COLUMN, INTEGER, ROW_ID_COLUMNS, STRING
from lakeward.flows.base.governance import with_retries
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.quarantine.events import EVENTS, EventKind, QuarantineEvent, Signature, append_row_events
from lakeward.flows.quarantine.open_rows import has_quarantine, open_rows
from lakeward.flows.quarantine.selection import Selection
from lakeward.flows.quarantine.signing import resolve_signature
from lakeward.flows.serving.clear_columns import check_expressions
from lakeward.flows.steward.expression_trial import try_expressions
from lakeward.flows.steward.repair_lineage import record_repair_lineage
from lakeward.flows.steward.replay import received_contract
from lakeward.quality.sql import select
from lakeward.serving.expression import checked_expression

REPAIR_COLUMNS = (
    TableColumn("_event_id", STRING, comment="The repair, as governance.quarantine_events has it"),
    TableColumn("_event_seq", INTEGER, comment="Number of the repair in its dataset"),
    TableColumn("_upto_seq", INTEGER, comment="Newest batch when it was made; later ones use it"),
    TableColumn("_repaired_by", STRING, comment="Who repaired the row"),
    TableColumn("_repaired_at", DataType(Kind.TIMESTAMP), comment="When"),
)


@dataclass(frozen=True, slots=True)
class Repair:
    """New values of some columns.

    Args:
        expressions: Column -> SQL over the received row.
        texts: Column -> typed value; only for rows selected by id.
    """

    expressions: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that get a new value."""
        return (*self.expressions, *self.texts)

    def description(self) -> str:
        """Text for the event: expressions in full, of typed values only the columns."""
        assignments = [f"{column} = {expression}" for column, expression in self.expressions.items()]
        return "; ".join([*assignments, *self.texts])

    def column_expressions(self, types: Mapping[str, DataType]) -> dict[str, str]:
        """Column -> SQL of its new value in its own type.

        Raises:
            ProtectionError: An expression is not valid over these columns.
        """
        computed = {column: checked_expression(text, types, is_repeatable=True) for column, text in self.expressions.items()}
        typed = {column: literal(text) for column, text in self.texts.items()}
        return {column: f"CAST({sql} AS {sql_type(types[column])})" for column, sql in (computed | typed).items()}


def repair_rows(settings: Settings, name: str, selection: Selection, repair: Repair, signature: Signature) -> int:
    """Repair the selected open rows; returns their number. They stay open until a replay.

    The same expressions over the same rows, by the same person for the same reason, are one repair until a batch follows: after an error the call
    can be made again, and divides by ten once.

    Raises:
        UsageError: The dataset or column does not exist, nothing is selected or repaired, the author is missing, or a row fails.
        ProtectionError: An expression is not allowed, or a column with a new value is not in clear for the role.
    """
    workspace = open_workspace(settings)
    signature = resolve_signature(workspace, signature, "repair", steward=False)
    contract = received_contract(workspace, name)
    check_repair(contract, selection, repair)
    with workspace.engine(contract) as engine, engine.dataset_lock(name):
        if not has_quarantine(engine, name):
            return 0
        expressions = [*selection.expressions, *repair.expressions.values()]
        request = f"repair {name} {selection.where} {repair.expressions}"
        check_expressions(workspace, engine, contract, expressions, (request, signature.role), repair.columns)
        try_expressions(workspace, name, selection, repair.expressions)
        upto = pinning.newest_plan(engine, name).seq
        waiting = engine.materialise("open_rows", open_rows(engine, contract, upto + 1))
        repaired, rows = compute_repair(engine, contract, selection, repair, waiting)
        if rows:
            event = QuarantineEvent(
                dataset=name,
                kind=EventKind.REPAIR,
                number=_next_number(engine, contract),
                upto_seq=upto,
                signature=signature,
                at=workspace.clock.now(),
                batch_seq=None,
                expression=repair.description(),
            )
            done = None if repair.texts else _same_repair(engine, contract, event, repaired)
            event = done or event
            if done is None:
                _store_repair(engine, contract, event, repaired)
            record_repair_lineage(workspace, engine, contract, event, expressions=repair.expressions, rows=rows)
    workspace.deliver_lineage()
    return rows


def check_repair(contract: Contract, selection: Selection, repair: Repair) -> None:
    """Check that the columns exist, and that rows are selected.

    Raises:
        UsageError: They do not, or nothing is selected or repaired.
    """
    names = [column.name for column in contract.columns]
    unknown = [column for column in repair.columns if column not in names]
    if unknown or not repair.columns:
        raise UsageError("repair_columns", dataset=contract.name, found=", ".join(unknown) or "-", expected=", ".join(names))
    if selection.selects_all:
        raise UsageError("quarantine_selection_needed", command="repair", dataset=contract.name)
    if repair.texts and not selection.rows:
        raise UsageError("repair_texts_need_rows", dataset=contract.name, columns=", ".join(repair.texts))


def compute_repair(
    engine: Engine, contract: Contract, selection: Selection, repair: Repair, waiting: Relation
) -> tuple[Relation, int]:
    """Compute the repaired rows, and their number.

    Raises:
        UsageError: An expression fails on some rows. Values are not shown.
    """
    types = engine.types(waiting)
    values = repair.column_expressions({column.name: types[column.name] for column in contract.columns})
    # A structure is NULL only if computing its content failed: a value can be NULL on purpose.
    new_items = "".join(f", TRY(struct_pack(value := {sql})) AS {identifier(f'_new_{column}')}" for column, sql in values.items())
    row_ids = selection.row_ids(waiting, types)
    computed = engine.materialise("computed", f"SELECT *{new_items} FROM {waiting} SEMI JOIN ({row_ids}) USING (_file_seq, _row)")
    failures = " OR ".join(f"{identifier(f'_new_{column}')} IS NULL" for column in values)
    found = engine.fetch(f"SELECT count(*) AS n, count(*) FILTER ({failures}) AS failed FROM {computed}")[0]
    if found["failed"]:
        raise UsageError("repair_fails_on_rows", failed=found["failed"], rows=found["n"])
    new = {column: f"{identifier(f'_new_{column}')}.value" for column in values}
    items = select({identifier(c): new.get(c, identifier(c)) for c in types})
    return engine.define("repaired", f"SELECT {items} FROM {computed}"), int(found["n"])


def _next_number(engine: Engine, contract: Contract) -> int:
    """Number of the next repair. A repair killed between its two commits is ignored."""
    app = _application_id(contract)
    return max(engine.txn(contract.table(Layer.REPAIRS), app), engine.txn(EVENTS, app)) + 1


def _same_repair(engine: Engine, contract: Contract, event: QuarantineEvent, repaired: Relation) -> QuarantineEvent | None:
    """The dataset's newest repair if it is the same as this one: then what followed its event did not end well."""
    newest = replace(event, number=engine.txn(EVENTS, _application_id(contract)))
    if newest.number == 0:
        return None
    own = f"FROM {EVENTS} WHERE {equals(dataset=event.dataset, event_id=newest.id)}"
    shared = ("upto_seq", "done_by", "done_as", "reason", "expression")
    found = engine.fetch(f"SELECT DISTINCT {', '.join(shared)} {own}")
    cells = event.shared_cells()
    if found != [{name: cells[name] for name in shared}]:
        return None
    known, rows = f"SELECT file_seq, file_row {own}", f"SELECT _file_seq, _row FROM {repaired}"
    [other] = engine.fetch(f"SELECT count(*) AS n FROM (({known} EXCEPT {rows}) UNION ALL ({rows} EXCEPT {known})) AS other")
    return newest if other["n"] == 0 else None


def _store_repair(engine: Engine, contract: Contract, event: QuarantineEvent, repaired: Relation) -> None:
    types = engine.types(repaired)
    columns = tuple(TableColumn(c.name, types[c.name]) for c in contract.columns)
    spec = TableSpec(contract.table(Layer.REPAIRS), (*columns, *ROW_ID_COLUMNS, EXTRA_COLUMN, *REPAIR_COLUMNS))
    names = ", ".join(identifier(c.name) for c in (*columns, *ROW_ID_COLUMNS, EXTRA_COLUMN))
    query = f"SELECT {names}, {_repair_items(event, event.at)} FROM {repaired}"
    with_retries(lambda: engine.append(spec, query, Txn(_application_id(contract), event.number)))
    append_row_events(engine, event, f"SELECT _file_seq, _row, _batch_seq FROM {repaired}", _application_id(contract))


def _repair_items(event: QuarantineEvent, at: datetime) -> str:
    return (
        f"{literal(event.id)} AS _event_id, CAST({event.number} AS BIGINT) AS _event_seq, "
        f"CAST({event.upto_seq} AS BIGINT) AS _upto_seq, "
        f"{literal(event.signature.by)} AS _repaired_by, {instant(at)} AS _repaired_at"
    )


def _application_id(contract: Contract) -> str:
    return f"repair/{contract.name}"
