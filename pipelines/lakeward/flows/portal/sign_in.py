"""Log-ins at the identity provider of the project: who it vouches for enters with the account of the register of that name, and no other."""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Generic, TypeVar

from lakeward.contracts.portal_login import PortalLogin
from lakeward.core.clock import Clock
from lakeward.core.errors import LakewardError, ProtectionError
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.login_provider import BegunLogin, LoginProvider
from lakeward.flows.portal.logins import Logins
from lakeward.protection.web_tokens import verified_claims

# Time for a log-in at the provider, and for which a refusal is shown.
LIFE = timedelta(minutes=10)
# Log-ins begun and refusals shown at once; beyond them the oldest are forgotten.
MOST = 10_000
# Address to which the provider sends browsers back.
RETURN_PATH = "/login/oidc/back"
# Reasons of refusal by a provider (RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6); another one is none that a page repeats.
DENIALS = frozenset(
    [
        *("access_denied", "invalid_request", "invalid_scope", "server_error", "temporarily_unavailable", "unauthorized_client"),
        *(
            "unsupported_response_type",
            "interaction_required",
            "login_required",
            "consent_required",
            "account_selection_required",
        ),
    ]
)
# What a token that proves nothing is called on the page, by what PyJWT calls it.
_CODES: Mapping[str, str] = {
    "InvalidIssuerError": "sign_in_issuer",
    "InvalidAudienceError": "sign_in_audience",
    "InvalidSignatureError": "sign_in_signature",
    "alg": "sign_in_signature",
    "oidc_key_unknown": "sign_in_signature",
    "oidc_token_expired": "sign_in_expired",
}
Kept = TypeVar("Kept")


class ShortLived(Generic[Kept]):
    """Values by a secret name, each for ten minutes; of names only hashes are kept."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, Lock()
        self._kept: OrderedDict[str, tuple[datetime, Kept]] = OrderedDict()

    def put(self, name: str, value: Kept) -> None:
        """Keep a value."""
        now = self._clock.now()
        with self._lock:
            self._kept[_hashed(name)] = now + LIFE, value
            while len(self._kept) > MOST or next(iter(self._kept.values()))[0] <= now:
                self._kept.popitem(last=False)

    def get(self, name: str) -> Kept | None:
        """The value of a name; None where there is none any more."""
        with self._lock:
            return self._live(self._kept.get(_hashed(name)))

    def take(self, name: str) -> Kept | None:
        """The value of a name, which is forgotten."""
        with self._lock:
            return self._live(self._kept.pop(_hashed(name), None))

    def _live(self, found: tuple[datetime, Kept] | None) -> Kept | None:
        return found[1] if found and self._clock.now() < found[0] else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A log-in that was begun.

    Args:
        browser: Hash of the secret of the browser that began it.
        target: Address of the portal that was asked for.
    """

    login: BegunLogin
    browser: str = field(repr=False)
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedLogin:
    """What a browser gets that begins a log-in.

    Args:
        address: Address at the provider.
        browser: Secret of this browser, which it shows again when it comes back.
    """

    address: str
    browser: str = field(repr=False)

    def as_dict(self) -> dict[str, object]:
        """`address, browser`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedLogin:
    """A log-in that succeeded.

    Args:
        session_id: Id of the new session.
        target: Address of the portal that was asked for.
    """

    session_id: str = field(repr=False)
    target: str

    def as_dict(self) -> dict[str, object]:
        """`session_id, target`."""
        return fields_of(self)


class SignIns:
    """Log-ins at one provider. What is begun is kept in memory: after a restart of the portal it is begun again.

    Args:
        provider: The provider.
        logins: Who may enter.
    """

    def __init__(self, provider: LoginProvider, logins: Logins, clock: Clock) -> None:
        self._provider, self._logins = provider, logins
        self._begun: ShortLived[_Begun] = ShortLived(clock)
        self._refused: ShortLived[LakewardError] = ShortLived(clock)

    @property
    def provider(self) -> str:
        """How pages name the provider."""
        return self._provider.login.provider

    def begin(self, origin: str, target: str, browser: str = "") -> StartedLogin:
        """Begin a log-in.

        Args:
            origin: Scheme, host and port by which the portal is reached.
            target: Address of the portal that was asked for.
            browser: Secret that the browser has from another log-in, in another tab; empty without one.

        Raises:
            MachineError: The provider does not answer, or what it says is not usable.
        """
        state, nonce, new = (secrets.token_urlsafe(32) for _ in range(3))
        begun = BegunLogin(state=state, nonce=nonce, verifier=secrets.token_urlsafe(48), redirect=origin + RETURN_PATH)
        address = self._provider.address(begun)
        shown = browser or new
        self._begun.put(state, _Begun(login=begun, browser=_hashed(shown), target=target))
        return StartedLogin(address=address, browser=shown)

    def end(self, answer: Mapping[str, str], browser: str, address: str) -> EndedLogin:
        """Check what the provider answered, and start a session; a refusal is in the access log before.

        Args:
            answer: Parameters of the address by which the browser came back.
            browser: Secret that the browser shows.
            address: Address of the client.

        Raises:
            ProtectionError: The log-in was not begun by this browser, or was ended before; the provider refused it; its token is not valid,
                or names no account of the register that may log in; or too many tries failed.
            MachineError: The provider does not answer, or the event can't be logged.
        """
        state = answer.get("state", "")
        with self._logins.trying(state, address):
            begun = self._take(state, browser)
            name = self._proved_name(begun.login, answer)
        session_id = self._logins.enter(name, address, state)
        return EndedLogin(session_id=session_id, target=begun.target)

    def keep_refusal(self, error: LakewardError) -> str:
        """Keep why a log-in failed, for the page that shows it; returns its name."""
        name = secrets.token_urlsafe(16)
        self._refused.put(name, error)
        return name

    def refusal(self, name: str) -> LakewardError | None:
        """Why a log-in failed; None where it is not kept any more."""
        return self._refused.get(name)

    def _take(self, state: str, browser: str) -> _Begun:
        """What this browser has begun, once: the same answer a second time is refused."""
        begun = self._begun.take(state)
        if begun is None or not hmac.compare_digest(begun.browser, _hashed(browser)):
            raise ProtectionError("sign_in_state")
        return begun

    def _proved_name(self, begun: BegunLogin, answer: Mapping[str, str]) -> str:
        """The name of the account that the provider vouches for."""
        login = self._provider.login
        if "error" in answer:
            raise ProtectionError("sign_in_denied", provider=self.provider, found=_denial(answer["error"]))
        if answer.get("iss", login.issuer) != login.issuer:  # RFC 9207: the answer of another provider
            raise ProtectionError("sign_in_issuer", provider=self.provider)
        if not answer.get("code"):
            raise ProtectionError("sign_in_token", provider=self.provider, found="code")
        return account_named(self._claims(begun, answer["code"]), login)

    def _claims(self, begun: BegunLogin, code: str) -> Mapping[str, Any]:
        token = self._provider.id_token(begun, code)
        try:
            claims = verified_claims(token, self._provider.issuer, self._provider.public_keys())
        except ProtectionError as error:
            reason = str(error.facts.get("found", ""))
            given = _CODES.get(reason) or _CODES.get(error.code, "sign_in_token")
            raise ProtectionError(given, provider=self.provider, found=reason) from None
        nonce, party = claims.get("nonce"), claims.get("azp", self._provider.login.client)
        if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), begun.nonce.encode()):
            raise ProtectionError("sign_in_nonce", provider=self.provider)
        if party != self._provider.login.client:  # OpenID Connect Core 3.1.3.7: issued to another client
            raise ProtectionError("sign_in_audience", provider=self.provider)
        return claims


def account_named(claims: Mapping[str, Any], login: PortalLogin) -> str:
    """The name of the account that a token's claim means.

    Raises:
        ProtectionError: The token lacks the claim, its mail address is not verified, or the project maps its value to no account.
    """
    value = claims.get(login.claim)
    is_proven = login.claim != "email" or claims.get("email_verified") is True
    if not isinstance(value, str) or not value or not is_proven:
        raise ProtectionError("sign_in_claim", provider=login.provider, claim=login.claim)
    if login.accounts is None:
        return value
    if value not in login.accounts:
        raise ProtectionError("sign_in_unknown")
    return login.accounts[value]


def _denial(text: str) -> str:
    return text if text in DENIALS else "-"


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
