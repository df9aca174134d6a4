"""Accounts of the register, sessions of the portal, and what runs: an admin revokes an account, or ends a session. No secret is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from lakeward.flows import ModelReading, RegisteredAccount, list_accounts, revoke_account
from lakeward.portal.form_steps import named_step, take_step
from lakeward.portal.page import Page, PageAnswer, Visit

ROLES = frozenset({"admin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """One account with what the portal knows of it.

    Args:
        has_password: Whether it can log in to the portal.
        last_login: Time of its last log-in, in UTC; None for none.
        sessions: Number of its open sessions.
    """

    account: RegisteredAccount
    has_password: bool
    last_login: datetime | str | None
    sessions: int


def show_admin(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The page."""
    return PageAnswer(template="admin.html", facts=_facts(visit, reading))


def act_as_admin(visit: Visit) -> PageAnswer:
    """Do what a form asks, signed by the session: a revocation is asked for twice."""
    return take_step(visit, "admin.html", _facts, lambda visit: named_step(visit, STEPS)(visit))


def _facts(visit: Visit, reading: ModelReading) -> dict[str, object]:
    logins = visit.portal.logins
    sessions, with_password = logins.open_sessions(), logins.with_passwords()
    last = {row.key[0]: str(row["last_login"]) for row in reading.rows("last_logins")}
    for session in reversed(sessions):  # the log is committed once a minute
        last[session.account] = max(last.get(session.account, ""), f"{session.started_at:%Y-%m-%d %H:%M:%S}")
    lines = [
        AccountLine(
            account=each,
            has_password=each.account in with_password,
            last_login=last.get(each.account),
            sessions=sum(session.account == each.account for session in sessions),
        )
        for each in list_accounts(visit.portal.settings)
    ]
    runs = reading.rows("newest_runs")
    running = {"datasets": visit.portal.actions.locked_datasets(), "action": visit.portal.actions.running}
    shown = {"lines": lines, "sessions": sessions, "runs": runs, "running": running, "versions": reading.versions()}
    return {**shown, "fault": "", "asked": None, "done": ""}


def _ask(visit: Visit) -> Mapping[str, object]:
    return {"asked": visit.form.get("account", "")}


def _revoke(visit: Visit) -> Mapping[str, object]:
    revoked = revoke_account(visit.portal.actions.session_settings(visit.session_id), visit.form.get("account", ""))
    return {"done": "portal_account_revoked", "subject": revoked.account}


def _end_session(visit: Visit) -> Mapping[str, object]:
    assert visit.user is not None
    account = visit.portal.logins.end_session(visit.form.get("session", ""), visit.user, visit.address)
    return {"done": "portal_session_ended", "subject": account}


STEPS: Mapping[str, Callable[[Visit], Mapping[str, object]]] = {"ask": _ask, "revoke": _revoke, "end": _end_session}
PAGES = (Page(path="/admin", roles=ROLES, show=show_admin, act=act_as_admin, nav="portal_nav_admin"),)
