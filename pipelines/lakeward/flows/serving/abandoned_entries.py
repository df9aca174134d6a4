"""Commits the entries that killed sessions left on disk. Whoever opens the lake next does this first."""

import fcntl
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from lakeward.contracts.model import Kind
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import TableColumn
from lakeward.flows.base import governance
from lakeward.flows.serving.entry_copies import EntryCopies, session_txn

# Suffix of a file with a line that is no entry; it stays for a person to look into.
DAMAGED = ".damaged"
_PYTHON_TYPES: Mapping[Kind, type] = {Kind.STRING: str, Kind.INTEGER: int, Kind.BOOLEAN: bool, Kind.TIMESTAMP: datetime}


def commit_abandoned_entries(engine: Engine, folder: Path, copies: EntryCopies | None = None) -> None:
    """Commit the entries of killed sessions.

    Args:
        folder: Folder of the entries of this machine.
        copies: The lake's object store, where entries of lost machines lie too; None of a lake in a folder.

    Raises:
        StoreConflictError: Others kept committing first.
        MachineError: The object store can't be reached, or refuses.
    """
    for path in sorted(folder.glob("*.jsonl")):
        try:
            with path.open("rb") as file:
                if _is_abandoned(file.fileno()):
                    _commit_file(engine, path, list(file))
        except FileNotFoundError:  # another process was first
            continue
    if copies:
        for session_id, lines in copies.lost_sessions(folder):
            if _commit_lines(engine, session_id, lines):
                copies.delete(session_id)


def _commit_file(engine: Engine, path: Path, lines: list[bytes]) -> None:
    if _commit_lines(engine, path.stem, lines):
        path.unlink(missing_ok=True)
    else:
        path.rename(path.with_suffix(DAMAGED))


def _commit_lines(engine: Engine, session: str, lines: list[bytes]) -> bool:
    """Commit the entries up to the first line that is none; whether all lines are entries."""
    entries = list(_read_entries(session, lines))
    last_seq = engine.txn(governance.table_spec("access_log").name, session_txn(session, 0).app)
    rows = [row for row in entries if row["seq"] > last_seq]
    if rows:
        governance.append_rows(engine, "access_log", rows, session_txn(session, rows[-1]["seq"]))
    return len(entries) == len(_whole_lines(lines))


def _is_abandoned(file: int) -> bool:
    """Whether the session of this file has ended: the operating system releases its lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _whole_lines(lines: list[bytes]) -> list[bytes]:
    """A truncated last line belongs to a query that returned no rows."""
    return [line for line in lines if line.endswith(b"\n")]


def _read_entries(session: str, lines: list[bytes]) -> Iterator[dict[str, Any]]:
    """The entries of a file up to the first line that is none."""
    columns = governance.table_spec("access_log").columns
    for line in _whole_lines(lines):
        row = _entry(line, columns)
        if row is None or row["session_id"] != session:
            return
        yield row


def _entry(line: bytes, columns: tuple[TableColumn, ...]) -> dict[str, Any] | None:
    """The entry of a line; None if it is none. An older version wrote fewer columns."""
    try:
        found = json.loads(line)
        row = {column.name: found.get(column.name) for column in columns}
        for column in columns:
            if column.type.kind is Kind.TIMESTAMP:
                row[column.name] = datetime.fromisoformat(row[column.name])
    except (AttributeError, RecursionError, TypeError, ValueError):
        return None
    return row if all(_fits(row[column.name], column) for column in columns) else None


def _fits(value: object, column: TableColumn) -> bool:
    if value is None:
        return column.nullable
    return type(value) is _PYTHON_TYPES[column.type.kind] and not (isinstance(value, datetime) and value.tzinfo is None)
