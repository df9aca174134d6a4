"""When two rows are the same row: within a batch the later one wins, across batches a changed one corrects.

Pure SQL over three relations: good rows of the batch (typed, with `_file_seq` and `_row`), the silver table, and what these
queries found before. A row's place in its batch is `(_file_seq, _row)`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lakeward.contracts.model import Contract
from lakeward.core.sql import identifier


@dataclass(frozen=True, slots=True)
class RowIdentity:
    """How rows of one dataset are told apart.

    Args:
        keys: Columns by which two rows are the same row.
        values: Columns by which they have the same values.
        time: The column of event time, if there is one.
    """

    keys: tuple[str, ...]
    values: tuple[str, ...]
    time: str | None

    @property
    def keyed_by_time(self) -> bool:
        """Rows of other times can't be the same row, so silver need not be read outside the batch's times."""
        return self.time in self.keys


def row_identity(contract: Contract) -> RowIdentity | None:
    """The contract's key, or all columns for `duplicates: exact`; None: no row is a duplicate."""
    names = tuple(column.name for column in contract.columns)
    keys = contract.primary_key or (names if contract.duplicates_exact else ())
    return RowIdentity(keys, names, contract.time_column) if keys else None


def superseded_rows_select(identity: RowIdentity, good: str) -> str:
    """Places of the rows that a later row of the same batch replaces."""
    keys = _column_list(identity.keys)
    repeated_keys = f"SELECT {keys} FROM {good} GROUP BY {keys} HAVING count(*) > 1"
    return f"""
        SELECT _file_seq, _row FROM (
            SELECT g._file_seq, g._row,
                   row_number() OVER (PARTITION BY {_column_list(identity.keys, "g.")} ORDER BY g._file_seq DESC, g._row DESC) AS place
            FROM {good} AS g JOIN ({repeated_keys}) AS r ON {_equal_columns(identity.keys, "g", "r")}
        ) WHERE place > 1"""


def stored_matches_select(identity: RowIdentity, good: str, silver: str, within: str, *, late: bool = False) -> str:
    """Places of the rows whose key silver has already, whether all values agree (`is_same`), and the stored `old_time`.

    Args:
        within: Condition on the columns of silver outside which no row of `good` can be found.
        late: The rows of `good` may have come before those of silver; where one did, the newer row stands, as if they were the same.
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
