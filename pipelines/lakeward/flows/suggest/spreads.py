"""Measures how numbers spread, in all rows or by a state: bounds that a few wild values do not move, and whether a number only counts up."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from lakeward.core.sql import identifier
from lakeward.flows.suggest.columns import present
from lakeward.flows.suggest.measured import ColumnPast, Spread
from lakeward.flows.suggest.past import Past

# Beyond these quantiles, by more than the distance between them, a value is a stray: a normal one is that far out once in 10^14,
# an exponential one once in 40,000.
STRAY_QUANTILES = (0.005, 0.995)


def measure_spreads(
    past: Past, columns: Sequence[ColumnPast], state: str | None = None, relation: str | None = None
) -> dict[str, tuple[Spread, ...]]:
    """By column, its spread in each state. What has no value, or is in no state, is left out.

    Args:
        state: SQL of a row's state; None: all rows are in one.
        relation: The past's rows with what `state` needs beside them; None: as they are stored.
    """
    found = past.fetch(_bounds(past, columns, state or "0", relation))
    return {
        column.name: tuple(_spread(row, place, in_state=state is not None) for row in found if row[f"l{place}"] is not None)
        for place, column in enumerate(columns)
    }


def with_steps(
    past: Past, columns: Sequence[ColumnPast], state: str | None, spreads: Mapping[str, Sequence[Spread]]
) -> dict[str, tuple[Spread, ...]]:
    """The spreads of `columns`, made by `state`, with how often each rises and falls from one reading of a series to the next."""
    if past.contract.time_column is None or not columns:
        return {column.name: tuple(spreads[column.name]) for column in columns}
    found = {row["state"]: row for row in past.fetch(_steps(past, columns, state or "0"))}
    return {
        column.name: tuple(_stepped(one, found.get(0 if state is None else one.state, {}), place) for one in spreads[column.name])
        for place, column in enumerate(columns)
    }


def _bounds(past: Past, columns: Sequence[ColumnPast], state: str, relation: str | None) -> str:
    values = {f"v{place}": present(column.column) for place, column in enumerate(columns)}
    items = ", ".join(f"{value} AS {name}" for name, value in values.items())
    low, high = STRAY_QUANTILES
    fences = ", ".join(f"quantile_cont(CAST({name} AS DOUBLE), [{low}, {high}]) AS q{name}" for name in values)
    inner = ", ".join(item for place, name in enumerate(values) for item in _inner(place, name))
    select = f"SELECT {state} AS state, {items} FROM {{}} WHERE {state} IS NOT NULL AND"
    # What is joined together is made once and kept; stored rows are cheaper read twice.
    kept = f"joined AS MATERIALIZED (SELECT * FROM {relation} WHERE {past.taught}), " if relation else ""
    select = select.format("joined" if relation else past.table)
    return (
        f"WITH {kept}fences AS (SELECT state, {fences} FROM ({select} {past.sampled}) GROUP BY 1) "
        f"SELECT state, {inner} FROM ({select} {past.taught}) JOIN fences USING (state) GROUP BY 1 ORDER BY 1"
    )


def _inner(place: int, name: str) -> tuple[str, str, str]:
    """Values, and the least and greatest of those that are no strays; where most are the same, none is a stray."""
    low, high = f"q{name}[1]", f"q{name}[2]"
    near = f"{low} = {high} OR {name} BETWEEN 2 * {low} - {high} AND 2 * {high} - {low}"
    return (
        f"count({name}) AS n{place}",
        f"min(CASE WHEN {near} THEN {name} END) AS l{place}",
        f"max(CASE WHEN {near} THEN {name} END) AS h{place}",
    )


def _steps(past: Past, columns: Sequence[ColumnPast], state: str) -> str:
    series = ", ".join(map(identifier, past.contract.series))
    order = f"{f'PARTITION BY {series} ' if series else ''}ORDER BY {identifier(past.contract.time_column or '')}"
    values = [present(column.column) for column in columns]
    steps = ", ".join(f"{value} - lag({value}) OVER ({order}) AS s{place}" for place, value in enumerate(values))
    counts = ", ".join(f"count_if(s{place} > 0) AS u{place}, count_if(s{place} < 0) AS f{place}" for place in range(len(values)))
    recent = f"SELECT {state} AS state, {steps} FROM {past.table} WHERE {past.recent} AND {state} IS NOT NULL"
    return f"SELECT state, {counts} FROM ({recent}) GROUP BY 1"


def _spread(row: Mapping[str, Any], place: int, *, in_state: bool) -> Spread:
    low, high = (Decimal(str(row[f"{side}{place}"])) for side in "lh")
    return Spread(state=row["state"] if in_state else None, count=row[f"n{place}"], low=low, high=high)


def _stepped(spread: Spread, row: Mapping[str, Any], place: int) -> Spread:
    return replace(spread, up=row.get(f"u{place}", 0), down=row.get(f"f{place}", 0))
