"""JSON Web Tokens of an identity provider, verified by its public keys: those that programs send, and those by which people log in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakeward.core.errors import MachineError, ProtectionError

# Claims that every token must have.
REQUIRED = ("exp", "iat", "iss", "aud", "sub")
# Seconds that clocks may differ.
LEEWAY = 30
MAX_SUBJECT, MAX_TOKEN, MIN_RSA_BITS = 255, 16_384, 2048
# Kinds of public keys; a symmetric one would let its readers sign.
_KEY_KINDS = ("RSA", "EC", "OKP")
PublicKeys = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssuer:
    """Whose tokens are taken.

    Args:
        issuer: What their `iss` must be.
        audience: What their `aud` must be or hold.
        algorithms: Algorithms of their signatures.
        keys: Where the public keys come from, for messages.
    """

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    keys: object


def verified_claims(token: str, issuer: TokenIssuer, keys: PublicKeys) -> Mapping[str, Any]:
    """The claims of a token.

    Raises:
        ProtectionError: The token is not valid, expired, of another issuer or audience, or its signature is not by one of the keys
            with an algorithm of the issuer.
        MachineError: PyJWT is not installed.
    """
    claims = _decoded(token, issuer, keys)
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isascii() or not _is_graphic(subject):
        raise ProtectionError("oidc_token_invalid", found="sub")
    return claims


def parse_public_keys(content: bytes, place: object) -> list[dict[str, Any]]:
    """The keys of a key set (JWKS).

    Args:
        place: Where it comes from, for messages.

    Raises:
        ProtectionError: It is none.
    """
    try:
        found = json.loads(content)["keys"]
    except (KeyError, RecursionError, TypeError, ValueError):
        raise ProtectionError("oidc_keys", file=place) from None
    if not isinstance(found, list) or not all(isinstance(key, dict) for key in found):
        raise ProtectionError("oidc_keys", file=place)
    return found


def _decoded(token: str, issuer: TokenIssuer, keys: PublicKeys) -> Mapping[str, Any]:
    jwt = _jwt()
    if len(token) > MAX_TOKEN:
        raise ProtectionError("oidc_token_invalid", found="size")
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in issuer.algorithms or "crit" in header:
            raise ProtectionError("oidc_token_invalid", found="alg")
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key=_key(jwt, issuer, keys, header.get("kid")),
            algorithms=[algorithm],
            audience=issuer.audience,
            issuer=issuer.issuer,
            leeway=LEEWAY,
            options={"require": list(REQUIRED)},
        )
    except jwt.ExpiredSignatureError:
        raise ProtectionError("oidc_token_expired", issuer=issuer.issuer) from None
    except (jwt.PyJWTError, RecursionError, TypeError, ValueError) as error:
        raise ProtectionError("oidc_token_invalid", found=type(error).__name__) from None
    return claims


def _key(jwt: Any, issuer: TokenIssuer, keys: PublicKeys, key_id: object) -> Any:
    """The public key of this id; without an id, the only one."""
    usable = [key for key in keys if key.get("kty") in _KEY_KINDS and key.get("use", "sig") == "sig" and "d" not in key]
    found = [key for key in usable if key.get("kid") == key_id] if key_id is not None else usable
    if len(found) != 1:
        raise ProtectionError("oidc_key_unknown", file=issuer.keys)
    key = jwt.PyJWK.from_dict(found[0]).key
    if getattr(key, "key_size", MIN_RSA_BITS) < MIN_RSA_BITS and found[0]["kty"] == "RSA":
        raise ProtectionError("oidc_key_unknown", file=issuer.keys)
    return key


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
