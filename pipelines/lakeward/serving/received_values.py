"""Masks values of quarantined rows by the policy of the served table.

A received value that is not of the contract's type can only be shown or hidden; a text is masked as in the served table.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from lakeward.contracts.model import Kind
from lakeward.core.sql import identifier, literal
from lakeward.engines.embedded.databases import plain_database
from lakeward.protection.masking import HIDDEN, protected_expression
from lakeward.protection.policy import Action
from lakeward.serving.column_functions import ColumnFunctions
from lakeward.serving.plan import ServedColumn


def mask_received_rows(
    columns: Sequence[ServedColumn], rows: Sequence[Mapping[str, Any]], functions: ColumnFunctions
) -> list[dict[str, object]]:
    """Each row with the columns that the principal can see.

    Args:
        functions: Makes tokens.
    """
    visible = [column for column in columns if column.decision.action is not Action.DENY]
    with plain_database() as con:
        return [{column.name: _mask_value(con, functions, column, row.get(column.name)) for column in visible} for row in rows]


def _mask_value(con: duckdb.DuckDBPyConnection, functions: ColumnFunctions, column: ServedColumn, value: Any) -> Any:
    if value is None or column.decision.action is Action.CLEAR:
        return value
    if column.type.kind is not Kind.STRING or column.decision.action is Action.ENCRYPT:
        return HIDDEN
    if column.decision.action is Action.TOKENISE:
        return functions.token(column, str(value)) if functions.key else HIDDEN
    name = identifier(column.name)
    shown = protected_expression(name, column.type, column.decision, functions.treatment(column))
    query = f"SELECT {shown} FROM (SELECT {literal(str(value))} AS {name})"
    return con.execute(query).fetchall()[0][0]
