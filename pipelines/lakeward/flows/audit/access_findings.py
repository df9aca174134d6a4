"""The record of findings over the access log: append-only events, and the newest state of each finding."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.protection.access_rules import AccessRuleKind

TABLE = "access_findings"


class FindingState(StrEnum):
    """What became of a finding."""

    OPEN = "open"
    JUSTIFIED = "justified"
    MISUSE = "misuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFinding:
    """What a rule found in the access log.

    Args:
        finding: Its id.
        state: `open`; `justified` or `misuse`, as a person judged it.
        rule: The rule.
        rules: Id and version of the shipped rules.
        parameters: The thresholds in force.
        account: Account that read.
        subject: Table, or export, that it is about; empty for none.
        on_day: Day by the plant's clock, in ISO 8601.
        observed: What was counted: rows, columns, reads, refusals or days, by the rule.
        usual: The highest count of before; None if there is nothing to compare with.
        entries: Names of the first entries, as `lakeward access list` has them.
        owner: Who answers for it.
        due: Day by which it is to be answered, in ISO 8601.
        recorded_at: Time of its newest event.
        reason: Why it was closed; None for an open one.
        decided_by: Who closed it; None for an open one.
        verified: Whether a token proved who closed it; None for an open one.
        seq: Number of its newest event, from 1.
    """

    finding: str
    state: FindingState
    rule: AccessRuleKind
    rules: str
    parameters: Mapping[str, int]
    account: str
    subject: str
    on_day: str
    observed: int
    usual: int | None
    entries: tuple[str, ...]
    owner: str
    due: str
    recorded_at: datetime
    reason: str | None = None
    decided_by: str | None = None
    verified: bool | None = None
    seq: int = 1

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward access findings --json`."""
        return fields_of(self)

    def is_overdue(self, today: date) -> bool:
        """Whether it is open, and its last day is over."""
        return self.state is FindingState.OPEN and date.fromisoformat(self.due) < today


def read_findings(engine: Engine) -> dict[str, AccessFinding]:
    """Every finding with its newest state, by id; the oldest first."""
    rows = governance.read_rows(engine, TABLE, order="on_day, finding, seq")
    return {row["finding"]: _finding(row) for row in rows}


def append_findings(engine: Engine, findings: Iterable[AccessFinding], seq: int) -> bool:
    """Append new states of findings as append number `seq`; False if another one with this number came first."""
    rows = [_row(finding) for finding in findings]
    return governance.append_rows(engine, TABLE, rows, Txn(TABLE, seq)) is not None


def newest_append(engine: Engine) -> int:
    """Number of the newest append; 0 if there is none."""
    return engine.txn(governance.table_name(TABLE), TABLE)


def _row(finding: AccessFinding) -> dict[str, object]:
    return {
        **finding.as_dict(),
        "event": finding.state,
        "parameters": json.dumps(dict(finding.parameters)),
        "entries": json.dumps(list(finding.entries)),
        "recorded_at": finding.recorded_at,
    }


def _finding(row: Mapping[str, Any]) -> AccessFinding:
    parsed = {
        "state": FindingState(row["event"]),
        "rule": AccessRuleKind(row["rule"]),
        "parameters": json.loads(row["parameters"]),
        "entries": tuple(json.loads(row["entries"])),
    }
    return AccessFinding(**{name: {**row, **parsed}[name] for name in AccessFinding.__slots__})
