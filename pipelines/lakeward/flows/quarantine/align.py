"""Aligns received rows with the columns of the current contract.

A table may hold a column under an earlier name, in `_extra`, or not at all.
"""

from collections.abc import Collection

from lakeward.contracts.model import Column, Contract, DataType, Kind
from lakeward.contracts.types import sql_type
from lakeward.core.names import TableName
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import pinning


def is_aligned(contract: Contract, stored: Collection[str]) -> bool:
    """Whether rows with the `stored` columns have the contract's, each under its one name."""
    return all(column.name in stored and not column.alternative_names for column in contract.columns)


def align_to_contract(engine: Engine, contract: Contract, table: TableName, rows: str) -> str:
    """SELECT of `rows`, a SELECT of rows of `table`, with the contract's columns that the table does not have.

    A column that may have come under other names, before the contract said so, has their values where it has none.
    """
    types = engine.types(table)
    stored = set(types)
    missing = [column for column in contract.columns if column.name not in stored]
    renamed = {c.name: _renamed_column(c, types[c.name]) for c in contract.columns if c.alternative_names and c.name in stored}
    earlier = pinning.earlier_column_names(engine, contract) if missing else {}
    found = "".join(
        f", {_missing_column(column, earlier[column.source_name] & stored)} AS {identifier(column.name)}" for column in missing
    )
    if not renamed:
        return f"SELECT *{found} FROM ({rows})"
    items = ", ".join(f"{renamed[name]} AS {identifier(name)}" if name in renamed else identifier(name) for name in types)
    return f"SELECT {items}{found} FROM ({rows})"


def _missing_column(column: Column, names: set[str]) -> str:
    own = "".join(f"{identifier(name)}, " for name in sorted(names))
    return f"coalesce({own}{', '.join(map(_extra_value, column.source_names))})"


def _renamed_column(column: Column, stored: DataType) -> str:
    extra = [_extra_value(name) for name in column.alternative_names]
    values = extra if stored.kind is Kind.STRING else [f"TRY_CAST({value} AS {sql_type(stored)})" for value in extra]
    return f"coalesce({identifier(column.name)}, {', '.join(values)})"


def _extra_value(name: str) -> str:
    key = name.replace('"', '\\"')
    return f"""_extra->>{literal(f'$."{key}"')}"""
