"""Actions on quarantined rows and halted batches: `governance.quarantine_events`, one row per event and row.

A row is identified by `(_file_seq, _row)`. The engine writes events by a query: no row passes through Python.
"""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lakeward.core.names import Layer, TableName
from lakeward.core.sql import equals
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Commit, Txn
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of

EVENTS = TableName(Layer.GOVERNANCE, "quarantine_events")


class EventKind(StrEnum):
    """Kind of action; a repaired row stays open, the others close it."""

    REPAIR = "repair"
    REPLAY = "replay"
    RELEASE = "release"
    EXPIRE = "expire"


# A quoted name stays. Texts, also with escapes or between dollar signs, and numbers of any form do not.
_NAME = r'(?P<name>"(?:[^"]|"")*")'
_TEXT = r"(?<!\w)[eE]'(?:\\.|''|[^'\\])*'|'(?:[^']|'')*'|(?P<tag>\$\w*\$).*?(?P=tag)"
_NUMBER = r"(?<!\w)(?:0[xXbB]\w+|\.?\d[\w.]*(?:(?<=[eE])[+-]\d+)?)"
_LITERAL = re.compile(f"{_NAME}|{_TEXT}|{_NUMBER}", re.DOTALL)
CLOSING_EVENTS = (EventKind.REPLAY, EventKind.RELEASE, EventKind.EXPIRE)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who did it, in which role, and why.

    Args:
        by: Name of the author; empty for the token's account.
        verified: Whether a token verified name and role. Set by the flows; the caller's value is ignored.
    """

    by: str
    role: str | None = None
    reason: str | None = None
    verified: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineEvent:
    """One action on any number of quarantined rows.

    Args:
        number: Rising number within its kind and dataset; also the `txn` version that commits it once.
        upto_seq: It applies to rows quarantined by batches up to this number.
        batch_seq: The batch that judges the rows again, or the released batch.
        expression: SQL of a repair; never contains a value of a row.
    """

    dataset: str
    kind: EventKind
    number: int
    upto_seq: int
    signature: Signature
    at: datetime
    batch_seq: int | None = None
    expression: str | None = None

    @property
    def id(self) -> str:
        """Deterministic id, so that a rerun gives the same."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"lakeward:{self.dataset}:{self.kind}:{self.number}"))

    def shared_cells(self) -> dict[str, object]:
        """Cells that all rows of the event share."""
        return {
            "event_id": self.id,
            "dataset": self.dataset,
            "event": str(self.kind),
            "upto_seq": self.upto_seq,
            "batch_seq": self.batch_seq,
            "done_by": self.signature.by,
            "done_as": self.signature.role,
            "reason": self.signature.reason,
            "expression": self.expression,
            "done_at": self.at,
            "verified": self.signature.verified,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEvent:
    """An action on one row.

    Args:
        at: Time of the action.
        event: What was done.
        by, role, reason: Who did it, in which role, and why.
        expression: SQL of a repair without its texts and numbers, which may be values of a row.
        batch: Number of the batch that judged the row again; None if none did.
        verified: Whether a token verified name and role; None for an action before there were accounts.
    """

    at: datetime
    event: EventKind
    by: str
    role: str | None
    reason: str | None
    expression: str | None
    batch: int | None
    verified: bool | None = None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of an event in `history`."""
        return fields_of(self)


def append_row_events(engine: Engine, event: QuarantineEvent, row_ids: str, app: str) -> Commit | None:
    """Store the event for each row of `row_ids`, a SELECT of `_file_seq, _row, _batch_seq`; None if already committed.

    Args:
        app: Delta application id of the numbers of this kind of event.
    """
    table = governance.table_spec(EVENTS.name)
    head = event.shared_cells()
    types = {c.name: c.type for c in table.columns if c.name in head}
    values = engine.literal_rows(types, [[head[name] for name in types]])
    own = {"file_seq": "places._file_seq", "file_row": "places._row", "from_seq": "places._batch_seq"}
    items = ", ".join(f"{own.get(c.name, f'head.{c.name}')} AS {c.name}" for c in table.columns)
    query = f"SELECT {items} FROM ({values}) AS head CROSS JOIN ({row_ids}) AS places"
    governance.record_schema_version(engine, EVENTS.name)
    return governance.with_retries(lambda: engine.append(table, query, Txn(app, event.number)))


def append_batch_event(engine: Engine, event: QuarantineEvent, app: str) -> None:
    """Store an event about a whole batch."""
    row = {**event.shared_cells(), "file_seq": None, "file_row": None, "from_seq": None}
    governance.append_rows(engine, EVENTS.name, [row], Txn(app, event.number))


def is_batch_released(engine: Engine, dataset: str, batch_seq: int) -> bool:
    """Whether a steward released this halted batch."""
    if engine.info(EVENTS) is None:
        return False
    where = f"{equals(dataset=dataset, event=EventKind.RELEASE, batch_seq=batch_seq)} AND file_seq IS NULL"
    return bool(engine.fetch(f"SELECT 1 FROM {EVENTS} WHERE {where} LIMIT 1"))


def row_events(engine: Engine, dataset: str, file_seq: int, row: int) -> tuple[RowEvent, ...]:
    """Actions on one row, oldest first; the release of the halted batch that it came with is one of them."""
    own = f"file_seq = {file_seq} AND file_row = {row}"
    received = TableName(Layer.BRONZE, dataset)
    if engine.info(received):
        batches = f"SELECT _batch_seq FROM {received} WHERE _file_seq = {file_seq} AND _row = {row}"
        own = f"({own}) OR (file_seq IS NULL AND batch_seq IN ({batches}))"
    return tuple(
        RowEvent(
            at=found["done_at"],
            event=EventKind(found["event"]),
            by=found["done_by"],
            role=found["done_as"],
            reason=found["reason"],
            expression=without_literals(found["expression"]),
            batch=found["batch_seq"],
            verified=found.get("verified"),
        )
        for found in governance.read_rows(engine, EVENTS.name, f"({own})", "done_at", dataset=dataset)
    )


def without_literals(expression: str | None) -> str | None:
    """The SQL of a repair without its texts and numbers, which may be values of a row."""
    return None if expression is None else _LITERAL.sub(lambda found: found["name"] or "'…'", expression)
