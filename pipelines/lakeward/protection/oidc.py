"""Tokens of an identity provider (OpenID Connect): JSON Web Tokens, verified offline by the provider's public keys in a file.

An account is the issuer and the token's subject, which this issuer never gives to another person. Its roles come from its groups.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from lakeward.core.errors import ProtectionError
from lakeward.protection.accounts import OIDC_PREFIX, Account
from lakeward.protection.oidc_file import IdentityProvider, read_trusted_file
from lakeward.protection.read_request import OWN_PARTY
from lakeward.protection.web_tokens import TokenIssuer, parse_public_keys, verified_claims


def is_web_token(token: str) -> bool:
    """Whether the text has the form of a JSON Web Token."""
    return token.strip().count(".") == 2 and not token.strip().startswith("lw_")


def authenticate_web_token(token: str, provider: IdentityProvider, lake: Path) -> Account:
    """The account of a token, by its subject and groups.

    Raises:
        ProtectionError: The token is not valid, expired, of another issuer or audience, or lives too long; its signature is not by a
            key of the file with an algorithm of the provider; none of its groups has a role; or as `read_trusted_file`.
        MachineError: PyJWT is not installed.
    """
    proof = token.strip()
    issuer = TokenIssuer(issuer=provider.issuer, audience=provider.audience, algorithms=provider.algorithms, keys=provider.keys)
    claims = verified_claims(proof, issuer, parse_public_keys(read_trusted_file(provider.keys, lake), provider.keys))
    issued_at, expires_at = (datetime.fromtimestamp(int(claims[name]), UTC) for name in ("iat", "exp"))
    if (expires_at - issued_at).total_seconds() > provider.hours * 3600:
        raise ProtectionError("oidc_token_long", expected=provider.hours)
    digest = sha256(proof.encode()).hexdigest()
    name = f"{OIDC_PREFIX}{provider.issuer}#{claims['sub']}"  # two issuers may give one subject to two persons
    return Account(
        name=name,
        person=name,
        **_rights(claims, provider),
        token_id=digest[:12],
        token_sha256=digest,
        expires_at=expires_at,
        revoked=False,
        changed_at=issued_at,
        changed_by=provider.issuer,
    )


def _rights(claims: Mapping[str, Any], provider: IdentityProvider) -> dict[str, Any]:
    """Roles, purposes and party of all groups of the token that the file names."""
    value: Any = claims
    for part in provider.groups_claim.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    names = [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
    groups = [provider.groups[name] for name in names if name in provider.groups]
    roles = tuple(dict.fromkeys(role for group in groups for role in group.roles))
    if not roles:
        raise ProtectionError("oidc_no_role", claim=provider.groups_claim)
    parties = {group.party for group in groups}
    if len(parties) != 1:
        raise ProtectionError("oidc_parties", found=", ".join(sorted(parties)), own=OWN_PARTY)
    purposes = tuple(dict.fromkeys(purpose for group in groups for purpose in group.purposes))
    return {"roles": roles, "purposes": purposes, "party": parties.pop()}
