"""Measures the distribution of numbers, overall or by state: bounds that are robust to outliers, and steps for counters."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from lakeward.core.sql import identifier
from lakeward.flows.suggest.column_history import ColumnHistory, Spread
from lakeward.flows.suggest.columns import finite_value
from lakeward.flows.suggest.history import History

# A value further out than these quantiles by more than their distance is an outlier: a normal one is that far out once in 10^14,
# an exponential one once in 40,000.
STRAY_QUANTILES = (0.005, 0.995)


def measure_spreads(
    history: History, columns: Sequence[ColumnHistory], state: str | None = None, relation: str | None = None
) -> dict[str, tuple[Spread, ...]]:
    """The spread of each column in each state. Rows without a value or state are ignored.

    Args:
        state: SQL of a row's state; None for one state.
        relation: The rows of the history with the columns that `state` needs; None for the stored rows.
    """
    found = history.fetch(_bounds_query(history, columns, state or "0", relation))
    return {
        column.name: tuple(_to_spread(row, index, in_state=state is not None) for row in found if row[f"l{index}"] is not None)
        for index, column in enumerate(columns)
    }


def add_step_counts(
    history: History, columns: Sequence[ColumnHistory], state: str | None, spreads: Mapping[str, Sequence[Spread]]
) -> dict[str, tuple[Spread, ...]]:
    """Add to the spreads of `columns` by `state` how often each rises and falls between readings of a series."""
    if history.contract.time_column is None or not columns:
        return {column.name: tuple(spreads[column.name]) for column in columns}
    found = {row["state"]: row for row in history.fetch(_steps_query(history, columns, state or "0"))}
    return {
        column.name: tuple(
            _with_step_counts(spread, found.get(0 if state is None else spread.state, {}), index)
            for spread in spreads[column.name]
        )
        for index, column in enumerate(columns)
    }


def _bounds_query(history: History, columns: Sequence[ColumnHistory], state: str, relation: str | None) -> str:
    values = {f"v{index}": finite_value(column.column) for index, column in enumerate(columns)}
    items = ", ".join(f"{value} AS {name}" for name, value in values.items())
    low, high = STRAY_QUANTILES
    fences = ", ".join(f"quantile_cont(CAST({name} AS DOUBLE), [{low}, {high}]) AS q{name}" for name in values)
    inner = ", ".join(item for index, name in enumerate(values) for item in _inlier_items(index, name))
    select = f"SELECT {state} AS state, {items} FROM {{}} WHERE {state} IS NOT NULL AND"
    # A join is computed once and materialised; stored rows are cheaper to read twice.
    joined_rows = f"joined AS MATERIALIZED (SELECT * FROM {relation} WHERE {history.training_filter}), " if relation else ""
    select = select.format("joined" if relation else history.table)
    return (
        f"WITH {joined_rows}fences AS (SELECT state, {fences} FROM ({select} {history.sample_filter}) GROUP BY 1) "
        f"SELECT state, {inner} FROM ({select} {history.training_filter}) JOIN fences USING (state) GROUP BY 1 ORDER BY 1"
    )


def _inlier_items(index: int, name: str) -> tuple[str, str, str]:
    """Number of values, and the least and greatest without outliers; if most values are equal, none is an outlier."""
    low, high = f"q{name}[1]", f"q{name}[2]"
    near = f"{low} = {high} OR {name} BETWEEN 2 * {low} - {high} AND 2 * {high} - {low}"
    return (
        f"count({name}) AS n{index}",
        f"min(CASE WHEN {near} THEN {name} END) AS l{index}",
        f"max(CASE WHEN {near} THEN {name} END) AS h{index}",
    )


def _steps_query(history: History, columns: Sequence[ColumnHistory], state: str) -> str:
    series = ", ".join(map(identifier, history.contract.series))
    order = f"{f'PARTITION BY {series} ' if series else ''}ORDER BY {identifier(history.contract.time_column or '')}"
    values = [finite_value(column.column) for column in columns]
    steps = ", ".join(f"{value} - lag({value}) OVER ({order}) AS s{index}" for index, value in enumerate(values))
    counts = ", ".join(f"count_if(s{index} > 0) AS u{index}, count_if(s{index} < 0) AS f{index}" for index in range(len(values)))
    recent = f"SELECT {state} AS state, {steps} FROM {history.table} WHERE {history.recent_filter} AND {state} IS NOT NULL"
    return f"SELECT state, {counts} FROM ({recent}) GROUP BY 1"


def _to_spread(row: Mapping[str, Any], index: int, *, in_state: bool) -> Spread:
    low, high = (Decimal(str(row[f"{side}{index}"])) for side in "lh")
    return Spread(state=row["state"] if in_state else None, count=row[f"n{index}"], low=low, high=high)


def _with_step_counts(spread: Spread, row: Mapping[str, Any], index: int) -> Spread:
    return replace(spread, up=row.get(f"u{index}", 0), down=row.get(f"f{index}", 0))
