"""Measures the columns of a history: one scan for all counts, and a small query per column with few values or one pattern."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lakeward.contracts.model import Column, Kind
from lakeward.core.sql import identifier, literal
from lakeward.flows.suggest.column_history import ColumnHistory, ValueCount
from lakeward.flows.suggest.history import History
from lakeward.profiling.columns import MAX_CHOICES
from lakeward.profiling.patterns import LONGEST

# The number of distinct values is an estimate, a few per cent off; the list is exact.
ESTIMATE_FACTOR = 2
# With more shapes than this a column has no pattern.
MAX_SHAPES = 200
LISTABLE_KINDS = frozenset({Kind.STRING, Kind.INTEGER})
# Letters and digits by class, as in `texts.CLASSES`; letters of other scripts become `ä`, which is in no class.
MASKS = (("[0-9]", "0"), ("[A-Z]", "A"), ("[a-z]", "a"), ("[一-鿿]", "一"), (r"[^\P{L}A-Za-z一-鿿]", "ä"))


def measure_columns(history: History, sensitive: frozenset[str]) -> tuple[ColumnHistory, ...]:
    """Every column of the contract, in its order.

    Args:
        sensitive: Names of the columns whose single values must not be read.
    """
    items = [f"count({finite_value(column)}) AS n{index}" for index, column in enumerate(history.contract.columns)]
    found = history.fetch(
        f"SELECT _batch_seq, {', '.join(items)} FROM {history.table} WHERE {history.training_filter} GROUP BY 1 ORDER BY 1"
    )
    counts = history.fetch(f"SELECT {', '.join(_column_items(history))} FROM {history.table} WHERE {history.training_filter}")[0]
    columns = [
        ColumnHistory(
            column=column,
            filled_per_batch=tuple(row[f"n{index}"] for row in found),
            distinct=counts[f"d{index}"],
            sensitive=column.name in sensitive,
            shortest=counts.get(f"s{index}"),
            longest=counts.get(f"l{index}"),
        )
        for index, column in enumerate(history.contract.columns)
    ]
    return tuple(_with_values_or_shapes(history, column) for column in columns)


def finite_value(column: Column) -> str:
    """SQL of the column's value; NaN and infinite numbers become NULL."""
    own = identifier(column.name)
    return f"CASE WHEN isfinite({own}) THEN {own} END" if column.type.kind is Kind.DOUBLE else own


def _column_items(history: History) -> list[str]:
    items = []
    for index, column in enumerate(history.contract.columns):
        own = identifier(column.name)
        items.append(f"approx_count_distinct({own}) AS d{index}")
        if column.type.kind is Kind.STRING:
            items.append(f"min(length({own})) AS s{index}, max(length({own})) AS l{index}")
    return items


def _with_values_or_shapes(history: History, column: ColumnHistory) -> ColumnHistory:
    """Add the column's values, or the shapes of its texts."""
    if column.sensitive or not column.count or column.column.type.kind not in LISTABLE_KINDS:
        return column
    if column.distinct <= ESTIMATE_FACTOR * MAX_CHOICES:
        column = replace(column, values=_values(history, column))
    if not column.values and column.longest is not None and column.longest <= LONGEST:
        return replace(column, shapes=_shapes(history, column))
    return column


def _values(history: History, column: ColumnHistory) -> tuple[ValueCount, ...]:
    own = identifier(column.name)
    rows = history.fetch(
        f"SELECT {own} AS value, count(*) AS n, min(_batch_seq) AS first FROM {history.table} "
        f"WHERE {history.training_filter} AND {own} IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT {MAX_CHOICES + 1}"
    )
    return tuple(ValueCount(row["value"], row["n"], row["first"]) for row in rows) if len(rows) <= MAX_CHOICES else ()


def _shapes(history: History, column: ColumnHistory) -> Mapping[str, int] | None:
    rows: list[dict[str, Any]] = history.fetch(
        f"SELECT {shape_sql(identifier(column.name))} AS shape, count(*) AS n FROM {history.table} "
        f"WHERE {history.sample_filter} AND {identifier(column.name)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MAX_SHAPES + 1}"
    )
    return {row["shape"]: row["n"] for row in rows} if len(rows) <= MAX_SHAPES else None


def shape_sql(text: str) -> str:
    """SQL of a text's shape: its classes of characters, not its content."""
    for pattern, mark in MASKS:
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(mark)}, 'g')"
    return text
