"""Records the accounts of the register in the lake, so that who answers for an asset is a query. No token is in it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.identity import open_register
from lakeward.flows.base.workspace import Workspace
from lakeward.protection.accounts import AccountState

TABLE = "identities"
STEWARD = "steward"
# Table -> its column of the account, and of the time at which it was seen.
_SEEN = {
    "access_log": ("principal", "asked_at"),
    "grade_decisions": ("decided_by", "decided_at"),
    "purpose_requests": ("decided_by", "decided_at"),
    "quarantine_events": ("done_by", "done_at"),
    "authority_decisions": ("author", "recorded_at"),
    "rights": ("author", "recorded_at"),
    "reviews": ("author", "recorded_at"),
    "incidents": ("author", "recorded_at"),
}


def record_identities(workspace: Workspace, engine: Engine) -> None:
    """Replace `governance.identities` where an account, or the day on which one was last seen, differs.

    Raises:
        ProtectionError: As `open_register`.
        MachineError: The register can't be read.
    """
    register, now = open_register(workspace), workspace.clock.now()
    seen = _last_seen(engine) if register.has_accounts else {}
    rows = [
        {
            "account": account.name,
            "person": account.person,
            "roles": json.dumps(sorted(account.roles)),
            "party": account.party,
            "active": int(account.state(now) is AccountState.ACTIVE),
            "steward": int(STEWARD in account.roles),
            "seen_at": seen.get(account.name),
        }
        for account in sorted(register.accounts(), key=lambda each: each.name)
    ]
    governance.replace_rows(engine, TABLE, rows, order="account")


def _last_seen(engine: Engine) -> Mapping[str, datetime]:
    """Account -> the newest read or signed decision; only what a token proved."""
    parts: list[str] = []
    for table, (account, at) in _SEEN.items():
        info = engine.info(governance.table_name(table))
        present = {column.name for column in info.columns} if info else set()
        if {account, at} <= present:
            proved = "WHERE verified" if "verified" in present else ""
            parts.append(f"SELECT {account} AS account, {at} AS seen_at FROM governance.{table} {proved}")
    found: list[dict[str, Any]] = (
        engine.fetch(f"SELECT account, max(seen_at) AS seen_at FROM ({' UNION ALL '.join(parts)}) GROUP BY account")
        if parts
        else []
    )
    return {row["account"]: row["seen_at"] for row in found if row["account"]}
