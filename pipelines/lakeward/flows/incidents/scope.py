"""Who read which version of which column in the time of an incident: the access log, over all columns that lineage derives from the affected ones.

An entry that does not say its columns or versions is unknown, never no one: older versions of Lakeward wrote such entries.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.errors import UsageError
from lakeward.core.names import Layer, TableName
from lakeward.core.sql import instant
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.records import read_grade_record
from lakeward.flows.incidents.record import Incident
from lakeward.flows.lineage.graph import reachable_hops
from lakeward.flows.serving.abandoned_entries import commit_abandoned_entries
from lakeward.flows.serving.entry_copies import EntryCopies
from lakeward.flows.serving.reader import access_log_folder
from lakeward.grading.grade import Grade
from lakeward_lineage import Direction

PERSONAL = "personal."
# Layers that hold the rows of a dataset beside the served one: who looks at them sees the same values.
_SAME_ROWS = (Layer.QUARANTINE, Layer.REJECTS, Layer.BRONZE, Layer.REPAIRS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Reads of one column by one reader in the time of an incident.

    Args:
        reader: Account; without a token, the account of the operating system.
        verified: Whether a token proved it in each of the reads.
        role, purpose, consumer: Of the session; None if it named none.
        column: Column that was read, as `layer.table.column`.
        origin: Affected column that it is, or that it is derived from.
        shown_as: What the policy did with its values, such as `clear` or `mask`.
        versions: Delta versions of the table that were read, the lowest and the highest.
        reads: Number of reads.
        rows: Number of rows that left in them.
        first_at, last_at: Times of the first and the last read.
    """

    reader: str
    verified: bool
    role: str
    purpose: str | None
    consumer: str | None
    column: str
    origin: str
    shown_as: str
    versions: tuple[int, int]
    reads: int
    rows: int
    first_at: datetime
    last_at: datetime

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `exposures`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedColumn:
    """A column that an incident touches.

    Args:
        column: Its name, as `layer.table.column`.
        origin: Affected column that it is, or that it is derived from.
        grade: Its grade; None if it has none.
        category: Its category; None if it has none.
        data_class: Class of its dataset; None if its contract names none.
    """

    column: str
    origin: str
    grade: Grade | None
    category: str | None
    data_class: str | None

    @property
    def is_personal(self) -> bool:
        """Whether it holds personal data, by its category."""
        return bool(self.category and self.category.startswith(PERSONAL))

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `columns`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentScope:
    """What an incident touches, and who read it.

    Args:
        incident: Number of the incident.
        columns: The affected columns, and those that are derived from them.
        rows: Rows of their tables as they are now; a table counts once.
        bytes: Bytes of these tables.
        exposures: Who read which column.
        unknown_reads: Reads in this time of these tables of which the log does not say columns or versions.
        unknown_readers: Who did them.
        refused: Reads in this time of these tables that were refused or failed.
    """

    incident: str
    columns: tuple[AffectedColumn, ...]
    rows: int
    bytes: int
    exposures: tuple[Exposure, ...]
    unknown_reads: int
    unknown_readers: tuple[str, ...]
    refused: int

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward incident scope --json`."""
        return fields_of(self)


def find_scope(workspace: Workspace, engine: Engine, incident: Incident) -> IncidentScope:
    """The scope of the incident, by the log and the lineage of now.

    Raises:
        UsageError: The lake has no such table or column.
    """
    commit_abandoned_entries(engine, access_log_folder(workspace), EntryCopies.of(workspace.lake))
    columns = _affected_columns(workspace, engine, incident.columns)
    tables = sorted({each.column.rpartition(".")[0] for each in columns})
    read_from = sorted({*tables, *(f"{layer}.{name.partition('.')[2]}" for name in tables for layer in _SAME_ROWS)})
    infos = [info for name in tables if (info := engine.info(TableName(Layer(name.partition(".")[0]), name.partition(".")[2])))]
    reads = [read for read in _reads(engine, incident) if set(json.loads(read["objects"])) & set(read_from)]
    answered = [read for read in reads if read["verdict"] == "allowed"]
    known = [read for read in answered if _says_all(read, read_from)]
    unknown = [read for read in answered if not _says_all(read, read_from)]
    return IncidentScope(
        incident=incident.incident,
        columns=tuple(columns),
        rows=sum(info.rows for info in infos),
        bytes=sum(engine.stored_bytes(info.name) for info in infos),
        exposures=tuple(_exposures(known, {each.column: each.origin for each in columns})),
        unknown_reads=len(unknown),
        unknown_readers=tuple(sorted({read["reader"] for read in unknown})),
        refused=len(reads) - len(answered),
    )


def check_columns(workspace: Workspace, names: Sequence[str]) -> None:
    """Check that these columns or tables exist.

    Raises:
        UsageError: One does not, or none is named.
    """
    tables = _served_tables(workspace)
    if not names:
        raise UsageError("incident_column_unknown", column="-")
    for name in names:
        _columns_of(name, tables)


def _served_tables(workspace: Workspace) -> dict[str, Contract]:
    return {str(contract.table(contract.layer)): contract for contract in workspace.project.valid_contracts().values()}


def _says_all(read: Mapping[str, Any], tables: Sequence[str]) -> bool:
    """Whether an entry has its columns, and the version of each of these tables that it read."""
    versions = json.loads(read["versions"] or "{}")
    return bool(read["columns"]) and all(name in versions for name in json.loads(read["objects"]) if name in tables)


def _affected_columns(workspace: Workspace, engine: Engine, starts: Sequence[str]) -> list[AffectedColumn]:
    """The columns that an incident names, and those that lineage derives from them, each once."""
    tables = _served_tables(workspace)
    origins: dict[str, str] = {}
    for start in starts:
        for column in _columns_of(start, tables):
            origins.setdefault(column, column)
            for reached in _derived_columns(engine, column):
                origins.setdefault(reached, column)
    record = read_grade_record(engine)
    return [_affected_column(column, origin, tables, record) for column, origin in sorted(origins.items())]


def _columns_of(start: str, tables: Mapping[str, Contract]) -> list[str]:
    """The columns of a table, or the one column, that `start` names."""
    if start in tables:
        return [f"{start}.{column.name}" for column in tables[start].columns]
    table, _, name = start.rpartition(".")
    if table not in tables or name not in {column.name for column in tables[table].columns}:
        raise UsageError("incident_column_unknown", column=ascii(start))
    return [start]


def _derived_columns(engine: Engine, column: str) -> Iterator[str]:
    try:
        hops = reachable_hops(engine, column, Direction.DOWN)
    except UsageError:  # no step has read the column
        return
    yield from (str(hop.field) for hop in hops if str(hop.field).count(".") == column.count("."))


def _affected_column(column: str, origin: str, tables: Mapping[str, Contract], record: Any) -> AffectedColumn:
    table, _, name = column.rpartition(".")
    contract = tables.get(table)
    grade = record.current(contract).get(name) if contract else None
    return AffectedColumn(
        column=column,
        origin=origin,
        grade=grade.grade if grade else None,
        category=grade.category if grade else None,
        data_class=contract.data_class if contract else None,
    )


def _reads(engine: Engine, incident: Incident) -> list[dict[str, Any]]:
    """Entries of the access log in the time of the incident."""
    stored = engine.info(governance.table_name("access_log"))
    if stored is None:
        return []
    present = {column.name for column in stored.columns}
    optional = ("principal", "verified", "purpose", "consumer", "versions", "columns")
    items = ", ".join(name if name in present else f"NULL AS {name}" for name in optional)
    until = f"AND asked_at < {instant(incident.until)}" if incident.until else ""
    return engine.fetch(
        f"""SELECT role, objects, verdict, rows_out, asked_at, coalesce({"principal" if "principal" in present else "NULL"}, account) AS reader, {items}
        FROM governance.access_log WHERE asked_at >= {instant(incident.since)} {until} ORDER BY asked_at"""
    )


def _exposures(reads: Sequence[Mapping[str, Any]], origins: Mapping[str, str]) -> Iterator[Exposure]:
    """Sums of the reads by reader, role, purpose, consumer, column and form."""
    groups: dict[tuple[Any, ...], list[tuple[Mapping[str, Any], int]]] = {}
    for read in reads:
        versions = json.loads(read["versions"])
        for column, shown in json.loads(read["columns"]).items():
            if column in origins:
                key = (read["reader"], read["role"], read["purpose"], read["consumer"], column, str(shown).split()[0])
                groups.setdefault(key, []).append((read, versions[column.rpartition(".")[0]]))
    for (reader, role, purpose, consumer, column, shown), found in sorted(groups.items(), key=str):
        yield Exposure(
            reader=reader,
            verified=all(read["verified"] for read, _ in found),
            role=role,
            purpose=purpose,
            consumer=consumer,
            column=column,
            origin=origins[column],
            shown_as=shown,
            versions=(min(version for _, version in found), max(version for _, version in found)),
            reads=len(found),
            rows=sum(read["rows_out"] for read, _ in found),
            first_at=found[0][0]["asked_at"],
            last_at=found[-1][0]["asked_at"],
        )
