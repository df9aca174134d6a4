"""The record of catalogue entries and filings: append-only tables, and their newest state."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from lakeward.core.working_days import Deadline
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of

ENTRIES, FILINGS = "catalogue", "filings"


class FilingState(StrEnum):
    """State of a filing: as it was sent, and what the authority answered."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledEntry:
    """An entry as it was filed.

    Args:
        items: Key of the form -> text; empty for an entry that was filed as destroyed.
        rows, bytes: Its size.
        destroyed: Whether the filing reports that the data are destroyed.
    """

    items: Mapping[str, str]
    rows: int
    bytes: int
    destroyed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A filing with its newest state.

    Args:
        filing: Its number, from 1.
        state: What became of it.
        datasets: Datasets that it contains.
        submitted_on: Day of its submission.
        answered_on: Day of the authority's answer; None before.
        due: Last day of the authority's review, or after a rejection of the next filing.
        due_certain: Whether the calendar covers all days up to `due`; otherwise it is the earliest that it can be.
        authority_ref: Number of the answer.
        answer: Text of the answer.
        signed_by: Account, or typed name, that filed it.
    """

    filing: int
    state: FilingState
    datasets: tuple[str, ...]
    submitted_on: date
    answered_on: date | None
    due: date | None
    due_certain: bool
    authority_ref: str | None
    answer: str | None
    signed_by: str

    def as_dict(self) -> dict[str, object]:
        """The fields by name; days in ISO 8601."""
        return {name: _plain(value) for name, value in fields_of(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingRecord:
    """All filings, oldest first, and what each contained.

    Args:
        entries: Filing -> dataset -> entry.
        processors: Filing -> key of the head -> text; without filings that were recorded before the head was.
    """

    filings: tuple[Filing, ...]
    entries: Mapping[int, Mapping[str, FiledEntry]]
    processors: Mapping[int, Mapping[str, str]]

    def newest_of(self, dataset: str) -> Filing | None:
        """The newest filing that contains the dataset."""
        return next((filing for filing in reversed(self.filings) if dataset in filing.datasets), None)

    def standing_of(self, dataset: str) -> tuple[Filing, FiledEntry] | None:
        """The newest filing of the dataset that was not rejected, and the entry in it."""
        kept = (f for f in reversed(self.filings) if dataset in f.datasets and f.state is not FilingState.REJECTED)
        filing = next(kept, None)
        return (filing, self.entries[filing.filing][dataset]) if filing else None

    @property
    def datasets(self) -> frozenset[str]:
        """Datasets that were ever filed."""
        return frozenset(dataset for filing in self.filings for dataset in filing.datasets)


def read_filings(engine: Engine) -> FilingRecord:
    """All filings with their newest state."""
    found: dict[int, Filing] = {}
    entries: dict[int, dict[str, FiledEntry]] = {}
    processors: dict[int, dict[str, str]] = {}
    for row in governance.read_rows(engine, FILINGS, order="seq"):
        number = row["filing"]
        if row["event"] == FilingState.SUBMITTED:
            entries[number] = {name: FiledEntry(**entry) for name, entry in json.loads(row["entries"]).items()}
            if head := row.get("processor"):
                processors[number] = json.loads(head)
        first = found.get(number)
        found[number] = Filing(
            filing=number,
            state=FilingState(row["event"]),
            datasets=tuple(entries[number]),
            submitted_on=first.submitted_on if first else date.fromisoformat(row["on_day"]),
            answered_on=date.fromisoformat(row["on_day"]) if first else None,
            due=date.fromisoformat(row["due"]) if row["due"] else None,
            due_certain=row["due_certain"],
            authority_ref=row["authority_ref"],
            answer=row["answer"],
            signed_by=first.signed_by if first else row["decided_by"],
        )
    return FilingRecord(filings=tuple(found.values()), entries=entries, processors=processors)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingEvent:
    """A new event of a filing.

    Args:
        filing: Its number; None for a new filing.
        entries: What a new filing contains.
        processor: Its head: key of the form -> text.
        due: What it makes due.
    """

    state: FilingState
    on: date
    filing: int | None = None
    entries: Mapping[str, FiledEntry] | None = None
    processor: Mapping[str, str] | None = None
    due: Deadline | None = None
    authority_ref: str | None = None
    answer: str | None = None
    by: str
    verified: bool
    at: datetime


def append_filing_event(engine: Engine, event: FilingEvent, seq: int) -> int | None:
    """Append event number `seq`; the number of its filing, or None if another event came first."""
    filing = seq if event.filing is None else event.filing
    entries = event.entries or {}
    row = {
        "seq": seq,
        "filing": filing,
        "event": event.state,
        "entries": json.dumps({name: _cells(entry) for name, entry in entries.items()}, ensure_ascii=False),
        "on_day": event.on.isoformat(),
        "due": event.due.on.isoformat() if event.due else None,
        "due_certain": event.due.certain if event.due else True,
        "authority_ref": event.authority_ref,
        "answer": event.answer,
        "processor": json.dumps(dict(event.processor), ensure_ascii=False) if event.processor else None,
        "decided_by": event.by,
        "verified": event.verified,
        "decided_at": event.at,
    }
    return filing if governance.append_rows(engine, FILINGS, [row], Txn(FILINGS, seq)) else None


def next_number(engine: Engine, table: str) -> int:
    """Number of the next row, or group of rows, of one of the two tables."""
    return engine.txn(governance.table_name(table), table) + 1


def _cells(entry: FiledEntry) -> dict[str, Any]:
    return {"items": dict(entry.items), "rows": entry.rows, "bytes": entry.bytes, "destroyed": entry.destroyed}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
