"""Who read what: entries of the access log, and sums of them by account, consumer, purpose, dataset or column."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.core.sql import instant, literal
from lakeward.flows.audit.logged_entries import define_reads, open_log
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import Workspace, open_workspace

# Days that a report covers, and entries that a list shows, if nothing else is said.
REPORT_DAYS, LISTED = 30, 50
# A hundred years; and more entries than memory holds.
MOST_DAYS, MOST_LISTED = 36_500, 1_000_000_000


class ReportKey(StrEnum):
    """What a report sums by."""

    ACCOUNT = "account"
    ROLE = "role"
    CONSUMER = "consumer"
    PURPOSE = "purpose"
    DATASET = "dataset"
    COLUMN = "column"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFilter:
    """Which entries are meant; each that is given must fit.

    Args:
        account: Account of the token; without one, the account of the operating system.
        table: Table, as `layer.name`.
        column: Column, as `layer.table.column`.
        days: Days up to now.
    """

    account: str | None = None
    table: str | None = None
    column: str | None = None
    days: int = REPORT_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEntry:
    """One read.

    Args:
        asked_at: Time of the request.
        account: Account whose token was verified; otherwise the account of the operating system.
        verified: Whether a token proved who asked; None before there were accounts.
        role: Role of the session.
        purpose: Purpose of the session; None if it named none.
        consumer: Party that the session read for; None for the project's own people.
        tables: Tables that were read.
        versions: Table -> its Delta version.
        columns: Columns that may have been read, each with action, grade and level.
        rows: Number of rows that left.
        bytes_out: Size of the values that left, in bytes; None if it was not measured.
        seconds: Seconds until the rows were ready; None before they were measured.
        verdict: `allowed`, `refused` or `failed`; `started`: of many rows of the server, before the first, with a later entry for the end.
        code: Message code of why nothing left.
        policy_version: Edition of the policy.
        answer_digest: Keyed hash of an answer with important or core data.
        entry: Name of the entry, as `lakeward access verify` writes it: session and number.
    """

    asked_at: datetime
    account: str
    verified: bool | None
    role: str
    purpose: str | None
    consumer: str | None
    tables: tuple[str, ...]
    versions: Mapping[str, int]
    columns: Mapping[str, str]
    rows: int
    bytes_out: int | None
    seconds: float | None
    verdict: str
    code: str | None
    policy_version: str | None
    answer_digest: str | None
    entry: str

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward access list --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSum:
    """Sums over the reads of one account, role, consumer, purpose, dataset or column.

    Args:
        key: Its name; None for reads without a purpose or consumer.
        reads: Number of reads that were answered.
        refused: Number of reads that were refused or failed.
        accounts: Number of different accounts.
        rows: Number of rows that left; a row counts for each table and column that it may come from.
        bytes_out: Size of the values that left, in bytes, as far as it was measured.
        seconds: Seconds until the rows were ready, as far as they were measured.
        last_at: Time of the last read.
    """

    key: str | None
    reads: int
    refused: int
    accounts: int
    rows: int
    bytes_out: int
    seconds: float
    last_at: datetime

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward access report --json`."""
        return fields_of(self)


def list_access(settings: Settings, chosen: AccessFilter | None = None, limit: int = LISTED) -> list[AccessEntry]:
    """The newest reads, the newest first.

    Raises:
        UsageError: A number is out of its range.
    """
    chosen = chosen or AccessFilter()
    check_range("--limit", limit, MOST_LISTED)
    query = f"SELECT * FROM {{entries}} WHERE {{where}} ORDER BY asked_at DESC, session_id, seq DESC LIMIT {limit}"
    return [_entry(row) for row in _fetch(settings, chosen, query)]


def report_access(
    settings: Settings, by: ReportKey | str = ReportKey.ACCOUNT, chosen: AccessFilter | None = None
) -> list[AccessSum]:
    """Sums of the reads, the most rows first.

    Raises:
        UsageError: There is no such key, or a number is out of its range.
    """
    if by not in tuple(ReportKey):
        raise UsageError("access_key_unknown", found=by, expected=", ".join(ReportKey))
    query = f"""SELECT key, count(*) FILTER (WHERE verdict = 'allowed') AS reads, count(*) FILTER (WHERE verdict IN ('refused', 'failed')) AS refused,
          count(DISTINCT reader) AS accounts, CAST(sum(rows_out) AS BIGINT) AS rows, CAST(coalesce(sum(bytes_out), 0) AS BIGINT) AS bytes_out,
          coalesce(sum(elapsed_us), 0) / 1000000 AS seconds, max(asked_at) AS last_at
        FROM (SELECT *, {_KEYS[ReportKey(by)]} AS key FROM {{entries}} WHERE {{where}}) GROUP BY key ORDER BY rows DESC, key"""
    return [AccessSum(**row) for row in _fetch(settings, chosen or AccessFilter(), query)]


# SQL of a key; of a list, one row per item.
_KEYS: Mapping[ReportKey, str] = {
    ReportKey.ACCOUNT: "reader",
    ReportKey.ROLE: "role",
    ReportKey.CONSUMER: "consumer",
    ReportKey.PURPOSE: "purpose",
    ReportKey.DATASET: "unnest(CAST(objects AS VARCHAR[]))",
    ReportKey.COLUMN: "unnest(json_keys(columns))",
}


def _fetch(settings: Settings, chosen: AccessFilter, query: str) -> list[dict[str, Any]]:
    workspace = open_workspace(settings)
    check_range("--days", chosen.days, MOST_DAYS)
    with open_log(workspace) as engine:
        entries = define_reads(engine)
        return engine.fetch(query.format(entries=entries, where=_where(workspace, chosen))) if entries else []


def _where(workspace: Workspace, chosen: AccessFilter) -> str:
    conditions = [f"asked_at >= {instant(workspace.clock.now() - timedelta(days=chosen.days))}"]
    if chosen.account:
        conditions.append(f"reader = {literal(chosen.account)}")
    if chosen.table:
        conditions.append(f"list_contains(CAST(objects AS VARCHAR[]), {literal(chosen.table)})")
    if chosen.column:
        conditions.append(f"list_contains(json_keys(columns), {literal(chosen.column)})")
    return " AND ".join(conditions)


def _entry(row: Mapping[str, Any]) -> AccessEntry:
    return AccessEntry(
        asked_at=row["asked_at"],
        account=row["reader"],
        verified=row["verified"],
        role=row["role"],
        purpose=row["purpose"],
        consumer=row["consumer"],
        tables=tuple(json.loads(row["objects"])),
        versions=json.loads(row["versions"] or "{}"),
        columns=json.loads(row["columns"] or "{}"),
        rows=row["rows_out"],
        bytes_out=row["bytes_out"],
        seconds=None if row["elapsed_us"] is None else row["elapsed_us"] / 1_000_000,
        verdict=row["verdict"],
        code=row["code"],
        policy_version=row["policy_version"],
        answer_digest=row["answer_digest"],
        entry=f"{row['session_id']}/{row['seq']}",
    )


def check_range(option: str, number: int, most: int) -> None:
    """Check that the number of an option is between 1 and `most`.

    Raises:
        UsageError: It is not.
    """
    if not 1 <= number <= most:
        raise UsageError("access_number", option=option, found=number, most=most)
