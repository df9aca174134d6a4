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

    Args:
        within: Condition on silver that all rows with a key of `good` satisfy.
        late: Whether rows of `good` can be older than those of silver; then the newer stored row stays, and the old one is a
            duplicate.
    """
    old_time = f"s.{identifier(identity.time)}" if identity.time else "NULL"
    newer = " OR s._file_seq > g._file_seq OR (s._file_seq = g._file_seq AND s._row > g._row)" if late else ""
    return f"""
        SELECT g._file_seq, g._row, ({_equal_columns(identity.values, "g", "s")}){newer} AS is_same, {old_time} AS old_time
        FROM {good} AS g JOIN (SELECT * FROM {silver} WHERE {within}) AS s ON {_equal_columns(identity.keys, "g", "s")}"""


def _equal_columns(columns: Sequence[str], left: str, right: str) -> str:
    return " AND ".join(f"{left}.{identifier(c)} IS NOT DISTINCT FROM {right}.{identifier(c)}" for c in columns)


def _column_list(columns: Sequence[str], prefix: str = "") -> str:
    return ", ".join(prefix + identifier(c) for c in columns)
