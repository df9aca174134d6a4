"""Who calls the portal's API: the account of an access token."""

import logging
from dataclasses import dataclass, replace

from lakeward.core.errors import LakewardError, MachineError, ProtectionError
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import Identity, identify
from lakeward.flows.base.workspace import Workspace
from lakeward.protection.read_request import OWN_PARTY

# Beginning of the codes of a register that is not in order; they name its file, and what lies beside it.
REGISTER = "accounts_"
# Codes that name nothing but the caller's own account.
PUBLIC_CODES = frozenset(["account_revoked", "account_token_expired"])

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenHolder:
    """The owner of a valid token.

    Args:
        account: Name of the account.
        roles: Roles of the account.
    """

    account: str
    roles: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """`account, roles`."""
        return fields_of(self)


def token_holder(workspace: Workspace, token: str) -> TokenHolder:
    """The account of a token.

    Raises:
        ProtectionError: The token is not valid, or its account is of an outside party.
        MachineError: The register can't be used.
    """
    settings = replace(workspace.settings, token=token, session=None)
    account = _identify(replace(workspace, settings=settings)).account
    if account is None:
        raise ProtectionError("api_token_missing")
    if account.party != OWN_PARTY:
        raise ProtectionError("login_party", account=account.name, party=account.party)
    return TokenHolder(account=account.name, roles=tuple(sorted(account.roles)))


def _identify(workspace: Workspace) -> Identity:
    """As `identify`; errors name no file and no setting of this machine, for a caller of another. The log has their codes."""
    try:
        return identify(workspace)
    except LakewardError as error:
        if error.code in PUBLIC_CODES:
            raise
        log.warning("no account by a token", extra={"code": error.code})
        if isinstance(error, ProtectionError) and not error.code.startswith(REGISTER):
            raise ProtectionError("api_token_invalid") from None
        raise MachineError("api_without_register") from None
