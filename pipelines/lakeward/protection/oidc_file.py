"""The file that declares an identity provider: issuer, audience, public keys, and the roles of its groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lakeward.contracts.document import Fault, decode_text
from lakeward.contracts.portal_login import ALGORITHMS, DEFAULT_ALGORITHMS
from lakeward.contracts.view import View
from lakeward.core.errors import ContractError, PolicyError, ProtectionError
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.protection.accounts import ADMIN_ROLE
from lakeward.protection.key_file import TRUSTED_FILE, read_key_file
from lakeward.protection.load import policy_errors, read_policy_document, root_view
from lakeward.protection.load_rules import check_name
from lakeward.protection.read_request import OWN_PARTY

# Hours that a token may live.
HOURS = 24
# The files of a provider hold no secret, so that all may read them; who can write them makes tokens of any name.
_CODES: Mapping[str, str] = {
    "token_key_readable": "oidc_file_writable",
    "token_key_in_lake": "oidc_file_in_lake",
    "token_key_owner": "oidc_file_owner",
    "token_key_no_file": "oidc_file_no_file",
    "token_key_link": "oidc_file_link",
    "token_key_folder": "oidc_file_folder",
}
KEYS: Mapping[str, KeyDoc] = {
    "issuer": KeyDoc("text", "The provider's issuer, exactly as its tokens name it (`iss`).", required=True),
    "audience": KeyDoc("text", "Name under which the provider issues tokens for this project (`aud`).", required=True),
    "keys": KeyDoc("file", "The provider's public keys (JWKS), relative to this file. No network is used.", required=True),
    "algorithms": KeyDoc("list of texts", "Algorithms of signatures: `RS…`, `PS…`, `ES…` or `EdDSA`.", "`[RS256, ES256]`"),
    "hours": KeyDoc("whole number", "Hours that a token may live; one that lives longer is refused.", f"{HOURS}"),
    "claim": KeyDoc("text", "Claim that lists the groups of a person; with dots inside others.", "`groups`"),
    "groups": KeyDoc("mapping", "Group -> a mapping of the keys below. A person of none of them gets no access.", required=True),
}
GROUP_KEYS: Mapping[str, KeyDoc] = {
    "roles": KeyDoc("list of texts", "Roles of the serving policy; never `admin`.", required=True),
    "purposes": KeyDoc("list of texts", "Purposes of the serving policy.", "none"),
    "party": KeyDoc("text", "Party of the serving policy.", "`own`"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderGroup:
    """What the members of a group may take."""

    roles: tuple[str, ...]
    purposes: tuple[str, ...] = ()
    party: str = OWN_PARTY


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProvider:
    """An identity provider.

    Args:
        keys: File of its public keys (JWKS).
        hours: Hours that a token may live.
        groups_claim: Claim of the groups; with dots inside others.
        groups: Name of a group -> what its members may take.
    """

    issuer: str
    audience: str
    keys: Path
    algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS
    hours: int = HOURS
    groups_claim: str = "groups"
    groups: Mapping[str, ProviderGroup]


def read_provider(file: Path, lake: Path) -> IdentityProvider:
    """The identity provider of a file.

    Raises:
        PolicyError: It does not exist, or is not valid; the first problem is reported.
        ProtectionError: As `read_trusted_file`.
    """
    if not file.is_file():
        raise PolicyError("oidc_file_missing", file=file)
    name = str(file)
    document = read_policy_document(_text(read_trusted_file(file, lake), name), name)
    faults: list[Fault] = [*document.faults]
    view = root_view(document, faults, KEYS)
    groups = view.mapping("groups")
    provider = IdentityProvider(
        issuer=view.entry("issuer", Phrase("phrase_plain_url"), _issuer) or "",
        audience=view.text("audience"),
        keys=file.parent / view.text("keys"),
        algorithms=view.texts("algorithms", DEFAULT_ALGORITHMS),
        hours=view.positive_integer("hours", HOURS),
        groups_claim=view.text("claim", "groups"),
        groups={group: _group(groups.mapping(group)) for group in groups.values},
    )
    for algorithm in provider.algorithms:
        check_name(view, "algorithms", "algorithm", algorithm, ALGORITHMS)
    if not groups.values:
        view.fail_value("groups", Phrase("phrase_group_mapping"))
    for problem in policy_errors(document, faults):
        raise problem
    return provider


def read_trusted_file(file: Path, lake: Path) -> bytes:
    """The content of a file of an identity provider.

    Raises:
        ProtectionError: It can't be read, lies in the lake, is a link to another folder or no regular file, belongs to another user, or
            others may write or replace it.
    """
    try:
        return read_key_file(file, lake, "", TRUSTED_FILE)
    except ProtectionError as error:
        raise ProtectionError(_CODES.get(error.code, "oidc_keys"), **error.facts) from None


def _text(content: bytes, name: str) -> str:
    try:
        return decode_text(content, name)
    except ContractError as error:
        raise PolicyError(error.code, **error.facts) from None


def _issuer(value: object) -> str | None:
    """An issuer has no fragment (OpenID Connect Core §2), so that `#` ends it in the name of an account."""
    return value if isinstance(value, str) and value.isprintable() and not set(value) & set("# ") else None


def _group(view: View) -> ProviderGroup:
    view.allow_only(GROUP_KEYS)
    roles = view.texts("roles")
    if not roles:
        view.fail_value("roles", Phrase("phrase_roles"))
    if ADMIN_ROLE in roles:
        view.fail("roles", "oidc_admin", role=ADMIN_ROLE)
    return ProviderGroup(roles=roles, purposes=view.texts("purposes"), party=view.text("party", OWN_PARTY))
