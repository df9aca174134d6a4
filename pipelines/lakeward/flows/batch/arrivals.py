"""Judges what arrived by the rules that follow from the contract, from known counts: no row is read.

The history is the finished batches of the same generation before this one, so a resumed or rebuilt batch has the same history.
"""

from collections.abc import Sequence
from typing import Any

from lakeward.core.sql import equals, literal
from lakeward.flows.base import governance
from lakeward.flows.base.batch_context import BatchContext
from lakeward.flows.base.report import Counts, Warnings
from lakeward.quality.arrivals import HISTORY, NULLS, NullCount, nullable_columns, nulls_verdict, received_verdict
from lakeward.quality.rule import Outcome, Verdict

INGEST = "ingest"


def arrival_verdicts(context: BatchContext, received: Counts, verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """What the rules on arrival say of a received batch; of NULLs none in the first batch, for there is nothing to hold them against.

    Args:
        received: The batch's records, bronze rows and rejects.
        verdicts: What the other rules say: how many values each column has.
    """
    contract = context.contract
    first = received_verdict(contract, received.rows_in, received.rejects)
    values = {v.rule.columns[0]: v.evaluated for v in verdicts if v.rule.type == "type"}
    history = _null_history(context)
    nulls = (
        nulls_verdict(column, NullCount(received.bronze, received.bronze - (values.get(column) or 0)), history[column])
        for column in nullable_columns(contract)
        if column in history
    )
    return (first, *nulls)


def null_notes(dataset: str, verdicts: Sequence[Verdict]) -> Warnings:
    """The notes on columns whose share of NULLs is far above that of earlier batches."""
    failed = [v for v in verdicts if v.rule.type == NULLS and v.outcome is Outcome.FAIL]
    return tuple(("column_nulls", {"dataset": dataset, "column": v.rule.columns[0], "found": v.observed}) for v in failed)


def _null_history(context: BatchContext) -> dict[str, list[NullCount]]:
    """For each column, its NULLs in the newest earlier batches that have rows."""
    runs, verdicts = governance.table_name("runs"), governance.table_name("verdicts")
    if context.engine.txn(runs, context.txn.app) == 0 or not context.engine.exists(verdicts):
        return {}
    # Nearly always the last numbers are the newest batches with rows.
    first = max(1, context.pinned.seq - HISTORY)
    found = _earlier_values(context, first)
    if first > 1 and len({row["batch_seq"] for row in found}) < HISTORY:
        found = _earlier_values(context, 1)
    history: dict[str, list[NullCount]] = {}
    for row in found:
        column = row["rule_id"].removeprefix("type:")
        history.setdefault(column, []).append(NullCount(row["bronze"], row["bronze"] - (row["evaluated"] or 0)))
    return history


def _earlier_values(context: BatchContext, first: int) -> list[dict[str, Any]]:
    """By batch and rule of a type, the values of the newest batches with rows whose number is at least `first`."""
    name, generation, last = context.contract.name, context.pinned.definition.generation, context.pinned.seq - 1
    bounds = {"dataset": (name, name), "generation": (generation, generation), "batch_seq": (first, last)}
    runs, verdicts = (context.engine.rows_within(governance.table_name(table), bounds) for table in ("runs", "verdicts"))
    own = f"{equals(dataset=name, generation=generation)} AND batch_seq BETWEEN {first} AND {last}"
    newest = f"""SELECT batch_seq, bronze FROM ({runs}) AS finished WHERE {own} AND flow = {literal(INGEST)} AND bronze > 0
        ORDER BY batch_seq DESC LIMIT {HISTORY}"""
    return context.engine.fetch(f"""
        SELECT batch_seq, rule_id, bronze, evaluated
        FROM (SELECT * FROM ({verdicts}) AS judged WHERE {own} AND expectation = {literal("type")}) AS types
        JOIN ({newest}) AS newest USING (batch_seq) ORDER BY batch_seq, rule_id""")
