"""Row identity: within a batch the later row of a key wins; in a later batch, a changed row replaces the stored one.

SQL over three relations: good rows of the batch (typed, with `_file_seq` and `_row`), the silver table, and the results of
    earlier
queries. The id of a row in its batch is `(_file_seq, _row)`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lakeward.contracts.model import Contract
from lakeward.core.sql import identifier


@dataclass(frozen=True, slots=True)
class RowIdentity:
    """The row identity of one dataset.

    Args:
        keys: Columns that identify a row.
        values: Columns that are compared to find changed rows.
        time: The column of event time, if there is one.
    """

    keys: tuple[str, ...]
    values: tuple[str, ...]
    time: str | None

    @property
    def keyed_by_time(self) -> bool:
        """Whether the time is part of the key, so that silver need not be read outside the batch's times."""
        return self.time in self.keys


def row_identity(contract: Contract) -> RowIdentity | None:
    """The contract's key, or all columns for `duplicates: exact`; None if no row can be a duplicate."""
    names = tuple(column.name for column in contract.columns)
    keys = contract.primary_key or (names if contract.duplicates_exact else ())
    return RowIdentity(keys, names, contract.time_column) if keys else None


def superseded_rows_select(identity: RowIdentity, good: str) -> str:
    """SELECT of the ids of rows that a later row of the same batch replaces."""
    keys = _column_list(identity.keys)
    repeated_keys = f"SELECT {keys} FROM {good} GROUP BY {keys} HAVING count(*) > 1"
    return f"""
        SELECT _file_seq, _row FROM (
            SELECT g._file_seq, g._row,
                   row_number() OVER (PARTITION BY {_column_list(identity.keys, "g.")} ORDER BY g._file_seq DESC, g._row DESC) AS place
            FROM {good} AS g JOIN ({repeated_keys}) AS r ON {_equal_columns(identity.keys, "g", "r")}
        ) WHERE place > 1"""


def stored_matches_select(identity: RowIdentity, good: str, silver: str, within: str, *, late: bool = False) -> str:
    """SELECT of the ids of rows whose key is in silver, whether all values are equal (`is_same`), and the stored `old_time`.

    `is_emptied`: the row has no value where the stored one has one.

    Args:
        within: Condition on silver that all rows with a key of `good` satisfy.
        late: Whether rows of `good` can be older than those of silver; then the newer stored row stays, and the old one is a
            duplicate.
    """
    old_time = f"s.{identifier(identity.time)}" if identity.time else "NULL"
    emptied = " OR ".join(_is_emptied(c) for c in identity.values if c not in identity.keys) or "FALSE"
    newer = " OR s._file_seq > g._file_seq OR (s._file_seq = g._file_seq AND s._row > g._row)" if late else ""
    return f"""
        SELECT g._file_seq, g._row, ({_equal_columns(identity.values, "g", "s")}){newer} AS is_same, {old_time} AS old_time,
               ({emptied}) AS is_emptied
        FROM {good} AS g JOIN (SELECT * FROM {silver} WHERE {within}) AS s ON {_equal_columns(identity.keys, "g", "s")}"""


def emptied_values_select(identity: RowIdentity, columns: Sequence[str], good: str, winners: str, silver: str) -> str:
    """For each file, `n0, n1, …`: stored values of these columns for which the row that replaces them has none.

    Args:
        winners: SELECT of the places of the rows that replace a stored row.
    """
    counts = ", ".join(f"count(CASE WHEN {_is_emptied(column)} THEN 1 END) AS n{at}" for at, column in enumerate(columns))
    own = f"SELECT * FROM {good} SEMI JOIN ({winners}) USING (_file_seq, _row)"
    return f"""
        SELECT g._file_seq, {counts} FROM ({own}) AS g JOIN {silver} AS s ON {_equal_columns(identity.keys, "g", "s")}
        GROUP BY g._file_seq"""


def valueless_columns_select(columns: Sequence[str], received: str) -> str:
    """For each file, `n0, n1, …`: its values of these columns, as they were received."""
    counts = ", ".join(f"count({identifier(column)}) AS n{at}" for at, column in enumerate(columns))
    return f"SELECT _file_seq, {counts} FROM {received} GROUP BY _file_seq"


def _is_emptied(column: str) -> str:
    return f"(g.{identifier(column)} IS NULL AND s.{identifier(column)} IS NOT NULL)"


def _equal_columns(columns: Sequence[str], left: str, right: str) -> str:
    return " AND ".join(f"{left}.{identifier(c)} IS NOT DISTINCT FROM {right}.{identifier(c)}" for c in columns)


def _column_list(columns: Sequence[str], prefix: str = "") -> str:
    return ", ".join(prefix + identifier(c) for c in columns)
