"""Tries a repair: what it would change, and which rules the rows would pass then. Nothing is recorded but the read."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.names import BatchId, Layer, Relation, new_run_id
from lakeward.core.settings import Settings
from lakeward.core.sql import identifier
from lakeward.engines.protocols import Engine
from lakeward.flows.base import pinning
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.batch_context import EXTRA_COLUMN, ROW_ID_COLUMNS, BatchContext
from lakeward.flows.base.pinning import Definition, PinnedBatch, Reprocess
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.judge import JudgedBatch, judge_batch
from lakeward.flows.grading.grade import current_grades
from lakeward.flows.quarantine.open_rows import has_quarantine, open_rows
from lakeward.flows.quarantine.selection import RowId, Selection
from lakeward.flows.serving.clear_columns import check_clear, check_written
from lakeward.flows.serving.logged_read import logged_read
from lakeward.flows.serving.reader import resolve_reader
from lakeward.flows.steward.expression_trial import try_expressions
from lakeward.flows.steward.repair import Repair, check_repair, compute_repair
from lakeward.flows.steward.replay import received_contract
from lakeward.protection.policy import Action
from lakeward.quality.rule import Rule
from lakeward.serving.column_functions import ColumnFunctions
from lakeward.serving.expression import expression_columns
from lakeward.serving.plan import ServedColumn
from lakeward.serving.received_values import mask_received_rows

# Rows that are shown, at most.
SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrial:
    """What a repair would do to the failures of one rule.

    Args:
        rule: Id of the rule.
        before: Number of the selected rows that failed it when they were last judged.
        after: Number of them that would fail it; None for a rule over a column that the role does not see in clear.
    """

    rule: str
    before: int
    after: int | None

    def as_dict(self) -> dict[str, object]:
        """The keys of a rule."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairedRow:
    """One row before and after the repair.

    Args:
        id: `FILE:ROW`, the id that `--row` takes.
        before: The repaired columns as they are, masked for the role.
        after: The same columns after the repair, masked for the role.
        fails: Ids of the rules that the row would still fail, without those over columns that the role does not see in clear.
    """

    id: str
    before: Mapping[str, object]
    after: Mapping[str, object]
    fails: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """The keys of a row."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairTrial:
    """What a repair would do.

    Args:
        dataset: Name of the dataset.
        role: The role that values are masked for.
        rows: Number of rows that would be repaired.
        passing: Number of them that would fail none of the rules with a number `after`.
        rules: By rule, the failures now and then.
        samples: The first rows, at most 20.
    """

    dataset: str
    role: str
    rows: int
    passing: int
    rules: tuple[RuleTrial, ...]
    samples: tuple[RepairedRow, ...]

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward quarantine repair --dry-run --json`."""
        return fields_of(self)


def try_repair(settings: Settings, name: str, selection: Selection, repair: Repair, role: str | None = None) -> RepairTrial:
    """What a repair of the selected open rows would do, by the contract and suite as they are now. The read is in the access log.

    Args:
        role: Role that reads; None for the account's only one, or the project's default.

    Raises:
        UsageError: As `repair_rows`, or there is no role.
        ProtectionError: An expression is not allowed, or reads a column that the role does not see in clear; or as `repair_rows`.
        ContractError, SuiteError: The contract or suite is not valid.
    """
    workspace = open_workspace(settings)
    contract = received_contract(workspace, name)
    check_repair(contract, selection, repair)
    reader, key = resolve_reader(workspace, role)
    text, objects = f"repair --dry-run {name} {selection.where} {repair.expressions}", [f"{Layer.QUARANTINE}.{name}"]
    with workspace.engine(contract) as engine, logged_read(workspace, engine, reader, text, objects) as entry:
        expressions = [*selection.expressions, *repair.expressions.values()]
        check_clear(engine, reader, contract, _columns_read(contract, expressions))
        check_written(engine, reader, contract, repair.columns)
        try_expressions(workspace, name, selection, repair.expressions)
        served = reader.principal.serve_table(contract, None, current_grades(engine, contract)).columns
        view = _ReaderView(reader.principal.role, served, ColumnFunctions(key, reader.principal.request.party))
        trial = _try(workspace, engine, contract, (selection, repair), view)
        entry.write(len(trial.samples), charged=trial.rows)
    return trial


@dataclass(frozen=True, slots=True)
class _ReaderView:
    """How the reader sees the dataset."""

    role: str
    columns: tuple[ServedColumn, ...]
    functions: ColumnFunctions

    def is_clear(self, rule: Rule) -> bool:
        """Whether the reader sees every column of the rule in clear: of others, a repair could ask for values one by one."""
        clear = {column.name for column in self.columns if column.decision.action is Action.CLEAR}
        return clear.issuperset(rule.columns)

    def mask(self, rows: Sequence[Mapping[str, Any]], columns: Collection[str]) -> list[dict[str, object]]:
        """These columns of the rows, as far as the reader sees them."""
        return mask_received_rows([column for column in self.columns if column.name in columns], rows, self.functions)


def _columns_read(contract: Contract, expressions: Iterable[str]) -> list[str]:
    """Columns that expressions read: those of the contract, and the one of unknown columns, which is never in clear."""
    names = frozenset(name for text in expressions for name in expression_columns(text))
    return [name for name in (*(c.name for c in contract.columns), EXTRA_COLUMN.name) if name.lower() in names]


def _try(
    workspace: Workspace, engine: Engine, contract: Contract, request: tuple[Selection, Repair], view: _ReaderView
) -> RepairTrial:
    selection, repair = request
    nothing = RepairTrial(dataset=contract.name, role=view.role, rows=0, passing=0, rules=(), samples=())
    if not has_quarantine(engine, contract.name):
        return nothing
    seq = pinning.newest_plan(engine, contract.name).seq + 1
    waiting = engine.materialise("open_rows", open_rows(engine, contract, seq))
    repaired, count = compute_repair(engine, contract, selection, repair, waiting)
    if not count:
        return nothing
    judged = judge_batch(*_batch(workspace, engine, contract, repaired, seq), each_row=True)
    shown = {v.rule.id for v in judged.verdicts if view.is_clear(v.rule)}
    reasons = _reasons_by_row(engine, judged, shown)
    rows = engine.fetch(f"SELECT _file_seq, _row, _reasons FROM {repaired}")
    return replace(
        nothing,
        rows=count,
        passing=count - len(reasons),
        rules=_rule_trials(rows, reasons, shown),
        samples=_samples(engine, (waiting, repaired), repair.columns, reasons, view),
    )


RowReasons = Mapping[RowId, Sequence[str]]


def _batch(
    workspace: Workspace, engine: Engine, contract: Contract, repaired: Relation, seq: int
) -> tuple[BatchContext, Relation]:
    """The repaired rows as a replay would take them, by the present contract and suite; the batch is never written."""
    applied = pinning.current_definition(engine, contract.name)
    definition = Definition(contract, workspace.suite(contract.name), generation=applied.generation if applied else 1)
    pinned = PinnedBatch(definition=definition, seq=seq, id=BatchId(""), start=0, end=0, inputs={}, reprocess=Reprocess.REPLAY)
    context = BatchContext.begin(workspace, engine, pinned, new_run_id())
    names = [*(c.name for c in contract.columns), *(c.name for c in (*ROW_ID_COLUMNS, EXTRA_COLUMN))]
    items = ", ".join(map(identifier, names))
    query = f"SELECT {items}, {context.provenance_items()} FROM {repaired}"
    return context, engine.materialise("tried", query)


def _reasons_by_row(engine: Engine, judged: JudgedBatch, shown: Collection[str]) -> RowReasons:
    """The rules of `shown` that rows would fail, by row."""
    if judged.failing is None:
        return {}
    found = engine.fetch(f"SELECT _file_seq, _row, _reasons FROM ({judged.failing})")
    reasons = {(row["_file_seq"], row["_row"]): [r for r in json.loads(row["_reasons"]) if r in shown] for row in found}
    return {row_id: rules for row_id, rules in reasons.items() if rules}


def _rule_trials(rows: Iterable[Mapping[str, Any]], after: RowReasons, shown: Collection[str]) -> tuple[RuleTrial, ...]:
    then = Counter(rule for rules in after.values() for rule in rules)
    now = Counter(rule for row in rows for rule in json.loads(row["_reasons"]))
    # A rule that the suite no longer has fails no row.
    return tuple(
        RuleTrial(rule=rule, before=now[rule], after=then[rule] if rule in shown else None) for rule in sorted({*now, *then})
    )


def _samples(
    engine: Engine, relations: tuple[Relation, Relation], columns: Collection[str], reasons: RowReasons, view: _ReaderView
) -> tuple[RepairedRow, ...]:
    waiting, repaired = relations
    first = f"SELECT _file_seq, _row FROM {repaired} ORDER BY _file_seq, _row LIMIT {SHOWN}"
    before, after = (
        engine.fetch(f"SELECT * FROM {rows} SEMI JOIN ({first}) USING (_file_seq, _row) ORDER BY _file_seq, _row")
        for rows in (waiting, repaired)
    )
    masked = zip(before, view.mask(before, columns), view.mask(after, columns), strict=True)
    return tuple(
        RepairedRow(
            id=f"{row['_file_seq']}:{row['_row']}",
            before=old,
            after=new,
            fails=tuple(reasons.get((row["_file_seq"], row["_row"]), ())),
        )
        for row, old, new in masked
    )
