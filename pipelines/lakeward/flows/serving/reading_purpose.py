"""The purpose of a session: what the account or an approved request allows, and the watch that ends the session with it."""

from dataclasses import dataclass
from datetime import datetime

from lakeward.core.errors import ProtectionError
from lakeward.engines.protocols import Engine
from lakeward.flows.base.identity import Identity, IdentityWatch
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.serving.purpose_record import approved_request, newest_entry
from lakeward.flows.serving.purposes import find_purpose
from lakeward.protection.policy import Policy
from lakeward.protection.read_request import NO_PURPOSE


@dataclass(frozen=True, slots=True)
class ReadingPurpose:
    """The purpose of a session.

    Args:
        request: Number of the approved request that it rests on; None for none.
        until: Time at which this request ends.
    """

    name: str = NO_PURPOSE
    request: int | None = None
    until: datetime | None = None


def resolve_purpose(workspace: Workspace, identity: Identity, policy: Policy, name: str | None) -> ReadingPurpose:
    """The purpose by its name; None or `none` for none.

    Raises:
        UsageError: The policy has no such purpose.
        ProtectionError: The account does not have it, or no approved request holds.
    """
    if name is None or name == NO_PURPOSE:
        return ReadingPurpose()
    purpose, account = find_purpose(policy, name), identity.account
    if not purpose.approvers:
        if account and name not in account.purposes:
            expected = ", ".join(account.purposes) or "-"
            raise ProtectionError("purpose_not_of_account", account=account.name, purpose=name, expected=expected)
        return ReadingPurpose(name)
    if account is None:
        raise ProtectionError("purpose_token", purpose=name)
    with workspace.engine() as engine:
        found = approved_request(engine, account.name, name, workspace.clock.now())
    if found is None:
        raise ProtectionError("purpose_not_approved", account=account.name, purpose=name)
    return ReadingPurpose(name, found.request, found.until)


class SessionWatch:
    """Checks before each query that token, purpose and the policy's times still stand as at the opening of the session."""

    def __init__(self, workspace: Workspace, engine: Engine, identity: Identity, purpose: ReadingPurpose) -> None:
        self._identity, self._engine, self._purpose = IdentityWatch(workspace, identity), engine, purpose
        self._account = identity.name
        self._newest = newest_entry(engine) if purpose.request else 0

    def check(self, now: datetime, next_change: datetime | None) -> None:
        """Check the session.

        Args:
            next_change: Time at which a rule for this reader begins or ends; None if none does.

        Raises:
            ProtectionError: The token is no longer valid, the purpose has ended, or a rule has begun or ended since the opening.
        """
        self._identity.check(now)
        if self._purpose.request:
            self._check_purpose(now)
        if next_change and now >= next_change:
            raise ProtectionError("session_policy_changed")

    def _check_purpose(self, now: datetime) -> None:
        newest = newest_entry(self._engine)
        is_over = self._purpose.until is not None and now >= self._purpose.until
        if newest != self._newest and not is_over:
            found = approved_request(self._engine, self._account, self._purpose.name, now)
            is_over = found is None or found.request != self._purpose.request
        if is_over:
            raise ProtectionError("purpose_ended", purpose=self._purpose.name, request=self._purpose.request)
        self._newest = newest  # only now: what has ended stays ended
