"""Masks values of quarantined rows by the policy of the served table.

A received value that is not of the contract's type can only be shown or hidden; a text is masked as in the served table.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb

from lakeward.contracts.model import Kind
from lakeward.core.sql import identifier
from lakeward.protection.masking import HIDDEN, protected_expression
from lakeward.protection.policy import Action
from lakeward.serving.plan import ServedColumn


def mask_received_rows(
    columns: Sequence[ServedColumn], rows: Sequence[Mapping[str, Any]], token: Callable[[str], str] | None
) -> list[dict[str, object]]:
    """Each row with the columns that the principal can see.

    Args:
        token: Makes a token of a text; None without a key, and then no column may need one.
    """
    visible = [column for column in columns if column.decision.action is not Action.DENY]
    with duckdb.connect() as con:
        return [{column.name: _mask_value(con, token, column, row.get(column.name)) for column in visible} for row in rows]


def _mask_value(con: duckdb.DuckDBPyConnection, token: Callable[[str], str] | None, column: ServedColumn, value: Any) -> Any:
    if value is None or column.decision.action is Action.CLEAR:
        return value
    if column.type.kind is not Kind.STRING:
        return HIDDEN
    if column.decision.action is Action.TOKENISE:
        return token(str(value)) if token else HIDDEN
    name = identifier(column.name)
    query = f"SELECT {protected_expression(name, column.type, column.decision)} FROM (SELECT CAST($1 AS VARCHAR) AS {name})"
    return con.execute(query, [value]).fetchall()[0][0]
