"""Judges a gold table as it stands after a batch that computes some of its windows (docs/decisions/0015-scopes-of-rules.md)."""

from collections.abc import Sequence
from dataclasses import replace

from lakeward.core.names import Layer
from lakeward.core.sql import identifier
from lakeward.flows.base.batch_context import BatchContext
from lakeward.flows.batch.judge import CONTRACT_RULE_TYPES, JudgedBatch, Wanted, pinned_rules, run_plan
from lakeward.quality.plan import compile_plan
from lakeward.quality.rule import Outcome, Verdict
from lakeward.quality.rule_scope import is_of_table


def judge_table(context: BatchContext, judged: JudgedBatch, rows: str, touched: str) -> tuple[Verdict, ...]:
    """The verdicts on the table as it will stand: rows of windows that the batch leaves alone, then what it computes.

    Quarantined rows count as long as nothing computed their window again.

    Args:
        rows: Relation of what the batch computes.
        touched: Condition that a row of the table is in a window that the batch computes.
    """
    engine, contract = context.engine, context.contract
    names = ", ".join(identifier(column.name) for column in contract.columns)
    parts = [f"SELECT {names} FROM ({judged.plan.typed_select(rows)})"]
    if engine.info(context.table(Layer.GOLD)):
        parts.append(f"SELECT {names} FROM {context.table(Layer.GOLD)} WHERE ({touched}) IS NOT TRUE")
        parts += _held_rows(context, judged, names, touched)
    ids = f"CAST({context.pinned.seq} AS BIGINT) AS _batch_seq, CAST(0 AS BIGINT) AS _file_seq, row_number() OVER () AS _row"
    whole = engine.define("table_rows", f"SELECT *, {ids} FROM ({' UNION ALL '.join(parts)})")
    plan = compile_plan(contract, pinned_rules(context), engine.types(whole))
    found = run_plan(engine, plan, whole, wanted=Wanted.NONE).verdicts
    return tuple(_merge(own, of_table) for own, of_table in zip(judged.verdicts, found, strict=True))


def reported_verdicts(of_batch: Sequence[Verdict], of_table: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """What a run tells and halts by: of its own rows, those of the batch; of the table, those of the table."""
    return tuple(whole if is_of_table(own.rule) else own for own, whole in zip(of_batch, of_table, strict=True))


def _held_rows(context: BatchContext, judged: JudgedBatch, names: str, touched: str) -> list[str]:
    """SELECT of the quarantined rows of windows that no later batch has computed, typed; nothing without quarantine."""
    stored, model = context.engine.info(context.table(Layer.QUARANTINE)), context.contract.model
    known = {column.name: column.type for column in stored.columns} if stored else {}
    if model is None or not judged.column_types.items() <= known.items():
        return []
    columns = ", ".join(map(identifier, judged.column_types))
    earlier = f"(SELECT {columns} FROM {context.table(Layer.QUARANTINE)} WHERE _batch_seq < {context.pinned.seq})"
    window = identifier(model.window)
    newest = f"SELECT *, max(_batch_seq) OVER (PARTITION BY {window}) AS newest FROM ({judged.plan.typed_select(earlier)})"
    published = f"SELECT {window}, max(_batch_seq) AS published FROM {context.table(Layer.GOLD)} GROUP BY {window}"
    joined = f"({newest}) AS held LEFT JOIN ({published}) AS known USING ({window})"
    current = f"({touched}) IS NOT TRUE AND _batch_seq = newest AND coalesce(published, 0) <= _batch_seq"
    return [f"SELECT {names} FROM {joined} WHERE {current}"]


def _merge(own: Verdict, whole: Verdict) -> Verdict:
    """The verdict on the table. A value that does not convert is none there: what the contract says of it is known of the batch alone."""
    if own.rule.type not in CONTRACT_RULE_TYPES or not own.failed:
        return whole
    unconverted = own.failed if own.rule.type == "type" else 0
    return replace(whole, outcome=Outcome.FAIL, evaluated=(whole.evaluated or 0) + unconverted, failed=own.failed)
