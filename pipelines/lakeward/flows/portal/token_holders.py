"""Who calls the portal's API: the account of an access token."""

from dataclasses import dataclass, replace

from lakeward.core.errors import ProtectionError
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import identify
from lakeward.flows.base.workspace import Workspace
from lakeward.protection.read_request import OWN_PARTY


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
        MachineError: The register can't be read.
    """
    settings = replace(workspace.settings, token=token, session=None)
    account = identify(replace(workspace, settings=settings)).account
    if account is None:
        raise ProtectionError("api_token_missing")
    if account.party != OWN_PARTY:
        raise ProtectionError("login_party", account=account.name, party=account.party)
    return TokenHolder(account=account.name, roles=tuple(sorted(account.roles)))
