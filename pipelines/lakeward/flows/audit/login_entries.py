"""Who logged in to the portal: log-ins, log-outs, changed passwords and ended sessions, from the access log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lakeward.core.settings import Settings
from lakeward.core.sql import instant, literal
from lakeward.flows.audit.access_entries import LISTED, MOST_DAYS, MOST_LISTED, REPORT_DAYS, check_range
from lakeward.flows.audit.logged_entries import define_log, open_log
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving.login_log import NO_ROLE, LoginEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRecord:
    """One log-in to the portal, or another event of its sessions.

    Args:
        at: Time of the event.
        event: `login`, `logout`, `password` (its change), or `session_end` by an admin.
        account: Account that it is about; None for a name that no account has.
        by: Account that a password or a session proved; None where nothing did.
        verdict: `allowed` or `refused`.
        code: Message code of why it was refused.
        address: Address of the client.
        entry: Name of the entry, as `lakeward access verify` writes it: session and number.
    """

    at: datetime
    event: LoginEvent
    account: str | None
    by: str | None
    verdict: str
    code: str | None
    address: str
    entry: str

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward access logins --json`."""
        return fields_of(self)


def list_logins(
    settings: Settings, account: str | None = None, days: int = REPORT_DAYS, limit: int = LISTED
) -> list[LoginRecord]:
    """The newest log-ins and other events of sessions, the newest first; a portal commits its own once a minute.

    Args:
        account: Account that they are about; None for all.
        days: Days up to now.

    Raises:
        UsageError: A number is out of its range.
    """
    check_range("--days", days, MOST_DAYS)
    check_range("--limit", limit, MOST_LISTED)
    workspace = open_workspace(settings)
    chosen = f" AND subject = {literal(account)}" if account else ""
    since = instant(workspace.clock.now() - timedelta(days=days))
    with open_log(workspace) as engine:
        entries = define_log(engine)
        if entries is None:
            return []
        rows = engine.fetch(
            f"""SELECT * FROM {entries} WHERE role = {literal(NO_ROLE)} AND asked_at >= {since}{chosen}
            ORDER BY asked_at DESC, session_id, seq DESC LIMIT {limit}"""
        )
    return [_record(row) for row in rows]


def _record(row: Mapping[str, Any]) -> LoginRecord:
    return LoginRecord(
        at=row["asked_at"],
        event=LoginEvent(row["event"]),
        account=row["subject"],
        by=row["principal"],
        verdict=row["verdict"],
        code=row["code"],
        address=row["address"] or "",
        entry=f"{row['session_id']}/{row['seq']}",
    )
