"""Aligns received rows with the columns of the current contract.

A table may hold a column under an earlier name, in `_extra`, or not at all.
"""

from lakeward.contracts.model import Column, Contract
from lakeward.core.names import TableName
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import pinning


def align_to_contract(engine: Engine, contract: Contract, table: TableName, rows: str) -> str:
    """SELECT of `rows`, a SELECT of rows of `table`, with the contract's columns that the table does not have."""
    stored = set(engine.types(table))
    missing = [column for column in contract.columns if column.name not in stored]
    earlier = pinning.earlier_column_names(engine, contract) if missing else {}
    found = "".join(
        f", {_missing_column(column, earlier[column.source_name] & stored)} AS {identifier(column.name)}" for column in missing
    )
    return f"SELECT *{found} FROM ({rows})"


def _missing_column(column: Column, names: set[str]) -> str:
    key = column.source_name.replace('"', '\\"')
    own = "".join(f"{identifier(name)}, " for name in sorted(names))
    return f"""coalesce({own}_extra->>{literal(f'$."{key}"')})"""
