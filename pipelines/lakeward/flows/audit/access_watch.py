"""Watches the access log: rules over it find misuse and unusual traffic; a person other than who read answers each finding."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from lakeward.core.errors import ProtectionError, StoreConflictError, UsageError
from lakeward.core.names import sha256
from lakeward.core.persons import is_same_person
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.audit.access_entries import MOST_DAYS, check_range
from lakeward.flows.audit.access_findings import AccessFinding, FindingState, append_findings, newest_append, read_findings
from lakeward.flows.audit.access_queries import WatchedDays, reads_query, rule_query
from lakeward.flows.audit.logged_entries import define_reads, open_log
from lakeward.flows.base import governance
from lakeward.flows.base.identity import Identity, identify, open_register
from lakeward.flows.base.working_calendar import working_calendar
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.serving.policy import load_policy
from lakeward.protection.access_rules import RULES_FILE, AccessRule, AccessRules, read_access_rules
from lakeward.protection.accounts import OIDC_PREFIX

# Days up to today that a watch looks at: a govern run that was missed for a week loses nothing.
WATCHED_DAYS = 8
SATURDAY = 5
# Hex digits of the id of a finding.
_ID_DIGITS = 12


def watch_access(settings: Settings, days: int = WATCHED_DAYS) -> list[AccessFinding]:
    """Record what the rules find in the last days and no watch recorded before; the new findings.

    Args:
        days: Days up to today.

    Raises:
        UsageError: `days` is out of its range.
        DefinitionError: The project's rules are not valid.
        StoreConflictError: Others kept committing first.
    """
    check_range("--days", days, MOST_DAYS)
    return record_findings(open_workspace(settings), days)


def record_findings(workspace: Workspace, days: int) -> list[AccessFinding]:
    """As `watch_access`, in an opened project."""
    found = find_misuse(workspace, days)
    with open_log(workspace) as engine:
        for _ in governance.BACKOFF:
            seq, known = newest_append(engine) + 1, read_findings(engine)
            new = [finding for finding in found if finding.finding not in known]
            if not new or append_findings(engine, new, seq):
                return new
    raise StoreConflictError("access_findings_busy")


def find_misuse(workspace: Workspace, days: int) -> list[AccessFinding]:
    """What the rules find in the last days, recorded or not.

    Raises:
        DefinitionError: The project's rules are not valid.
    """
    rules = read_access_rules(_rules_text(workspace))
    owner = rules.owner or load_policy(workspace).ask
    with open_log(workspace) as engine:
        return list(_find(workspace, engine, rules, owner, days))


def list_findings(settings: Settings, *, include_closed: bool = False) -> list[AccessFinding]:
    """The open findings, by deadline; with `include_closed` all of them."""
    with open_log(open_workspace(settings)) as engine:
        found = read_findings(engine).values()
    chosen = (finding for finding in found if include_closed or finding.state is FindingState.OPEN)
    return sorted(chosen, key=lambda finding: (finding.due, finding.finding))


def close_finding(settings: Settings, number: str, state: FindingState, reason: str, by: str = "") -> AccessFinding:
    """Close a finding as justified or as misuse.

    Args:
        number: Id of the finding.
        by: Typed name of who closes it; empty for the token's account.

    Raises:
        UsageError: There is no such finding, no reason or no name, or the state is none to close with.
        ProtectionError: The token is not valid, or the finding is about the account of who closes it.
        StoreConflictError: Others kept committing first.
    """
    if state is FindingState.OPEN or not reason.strip():
        raise UsageError("access_finding_reason")
    workspace = open_workspace(settings)
    identity = identify(workspace, by)
    if not identity.name:
        raise UsageError("access_finding_signature")
    with open_log(workspace) as engine:
        for _ in governance.BACKOFF:
            seq, found = newest_append(engine) + 1, read_findings(engine).get(number)
            if found is None:
                raise UsageError("access_finding_unknown", finding=number)
            _check_signer(workspace, identity, found)
            closed = replace(
                found,
                state=state,
                seq=found.seq + 1,
                reason=reason.strip(),
                decided_by=identity.name,
                verified=identity.verified,
                recorded_at=workspace.clock.now(),
            )
            if append_findings(engine, [closed], seq):
                return closed
    raise StoreConflictError("access_findings_busy")


def _rules_text(workspace: Workspace) -> str | None:
    file = workspace.project.root / RULES_FILE
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _find(workspace: Workspace, engine: Engine, rules: AccessRules, owner: str, days: int) -> Iterator[AccessFinding]:
    entries = define_reads(engine)
    if entries is None:
        return
    reads = engine.materialise("watched_reads", reads_query(entries, workspace.project.zone))
    watched = _watched_days(workspace, rules, days)
    for rule in rules.rules:
        for row in engine.fetch(f"SELECT * FROM ({rule_query(rule, reads, watched)}) ORDER BY on_day, account, subject"):
            day = row.pop("on_day")
            yield AccessFinding(
                finding=_finding_id(rule, row["account"], row["subject"], day),
                state=FindingState.OPEN,
                rule=rule.kind,
                rules=rules.id,
                parameters=rule.parameters,
                on_day=day.isoformat(),
                owner=owner,
                due=(day + timedelta(days=rule.due_days)).isoformat(),
                recorded_at=workspace.clock.now(),
                **{**row, "entries": tuple(row["entries"])},
            )


def _watched_days(workspace: Workspace, rules: AccessRules, days: int) -> WatchedDays:
    today = workspace.clock.now().astimezone(ZoneInfo(workspace.project.zone)).date()
    every = (today - timedelta(days=back) for back in range(days + _longest_history(rules) + 1))
    return WatchedDays(
        first=today - timedelta(days=days - 1),
        last=today,
        free=tuple(day for day in every if not _is_working_day(day)),
        hours=rules.hours,
    )


def _longest_history(rules: AccessRules) -> int:
    return max((rule.parameters.get("history_days", 0) for rule in rules.rules), default=0)


def _is_working_day(day: date) -> bool:
    """By the calendar; on days outside of it, whether it is a weekday."""
    calendar = working_calendar()
    return calendar.is_working_day(day) if calendar.covers(day) else day.weekday() < SATURDAY


def _finding_id(rule: AccessRule, account: str, subject: str, day: date) -> str:
    return sha256(f"{rule.kind}\n{account}\n{subject}\n{day.isoformat()}".encode())[:_ID_DIGITS]


def _check_signer(workspace: Workspace, identity: Identity, finding: AccessFinding) -> None:
    """Check that another person than who read closes a finding; where there are accounts, by a token."""
    if identity.has_register and not identity.verified:
        raise ProtectionError("access_finding_token")
    register, reader = open_register(workspace), finding.account
    is_known = reader.startswith(OIDC_PREFIX) or register.account(reader) is not None
    is_other = not is_same_person(identity.name, reader)
    if identity.verified and is_known:
        is_other = is_other and register.are_two_persons(identity.name, reader)
    if not is_other:
        raise ProtectionError("access_finding_own", finding=finding.finding, account=reader)
