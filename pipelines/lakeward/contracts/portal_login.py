"""The identity provider at which people log in to the portal, from the mapping `portal_login` of `project.yaml`. A secret is named there, never written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

DEFAULT_SCOPES = ("openid", "profile")
# Signatures by a private key that only the provider has.
DEFAULT_ALGORITHMS = ("RS256", "ES256")
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
PORTAL_LOGIN_KEYS: Mapping[str, KeyDoc] = {
    "issuer": KeyDoc(
        "URL", "The provider's issuer, exactly as its tokens name it (`iss`); `https`, or `http` on this machine.", required=True
    ),
    "client": KeyDoc(
        "text", "Name under which the provider knows the portal (`client_id`, and `aud` of its tokens).", required=True
    ),
    "secret": KeyDoc("name", "Secret of the client: `LAKEWARD_SECRET_NAME`.", "none: a public client"),
    "claim": KeyDoc(
        "text",
        "Claim of the token that says who logs in, such as `sub`: one that people can't change themselves. It gives no role.",
        required=True,
    ),
    "accounts": KeyDoc(
        "mapping", "Value of the claim -> account of the register; others are refused.", "the value is the account's name"
    ),
    "scopes": KeyDoc("list of texts", "Scopes that are asked for; `openid` among them.", "`[openid, profile]`"),
    "algorithms": KeyDoc("list of texts", "Algorithms of signatures: `RS…`, `PS…`, `ES…` or `EdDSA`.", "`[RS256, ES256]`"),
    "ca": KeyDoc(
        "file",
        "Certificates of the authority that the provider's certificate is by, in PEM, relative to the project.",
        "the machine's",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalLogin:
    """An identity provider at which people log in to the portal.

    Args:
        issuer: URL that its tokens name.
        client: Name of the portal at the provider.
        secret: Name of the client's secret; None for a public client.
        claim: Claim that says who logs in.
        accounts: Value of the claim -> account; None where the value is the account's name.
        scopes: Scopes that are asked for.
        algorithms: Algorithms of signatures.
        ca: File of certificates of authorities, absolute; None for those of the machine.
    """

    issuer: str
    client: str
    secret: str | None = None
    claim: str
    accounts: Mapping[str, str] | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS
    ca: Path | None = None

    @property
    def provider(self) -> str:
        """The host of the issuer: how pages name the provider."""
        return urlsplit(self.issuer).hostname or self.issuer


def read_portal_login(view: View, root: Path) -> PortalLogin | None:
    """The mapping `portal_login` of a project; None without one.

    Args:
        view: The project's mapping; faults are collected in it.
        root: The project's folder.
    """
    if view.values.get("portal_login") is None:
        return None
    own = view.mapping("portal_login")
    own.allow_only(PORTAL_LOGIN_KEYS)
    expected = Phrase("phrase_issuer")
    return PortalLogin(
        issuer=own.entry("issuer", expected, lambda value: value if is_safe_address(value) else None) or "",
        client=own.text("client"),
        secret=own.text("secret", "") or None,
        claim=own.text("claim"),
        accounts=_accounts(own),
        scopes=own.entry("scopes", Phrase("phrase_scopes"), _scopes, DEFAULT_SCOPES) or (),
        algorithms=own.entry("algorithms", ", ".join(ALGORITHMS), _algorithms, DEFAULT_ALGORITHMS) or (),
        ca=root / own.text("ca", "") if own.values.get("ca") else None,
    )


def is_safe_address(value: object) -> bool:
    """Whether it is a URL to which secrets may be sent: by TLS, or on this machine; without user, query and fragment."""
    if not isinstance(value, str) or not value.isprintable() or set(value) & set("?#@ \\"):
        return False
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host)))


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _accounts(view: View) -> dict[str, str] | None:
    if view.values.get("accounts") is None:
        return None
    found = view.mapping("accounts").values
    if not all(isinstance(value, str) and value for pair in found.items() for value in pair):
        view.fail(
            "accounts",
            "contract_value",
            key="accounts",
            expected=Phrase("phrase_account_mapping"),
            found=Phrase("phrase_other_value"),
        )
    return dict(found)


def _scopes(value: object) -> tuple[str, ...] | None:
    is_list = isinstance(value, list) and all(isinstance(item, str) and item and " " not in item for item in value)
    return tuple(value) if is_list and isinstance(value, list) and "openid" in value else None


def _algorithms(value: object) -> tuple[str, ...] | None:
    return tuple(value) if isinstance(value, list) and value and all(item in ALGORITHMS for item in value) else None
