"""Tokens of an identity provider (OpenID Connect): JSON Web Tokens, verified offline by the provider's public keys in a file.

An account is the issuer and the token's subject, which this issuer never gives to another person. Its roles come from its groups.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from lakeward.core.errors import MachineError, ProtectionError
from lakeward.protection.accounts import OIDC_PREFIX, Account
from lakeward.protection.oidc_file import IdentityProvider, read_trusted_file
from lakeward.protection.read_request import OWN_PARTY

# Claims that every token must have.
REQUIRED = ("exp", "iat", "iss", "aud", "sub")
# Seconds that clocks may differ.
LEEWAY = 30
MAX_SUBJECT, MAX_TOKEN, MIN_RSA_BITS = 255, 16_384, 2048
# Kinds of public keys; a symmetric one would let its readers sign.
_KEY_KINDS = ("RSA", "EC", "OKP")


@dataclass(frozen=True, slots=True)
class _Verified:
    """The claims of a verified token."""

    claims: Mapping[str, Any]
    token: str


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
    verified = _verify(token.strip(), provider, _read_keys(provider.keys, lake))
    claims = verified.claims
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isascii() or not _is_graphic(subject):
        raise ProtectionError("oidc_token_invalid", found="sub")
    issued_at, expires_at = (datetime.fromtimestamp(int(claims[name]), UTC) for name in ("iat", "exp"))
    if (expires_at - issued_at).total_seconds() > provider.hours * 3600:
        raise ProtectionError("oidc_token_long", expected=provider.hours)
    digest = sha256(verified.token.encode()).hexdigest()
    name = f"{OIDC_PREFIX}{provider.issuer}#{subject}"  # two issuers may give one subject to two persons
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


def _verify(token: str, provider: IdentityProvider, keys: Sequence[Mapping[str, Any]]) -> _Verified:
    jwt = _jwt()
    if len(token) > MAX_TOKEN:
        raise ProtectionError("oidc_token_invalid", found="size")
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in provider.algorithms or "crit" in header:
            raise ProtectionError("oidc_token_invalid", found="alg")
        key = _key(jwt, provider, keys, header.get("kid"))
        claims = jwt.decode(
            token,
            key=key,
            algorithms=[algorithm],
            audience=provider.audience,
            issuer=provider.issuer,
            leeway=LEEWAY,
            options={"require": list(REQUIRED)},
        )
    except jwt.ExpiredSignatureError:
        raise ProtectionError("oidc_token_expired", issuer=provider.issuer) from None
    except (jwt.PyJWTError, RecursionError, TypeError, ValueError) as error:
        raise ProtectionError("oidc_token_invalid", found=type(error).__name__) from None
    return _Verified(claims, token)


def _key(jwt: Any, provider: IdentityProvider, keys: Sequence[Mapping[str, Any]], key_id: object) -> Any:
    """The public key of this id; without an id, the only one of the file."""
    usable = [key for key in keys if key.get("kty") in _KEY_KINDS and key.get("use", "sig") == "sig" and "d" not in key]
    found = [key for key in usable if key.get("kid") == key_id] if key_id is not None else usable
    if len(found) != 1:
        raise ProtectionError("oidc_key_unknown", file=provider.keys)
    key = jwt.PyJWK.from_dict(found[0]).key
    if getattr(key, "key_size", MIN_RSA_BITS) < MIN_RSA_BITS and found[0]["kty"] == "RSA":
        raise ProtectionError("oidc_key_unknown", file=provider.keys)
    return key


def _read_keys(file: Path, lake: Path) -> list[dict[str, Any]]:
    content = read_trusted_file(file, lake)
    try:
        found = json.loads(content)["keys"]
    except (KeyError, RecursionError, TypeError, ValueError):
        raise ProtectionError("oidc_keys", file=file) from None
    if not isinstance(found, list) or not all(isinstance(key, dict) for key in found):
        raise ProtectionError("oidc_keys", file=file)
    return found


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


def _is_graphic(text: str) -> bool:
    return text.isprintable() and " " not in text


def _jwt() -> Any:
    """PyJWT, which is slow to import and in an extra."""
    try:
        import jwt  # noqa: PLC0415
        import jwt.algorithms  # noqa: PLC0415
    except ImportError:
        raise MachineError("extra_missing", extra="oidc") from None
    if not jwt.algorithms.has_crypto:
        raise MachineError("extra_missing", extra="oidc")
    return jwt
