"""Reads each record of decisions as one form. No value of a row is in any."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakeward.engines.protocols import Engine
from lakeward.flows.audit.recorded_rows import recorded_rows
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.column_keys import KeyState
from lakeward.flows.base.key_decisions import DESTROY, KeyEvent
from lakeward.flows.quarantine.events import without_literals
from lakeward.protection.register import AccountRegister

# The state that a key of a column comes to -> what was done.
_KEY_ACTIONS = {KeyState.ACTIVE: "create", KeyState.DECRYPT_ONLY: "retire", KeyState.DESTROYED: "destroy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision of a person, or a change of what was decided.

    Args:
        at: Time of the decision; of a policy, of the first read by it; of an answer on readiness, of the assessment that took it in.
        kind: What it is about: `grade`, `quarantine`, `contract`, `policy`, `readiness`, `account`, `purpose`, `key`, `cube`, `incident`, `authority`, `rights`, `review`, `risk` or `drill`.
        action: What was done, such as `confirm`, `release` or `revoke`.
        subject: What it was done to, such as `dataset.column`, an account or an item.
        dataset: Name of the dataset; None if it is about no dataset.
        by: Who; None where the record does not know, as of an edited file.
        role: In which role; None if no role is recorded.
        approved_by: Second person; None if there was none.
        verified: Whether a token verified who it was; None if the record does not know.
        rows: Number of rows; None if it is not about rows.
        reason: Why, in their words; None without one.
        detail: What was decided, such as the grade or the version.
    """

    at: datetime
    kind: str
    action: str
    subject: str
    dataset: str | None = None
    by: str | None = None
    role: str | None = None
    approved_by: str | None = None
    verified: bool | None = None
    rows: int | None = None
    reason: str | None = None
    detail: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward history --json`."""
        return fields_of(self)


def of_grades(engine: Engine) -> Iterator[Decision]:
    """Decisions about grades, and approvals of a second person."""
    for row in recorded_rows(engine, "grade_decisions"):
        yield _grade(row, row["decided_at"], str(row["action"]), row["decided_by"])
    for row in recorded_rows(engine, "grade_approvals"):
        yield _grade(row, row["approved_at"], "approve", row["approved_by"])


def _grade(row: Mapping[str, Any], at: datetime, action: str, by: str) -> Decision:
    is_approval = action == "approve"
    return Decision(
        at=at,
        kind="grade",
        action=action,
        subject=f"{row['dataset']}.{row['column']}",
        dataset=row["dataset"],
        by=by,
        approved_by=None if is_approval else row["approved_by"],
        verified=True if is_approval else row["verified"],
        reason=row["reason"],
        detail=f"{_grade_text(row, 'seen_')} -> {_grade_text(row, '')}",
    )


def _grade_text(row: Mapping[str, Any], prefix: str) -> str:
    parts = (row[f"{prefix}grade"], row[f"{prefix}level"], row[f"{prefix}category"])
    return " ".join(str(part) for part in parts if part is not None) or "-"


def of_quarantine(engine: Engine) -> Iterator[Decision]:
    """Repairs, replays, releases and expiries of rows, one per event, and releases of halted batches."""
    shared = "event_id, dataset, event, done_by, done_as, reason, expression, done_at, verified"
    items = f"{shared}, max(batch_seq) AS batch, count(file_seq) AS n"
    for row in recorded_rows(engine, "quarantine_events", items, f"GROUP BY {shared} ORDER BY done_at"):
        batch = f"batch {row['batch']}" if row["batch"] is not None and not row["n"] else None
        yield Decision(
            at=row["done_at"],
            kind="quarantine",
            action=str(row["event"]),
            subject=row["dataset"],
            dataset=row["dataset"],
            by=row["done_by"],
            role=row["done_as"],
            verified=row["verified"],
            rows=row["n"] or None,
            reason=row["reason"],
            detail=without_literals(row["expression"]) or batch,
        )


def of_contracts(engine: Engine) -> Iterator[Decision]:
    """Contracts, suites and models as runs applied them; who edited the files is not recorded."""
    parts = ("contract", "suite", "model")
    items = ", ".join(("dataset", "generation", "version", "applied_at", *(f"{part}_sha256" for part in parts)))
    before: dict[str, Mapping[str, Any]] = {}
    for row in recorded_rows(engine, "contracts", items, "ORDER BY applied_at"):
        last = before.get(row["dataset"])
        changed = [part for part in parts if last and last[f"{part}_sha256"] != row[f"{part}_sha256"]]
        is_rebuilt = last is not None and last["generation"] != row["generation"]
        before[row["dataset"]] = row
        yield Decision(
            at=row["applied_at"],
            kind="contract",
            action="rebuild" if is_rebuilt else "apply",
            subject=row["dataset"],
            dataset=row["dataset"],
            detail=": ".join(filter(None, (row["version"], ", ".join(changed)))),
        )


def of_renamings(engine: Engine) -> Iterator[Decision]:
    """Renamings of datasets, each about the dataset by its name now."""
    for row in recorded_rows(engine, "renames"):
        yield Decision(
            at=row["recorded_at"],
            kind="contract",
            action="rename",
            subject=row["new_name"],
            dataset=engine.names.current(row["stored_name"]),
            by=row["author"],
            verified=row["verified"],
            detail=f"{row['old_name']} -> {row['new_name']}",
        )


def of_policies(engine: Engine) -> Iterator[Decision]:
    """Serving policies, each from the first read by it; who edited the file is not recorded."""
    before = "lag(policy_sha256) OVER (ORDER BY asked_at, session_id, seq)"
    items = f"policy_sha256, policy_version, asked_at, {before} AS earlier"
    for row in recorded_rows(engine, "access_log", items, "WHERE role <> '' ORDER BY asked_at, session_id, seq"):
        if row["policy_sha256"] != row["earlier"]:
            digest = row["policy_sha256"][:12]
            yield Decision(at=row["asked_at"], kind="policy", action="use", subject=digest, detail=row["policy_version"])


def of_readiness(engine: Engine) -> Iterator[Decision]:
    """An assessor's answers, as assessments took them in; without a signature the author is as written in the file."""
    before: dict[tuple[str, str], str] = {}
    items = "edition, item, answer, assessed_at"
    for row in recorded_rows(engine, "maturity", items, "WHERE kind = 'item' ORDER BY seq, item"):
        item = (row["edition"], row["item"])
        if row["answer"] == before.get(item):
            continue
        answer = json.loads(row["answer"] or before[item])
        yield Decision(
            at=row["assessed_at"],
            kind="readiness",
            action="answer" if row["answer"] else "withdraw",
            subject=row["item"],
            by=answer["who"] if row["answer"] else None,
            verified=answer.get("verified", False) if row["answer"] else None,
            reason=answer["reason"] if row["answer"] else None,
            detail=f"{answer['score']} ({answer['when']})",
        )
        before[item] = row["answer"]


def of_accounts(register: AccountRegister) -> Iterator[Decision]:
    """Changes of accounts; no token and no person's name."""
    for entry in register.entries():
        yield Decision(
            at=datetime.fromisoformat(entry["at"]),
            kind="account",
            action=str(entry["event"]),
            subject=entry["account"],
            by=entry["by"],
            verified=entry.get("verified"),
            detail=", ".join((*entry.get("roles", ()), *entry.get("purposes", ()))) or None,
        )


def of_purposes(engine: Engine) -> Iterator[Decision]:
    """Requests to read for a purpose, and decisions about them."""
    for row in recorded_rows(engine, "purpose_requests"):
        yield Decision(
            at=row["decided_at"],
            kind="purpose",
            action=str(row["event"]),
            subject=f"{row['account']}: {row['purpose']}",
            by=row["decided_by"],
            verified=True,
            reason=row["reason"],
            detail=f"{row['days']} d",
        )


def of_keys(engine: Engine) -> Iterator[Decision]:
    """Changes of the keys of encrypted columns, approvals of a second person, and decisions about the scheme of tokens."""
    decided = recorded_rows(engine, "key_decisions")
    second = {row["subject"]: row["approved_by"] for row in decided if row["event"] == KeyEvent.DECIDE}
    destroyed: set[str] = set()
    states: dict[str, str] = {}
    for row in recorded_rows(engine, "keys"):
        is_rewrapped = states.get(row["key_id"]) == row["state"]
        states[row["key_id"]] = row["state"]
        is_destruction = row["state"] == KeyState.DESTROYED and not is_rewrapped
        destroyed |= {f"{DESTROY}{row['key_id']}"} if is_destruction else set()
        yield Decision(
            at=row["changed_at"],
            kind="key",
            action="rewrap" if is_rewrapped else _KEY_ACTIONS[KeyState(row["state"])],
            subject=row["column"],
            dataset=row["column"].split(".")[1],
            by=row["changed_by"],
            approved_by=second.get(f"{DESTROY}{row['key_id']}") if is_destruction else None,
            verified=row["verified"],
            reason=row["reason"],
            detail=row["key_id"],
        )
    # The decision to destroy a key is the entry of its destruction.
    yield from (_key_decision(row) for row in decided if row["event"] != KeyEvent.DECIDE or row["subject"] not in destroyed)


def _key_decision(row: Mapping[str, Any]) -> Decision:
    return Decision(
        at=row["decided_at"],
        kind="key",
        action=str(row["event"]),
        subject=row["subject"],
        by=row["decided_by"],
        approved_by=row["approved_by"],
        verified=row["verified"],
        reason=row["reason"] or None,
    )
