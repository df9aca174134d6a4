"""Measures the columns of a past: one scan for all counts, one small query per column whose values are few or of one form."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lakeward.contracts.model import Column, Kind
from lakeward.core.sql import identifier, literal
from lakeward.flows.suggest.measured import ColumnPast, Seen
from lakeward.flows.suggest.past import Past
from lakeward.profiling.columns import CHOICES
from lakeward.profiling.patterns import LONGEST

# The count of different values is an estimate, a few in a hundred off; the list itself is exact.
NEARLY = 2
# More forms than this are no form.
SHAPES = 200
LISTED = frozenset({Kind.STRING, Kind.INTEGER})
# Letters and digits by class, as `texts.CLASSES` reads them; a letter of any other script is `ä`, which no class has.
MASKS = (("[0-9]", "0"), ("[A-Z]", "A"), ("[a-z]", "a"), ("[一-鿿]", "一"), (r"[^\P{L}A-Za-z一-鿿]", "ä"))


def measure_columns(past: Past, sensitive: frozenset[str]) -> tuple[ColumnPast, ...]:
    """Every column of the contract, in its order.

    Args:
        sensitive: Names of those whose values are not to be looked at one by one.
    """
    items = [f"count({present(column)}) AS n{place}" for place, column in enumerate(past.contract.columns)]
    found = past.fetch(f"SELECT _batch_seq, {', '.join(items)} FROM {past.table} WHERE {past.taught} GROUP BY 1 ORDER BY 1")
    counts = past.fetch(f"SELECT {', '.join(_overall(past))} FROM {past.table} WHERE {past.taught}")[0]
    columns = [
        ColumnPast(
            column=column,
            filled=tuple(row[f"n{place}"] for row in found),
            distinct=counts[f"d{place}"],
            sensitive=column.name in sensitive,
            shortest=counts.get(f"s{place}"),
            longest=counts.get(f"l{place}"),
        )
        for place, column in enumerate(past.contract.columns)
    ]
    return tuple(_described(past, column) for column in columns)


def present(column: Column) -> str:
    """SQL of the column's value; neither NaN nor an infinite number is one."""
    own = identifier(column.name)
    return f"CASE WHEN isfinite({own}) THEN {own} END" if column.type.kind is Kind.DOUBLE else own


def _overall(past: Past) -> list[str]:
    items = []
    for place, column in enumerate(past.contract.columns):
        own = identifier(column.name)
        items.append(f"approx_count_distinct({own}) AS d{place}")
        if column.type.kind is Kind.STRING:
            items.append(f"min(length({own})) AS s{place}, max(length({own})) AS l{place}")
    return items


def _described(past: Past, column: ColumnPast) -> ColumnPast:
    """The column with its values, or the shapes of its texts."""
    if column.sensitive or not column.count or column.column.type.kind not in LISTED:
        return column
    if column.distinct <= NEARLY * CHOICES:
        column = replace(column, values=_values(past, column))
    if not column.values and column.longest is not None and column.longest <= LONGEST:
        return replace(column, shapes=_shapes(past, column))
    return column


def _values(past: Past, column: ColumnPast) -> tuple[Seen, ...]:
    own = identifier(column.name)
    rows = past.fetch(
        f"SELECT {own} AS value, count(*) AS n, min(_batch_seq) AS first FROM {past.table} "
        f"WHERE {past.taught} AND {own} IS NOT NULL GROUP BY 1 ORDER BY 1 LIMIT {CHOICES + 1}"
    )
    return tuple(Seen(row["value"], row["n"], row["first"]) for row in rows) if len(rows) <= CHOICES else ()


def _shapes(past: Past, column: ColumnPast) -> Mapping[str, int] | None:
    rows: list[dict[str, Any]] = past.fetch(
        f"SELECT {shape_of(identifier(column.name))} AS shape, count(*) AS n FROM {past.table} "
        f"WHERE {past.sampled} AND {identifier(column.name)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {SHAPES + 1}"
    )
    return {row["shape"]: row["n"] for row in rows} if len(rows) <= SHAPES else None


def shape_of(text: str) -> str:
    """SQL of the text's shape: what it is made of, and nothing of what it says."""
    for pattern, mark in MASKS:
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(mark)}, 'g')"
    return text
