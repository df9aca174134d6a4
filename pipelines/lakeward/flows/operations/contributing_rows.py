"""Finds the input rows that a value of a gold table was computed from, by running its model over fewer and fewer rows.

A choice of rows is never assumed to be right: the model is run over exactly these rows, and the choice stands only if the same row
comes out.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlglot
from sqlglot import exp

from lakeward.contracts.model import Contract, GoldModel
from lakeward.core.names import TableName
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base.lineage_events import query_lineage
from lakeward.flows.base.pinning import Definition
from lakeward_lineage import ColumnLineage, TransformationKind

# Relative difference below which two sums of floating-point numbers are the same: they are added up in another order.
TOLERANCE = 1e-9

Row = Mapping[str, Any]


class RowChoice(StrEnum):
    """How the input rows of a value are chosen, the narrowest first."""

    KEYS = "window and keys, also of master data"
    ROW = "window and keys"
    WINDOW = "window"
    ALL = "all rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldRow:
    """One row of a gold table, and what it is computed by.

    Args:
        keys: Key column -> its value as text; without the window.
        values: Column -> value.
        start: Start of the row's window, as SQL.
    """

    definition: Definition
    keys: Mapping[str, str | None]
    values: Row
    start: str

    @property
    def contract(self) -> Contract:
        """The contract of the table."""
        return self.definition.contract

    @property
    def model(self) -> GoldModel:
        """The model of the table."""
        assert self.contract.model is not None
        return self.contract.model

    @property
    def sql(self) -> str:
        """The model's SELECT."""
        return self.definition.model or ""

    def condition(self) -> str:
        """The condition that a row of the model's result is this row."""
        keys = [_equals_text(name, value) for name, value in self.keys.items()]
        return " AND ".join([f"CAST({identifier(self.model.window)} AS TIMESTAMPTZ) = {self.start}", *keys])


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributingRows:
    """The rows that a value is computed from.

    Args:
        choice: The narrowest choice whose rows give the same row.
        conditions: Input table -> condition of its rows.
        is_reproduced: Whether the model gives the stored row over them. If not: inputs or model have changed since.
    """

    choice: RowChoice
    conditions: Mapping[TableName, str]
    is_reproduced: bool


def contributing_rows(engine: Engine, row: GoldRow) -> ContributingRows:
    """The narrowest choice of input rows that gives the stored row; all rows if none does."""
    lineage = query_lineage(engine, row.contract, row.sql, row.model.inputs)
    conditions: Mapping[TableName, str] = {}
    for choice in RowChoice:
        conditions = {table: _condition(engine, row, table, lineage, choice) for table in row.model.inputs}
        found = run_model(engine, row, {table: f"SELECT * FROM {table} WHERE {where}" for table, where in conditions.items()})
        if len(found) == 1 and is_same_row(row, found[0]):
            return ContributingRows(choice=choice, conditions=conditions, is_reproduced=True)
    return ContributingRows(choice=RowChoice.ALL, conditions=conditions, is_reproduced=False)


def run_model(engine: Engine, row: GoldRow, inputs: Mapping[TableName, str]) -> list[dict[str, Any]]:
    """The row, as the model computes it with these SELECTs in place of its inputs; none if it computes no such row."""
    query = sqlglot.parse_one(row.sql, dialect="duckdb")
    by_name = {str(table).lower(): select for table, select in inputs.items()}
    for node in list(query.find_all(exp.Table)):
        if select := by_name.get(f"{node.db}.{node.name}".lower()):
            name = exp.TableAlias(this=exp.to_identifier(node.alias_or_name))
            node.replace(exp.Subquery(this=sqlglot.parse_one(select, dialect="duckdb"), alias=name))
    return engine.fetch(f"SELECT * FROM ({query.sql(dialect='duckdb')}) WHERE {row.condition()}")


def window_condition(row: GoldRow, table: TableName) -> str:
    """The condition that a row of an input lies in the row's window; true for one without a time."""
    column = dict(row.model.times).get(table)
    if column is None:
        return "TRUE"
    zone, grain = literal(row.model.zone), literal(row.model.grain)
    own, wanted = (f"date_trunc({grain}, timezone({zone}, {at}))" for at in (identifier(column), row.start))
    return f"{own} = {wanted}"


def is_same_row(row: GoldRow, found: Row) -> bool:
    """Whether a computed row has the stored values."""
    return all(is_same_value(row.values.get(c.name), found.get(c.name)) for c in row.contract.columns)


def is_same_value(one: object, other: object) -> bool:
    """Whether two values are the same; floating-point numbers but for the order of their sums."""
    if isinstance(one, float) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=0.0) or (math.isnan(one) and math.isnan(other))
    return bool(one == other)


def _condition(engine: Engine, row: GoldRow, table: TableName, lineage: ColumnLineage, choice: RowChoice) -> str:
    if choice is RowChoice.ALL:
        return "TRUE"
    parts = [window_condition(row, table)]
    if choice in (RowChoice.KEYS, RowChoice.ROW):
        columns = engine.types(table)
        found = dict(_key_columns(row, str(table), lineage, by_name=choice is RowChoice.KEYS))
        parts += [_equals_text(name, row.keys[key]) for name, key in found.items() if name in columns]
    return " AND ".join(parts)


def _key_columns(row: GoldRow, table: str, lineage: ColumnLineage, *, by_name: bool) -> Iterator[tuple[str, str]]:
    """Columns of an input that are a key column of the row as it is, and that key column.

    Args:
        by_name: Also columns that only have the name of such a column, as a join partner does.
    """
    for key in row.keys:
        origins = [origin for origin in lineage.columns.get(key, ()) if origin.kind is TransformationKind.IDENTITY]
        own = [origin.column for origin in origins if origin.table == table]
        if own or by_name:
            yield from ((name, key) for name in own or sorted({origin.column for origin in origins}))


def _equals_text(column: str, value: str | None) -> str:
    if value is None:
        return f"{identifier(column)} IS NULL"
    return f"CAST({identifier(column)} AS VARCHAR) = {literal(value)}"


def key_texts(engine: Engine, contract: Contract, condition: str) -> Sequence[Row]:
    """The stored rows that satisfy the condition, with the texts of their keys as `_key_<n>` and of their window as `_start`."""
    assert contract.model is not None
    names = [name for name in contract.primary_key if name != contract.model.window]
    keys = "".join(f", CAST({identifier(name)} AS VARCHAR) AS _key_{number}" for number, name in enumerate(names))
    start = f"CAST(epoch(CAST({identifier(contract.model.window)} AS TIMESTAMPTZ)) AS BIGINT) AS _start"
    return engine.fetch(f"SELECT *, {start}{keys} FROM {contract.table(contract.layer)} WHERE {condition}")
