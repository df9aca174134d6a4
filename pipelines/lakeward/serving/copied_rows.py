"""Finds the rows of a table in a suspected copy of it, and how far they deviate: cut, in another order, without some columns.

Which row is which is decided by values alone and never by a recipient's bits, and each row of the table is used once: so the scores of
recipients without a part in a leak stay bounded, whatever was done to it.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from lakeward.contracts.model import Contract, Kind
from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, literal
from lakeward.core.storage.remote_path import LakePath
from lakeward.engines.embedded.scans import delta_scan
from lakeward.serving.database import SessionResources, open_database
from lakeward.serving.faults import run_faults
from lakeward.serving.marks import ROW_KEY, Mark, markable_rows

if TYPE_CHECKING:
    from lakeward.protection.fingerprint import Deviations

# Rows that are compared, at most: a score of 50 needs no more.
MOST_ROWS = 200_000
# Rows of the table that one row of the copy can be, at most; of more, values can't tell which.
MOST_CANDIDATES = 64
# Kinds whose values come back from a copy as they were.
_EXACT = frozenset({Kind.STRING, Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATE, Kind.TIMESTAMP})


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectedCopy:
    """A file that may be a copy of a table.

    Args:
        file: Parquet file of its rows.
        columns: Column of the table -> name in the file.
    """

    file: Path
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """The version of a table that copies were made of.

    Args:
        version: None for the newest one, where this version is not kept any more.
        clear: Columns that copies hold as they are.
    """

    contract: Contract
    folder: LakePath
    version: int | None
    clear: tuple[str, ...]
    marks: tuple[Mark, ...]


def is_kept(folder: LakePath, version: int, resources: SessionResources) -> bool:
    """Whether rows of a version can still be read."""
    with closing(open_database(None, resources)) as con:
        try:
            con.execute(f"SELECT count(*) FROM (SELECT * FROM {delta_scan(folder, version)} LIMIT 1)").fetchall()
        except duckdb.Error:
            return False
    return True


def matching_columns(stored: StoredVersion, suspect: SuspectedCopy) -> tuple[str, ...]:
    """Columns by which rows are found: the key if the copy has all of it, otherwise all that copies hold as they are."""
    key = stored.contract.primary_key
    if set(key) <= suspect.columns.keys():
        return key
    marked = {mark.column for mark in stored.marks}
    exact = (name for name in stored.clear if name not in marked and stored.contract.column(name).type.kind in _EXACT)
    return tuple(name for name in exact if name in suspect.columns)


def read_all_deviations(
    stored: StoredVersion, suspect: SuspectedCopy, spill: Path | None, resources: SessionResources
) -> "tuple[int, dict[str, Deviations]]":
    """The number of rows found, and by marked column that the copy has, how they deviate.

    Args:
        spill: Folder of temporary files; None for none.
        resources: What DuckDB may use, and where the tables lie.

    Raises:
        ProtectionError: It fails on a value, which is not shown.
        MachineError: It needs more memory than it may use.
    """
    marks = [mark for mark in stored.marks if mark.column in suspect.columns]
    keys = matching_columns(stored, suspect)
    if not marks or not keys:
        return 0, {}
    with closing(open_database(spill, resources)) as con, run_faults():
        con.execute(f"CREATE TEMP TABLE found AS {_found_rows(stored, suspect, keys, marks)}")
        rows = con.execute("SELECT count(*) FROM found").fetchall()[0][0]
        return int(rows), {mark.column: _deviations(con, mark) for mark in marks}


def _deviations(con: duckdb.DuckDBPyConnection, mark: Mark) -> "Deviations":
    from lakeward.protection.fingerprint import read_deviations  # noqa: PLC0415 -- needs an extra

    copied, own = identifier(f"_copied_{mark.column}"), identifier(mark.column)
    query = f"""SELECT {ROW_KEY}, CAST({copied} AS DOUBLE) AS copied, CAST({own} AS DOUBLE) AS own FROM found
      WHERE {identifier(mark.can_mark)} AND isfinite(CAST({copied} AS DOUBLE))"""
    table = con.execute(query).to_arrow_table()
    copied_values, own_values = (table[name].to_numpy() for name in ("copied", "own"))
    return read_deviations(table[ROW_KEY], copied_values, own_values, float(mark.amplitude))


def _found_rows(stored: StoredVersion, suspect: SuspectedCopy, keys: Sequence[str], marks: Sequence[Mark]) -> str:
    """SELECT of each stored row that the copy has, once, with the copied values; of several candidates the nearest one."""
    names = [*keys, *(mark.column for mark in marks)]
    own = markable_rows(delta_scan(stored.folder, stored.version), stored.contract, names, marks)
    by = ", ".join(map(identifier, keys))
    same = " AND ".join(f"copied.{identifier(f'_copied_{name}')} = stored.{identifier(name)}" for name in keys)
    distance = " + ".join(_distance(mark) for mark in marks)
    return f"""SELECT * FROM (
        SELECT * FROM (SELECT * FROM ({own}) QUALIFY count(*) OVER (PARTITION BY {by}) <= {MOST_CANDIDATES}) AS stored
        JOIN ({_copied_rows(stored, suspect, names)}) AS copied ON {same}
        QUALIFY row_number() OVER (PARTITION BY _row_of_copy ORDER BY {distance}, {ROW_KEY}) = 1)
      QUALIFY row_number() OVER (PARTITION BY {ROW_KEY} ORDER BY _row_of_copy) = 1 ORDER BY hash({ROW_KEY}) LIMIT {MOST_ROWS}"""


def _copied_rows(stored: StoredVersion, suspect: SuspectedCopy, names: Sequence[str]) -> str:
    items = ", ".join(
        f"TRY_CAST({identifier(suspect.columns[name])} AS {_copied_type(stored, name)}) AS {identifier(f'_copied_{name}')}"
        for name in names
    )
    return f"SELECT row_number() OVER () AS _row_of_copy, {items} FROM read_parquet({literal(str(suspect.file))})"


def _copied_type(stored: StoredVersion, name: str) -> str:
    """A marked value may have any number of digits in a copy."""
    marked = any(mark.column == name for mark in stored.marks)
    return "DOUBLE" if marked else sql_type(stored.contract.column(name).type)


def _distance(mark: Mark) -> str:
    copied, own = identifier(f"_copied_{mark.column}"), identifier(mark.column)
    return f"coalesce(abs({copied} - CAST({own} AS DOUBLE)) / {mark.amplitude:f}, 0)"
