"""Decisions over time: grades, quarantined rows, contracts, policies, readiness, accounts, purposes and keys, from their records."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.engines import open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.audit import asset_records, decision_records, handling_records
from lakeward.flows.audit.decision_records import Decision
from lakeward.flows.base import governance
from lakeward.flows.base.identity import identify, open_register
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.quarantine.selection import DURATION, parse_duration


class DecisionKind(StrEnum):
    """What a decision is about."""

    GRADE = "grade"
    QUARANTINE = "quarantine"
    CONTRACT = "contract"
    POLICY = "policy"
    READINESS = "readiness"
    ACCOUNT = "account"
    PURPOSE = "purpose"
    KEY = "key"
    CUBE = "cube"
    INCIDENT = "incident"
    AUTHORITY = "authority"
    RIGHTS = "rights"
    REVIEW = "review"
    RISK = "risk"
    DRILL = "drill"


def list_decisions(
    settings: Settings, name: str | None = None, *, since: str | None = None, kind: str | None = None
) -> list[Decision]:
    """The decisions of the project, or about dataset `name`; the newest first.

    Args:
        since: First day or time, such as `2026-03-01` in the project's zone, or an age, such as `30d`; None for all.
        kind: One of `DecisionKind`; None for all.

    Raises:
        UsageError: There is no such dataset or kind, or `since` is neither a time nor an age.
        ProtectionError: The token is not valid, or as `open_register`.
    """
    workspace = open_workspace(settings)
    if name:
        workspace.project.contract_path(name)
    if kind is not None and kind not in tuple(DecisionKind):
        raise UsageError("history_kind", found=kind, expected=", ".join(DecisionKind))
    first = parse_since(since, workspace.clock.now(), workspace.project.zone) if since else None
    if settings.token is not None:
        identify(workspace)
    engine = open_engine("embedded", workspace.lake, settings.memory)
    try:
        governance.check_schema_version(engine)
        found = [decision for decision in _read(workspace, engine) if kind in (None, decision.kind)]
    finally:
        engine.close()
    chosen = [each for each in found if name in (None, each.dataset) and (first is None or each.at >= first)]
    return sorted(chosen, key=lambda decision: decision.at)[::-1]


def parse_since(given: str, now: datetime, zone: str) -> datetime:
    """The first instant that `given` means: a day or time, of `zone` if it has no offset, or an age such as `30d`.

    Raises:
        UsageError: It is neither.
    """
    if DURATION.fullmatch(given):
        return now - parse_duration(given)
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise UsageError("history_since", found=given) from None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _read(workspace: Workspace, engine: Engine) -> Iterator[Decision]:
    yield from decision_records.of_grades(engine)
    yield from decision_records.of_quarantine(engine)
    yield from decision_records.of_contracts(engine)
    yield from decision_records.of_renamings(engine)
    yield from decision_records.of_policies(engine)
    yield from decision_records.of_readiness(engine)
    yield from decision_records.of_accounts(open_register(workspace))
    yield from decision_records.of_purposes(engine)
    yield from decision_records.of_keys(engine)
    yield from handling_records.of_cubes(engine)
    yield from handling_records.of_incidents(engine)
    yield from asset_records.of_authorities(engine)
    yield from asset_records.of_rights(engine)
    yield from asset_records.of_reviews(engine)
    yield from asset_records.of_risk_assessments(engine)
    yield from asset_records.of_drills(engine)
