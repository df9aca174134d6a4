"""Talks to the identity provider at which people log in to the portal (OpenID Connect): its description, its codes and its public keys."""

import json
import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import Any, TypeVar

from lakeward.contracts.portal_login import PortalLogin, is_safe_address
from lakeward.core.errors import MachineError, ProtectionError, SettingsError
from lakeward.core.settings import NAMED_PREFIX, PREFIX
from lakeward.flows.base.workspace import Workspace
from lakeward.protection.web_tokens import TokenIssuer, parse_public_keys

EXTRA = "portal-oidc"
# Packages of the extra.
PACKAGES = ("authlib", "httpx2", "jwt")
# Seconds that the provider may take for one answer.
TIMEOUT = 10.0
# Seconds for which its description is kept, and for which it is not asked again after it did not answer.
KEPT_SECONDS, PAUSE_SECONDS = 600.0, 5.0
DESCRIPTION = "/.well-known/openid-configuration"
T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunLogin:
    """A log-in that a browser has begun at the provider.

    Args:
        state: Names it in the provider's answer.
        nonce: What the token must repeat.
        verifier: Proves to the provider that who brings the code is who began (PKCE).
        redirect: Address of the portal to which the provider sends the browser back.
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderDescription:
    """What the provider says of itself.

    Args:
        authorization, token, keys: Its addresses.
        method: How the client proves itself where codes are changed for tokens.
    """

    authorization: str
    token: str
    keys: str
    method: str


class LoginProvider:
    """The provider of a project. Its description is kept for ten minutes; its keys are asked for at each log-in, so that new ones count at once.

    Args:
        secret: Secret of the client; None for a public one.
    """

    def __init__(self, login: PortalLogin, secret: str | None) -> None:
        self.login, self._secret = login, secret
        self._asking = Lock()
        self._kept: tuple[float, ProviderDescription] | None = None
        self._failed: tuple[float, MachineError] | None = None

    @property
    def issuer(self) -> TokenIssuer:
        """Whose tokens are taken."""
        login = self.login
        return TokenIssuer(issuer=login.issuer, audience=login.client, algorithms=login.algorithms, keys=login.provider)

    def trusted_authorities(self) -> ssl.SSLContext | bool:
        """The authorities whose certificates are trusted; True for those of the machine.

        Raises:
            SettingsError: The file of authorities holds none.
        """
        if self.login.ca is None:
            return True
        try:
            return ssl.create_default_context(cafile=self.login.ca)
        except (OSError, ssl.SSLError):
            raise SettingsError("sign_in_ca", file=self.login.ca) from None

    def description(self) -> ProviderDescription:
        """What it says of itself.

        Raises:
            MachineError: It does not answer, or what it says is not usable.
        """
        with self._asking:
            now = time.monotonic()
            if self._kept and now - self._kept[0] < KEPT_SECONDS:
                return self._kept[1]
            if self._failed and now - self._failed[0] < PAUSE_SECONDS:
                raise self._failed[1]
            try:
                found = self._read_description()
            except MachineError as error:
                self._failed = time.monotonic(), error
                raise
            self._kept = now, found
            return found

    def address(self, begun: BegunLogin) -> str:
        """The address at the provider to which a browser goes to log in.

        Raises:
            MachineError: As `description`.
        """
        description = self.description()
        with self._client(begun, description) as client:
            address, _ = client.create_authorization_url(
                description.authorization, state=begun.state, code_verifier=begun.verifier, nonce=begun.nonce
            )
        return str(address)

    def id_token(self, begun: BegunLogin, code: str) -> str:
        """The token that says who has logged in, for the code that the browser brought.

        Raises:
            ProtectionError: The provider does not take the code, or gives no such token.
            MachineError: As `description`.
        """
        description = self.description()
        with self._client(begun, description) as client:
            given = {"code": code, "code_verifier": begun.verifier, "redirect_uri": begun.redirect}
            found = self._answer(lambda: client.fetch_token(description.token, grant_type="authorization_code", **given))
        token = found.get("id_token") if isinstance(found, Mapping) else None
        if not isinstance(token, str):
            raise ProtectionError("sign_in_token", provider=self.login.provider, found="id_token")
        return token

    def public_keys(self) -> list[dict[str, Any]]:
        """Its public keys of now.

        Raises:
            ProtectionError: It gives none.
            MachineError: As `description`.
        """
        return parse_public_keys(self._get(self.description().keys), self.login.provider)

    def _read_description(self) -> ProviderDescription:
        login = self.login
        content = self._get(login.issuer.rstrip("/") + DESCRIPTION)
        try:
            found = json.loads(content)
        except (RecursionError, ValueError):
            found = None
        if not isinstance(found, dict) or found.get("issuer") != login.issuer:
            raise MachineError("sign_in_description", provider=login.provider, found="issuer")
        names = {"authorization": "authorization_endpoint", "token": "token_endpoint", "keys": "jwks_uri"}
        for name in names.values():
            if not is_safe_address(found.get(name)):
                raise MachineError("sign_in_description", provider=login.provider, found=name)
        methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        usual = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
        addresses = {part: str(found[name]) for part, name in names.items()}
        return ProviderDescription(**addresses, method=usual if self._secret else "none")

    def _get(self, address: str) -> bytes:
        def read() -> bytes:
            response = _library("httpx2").get(address, timeout=TIMEOUT, verify=self.trusted_authorities())
            response.raise_for_status()
            return bytes(response.content)

        return self._answer(read)

    def _answer(self, ask: Callable[[], T]) -> T:
        """What the provider answers; its own words reach no page and no log."""
        httpx2, errors = _library("httpx2"), _library("authlib.common.errors")
        try:
            return ask()
        except errors.AuthlibBaseError as error:
            log.warning("the identity provider refused", extra={"code": "sign_in_code", "found": type(error).__name__})
        except httpx2.HTTPStatusError as error:
            status = error.response.status_code
            log.warning("the identity provider refused", extra={"code": "sign_in_code", "found": status})
            if status >= 500 or error.request.method == "GET":
                raise MachineError("sign_in_unreachable", provider=self.login.provider, found=status) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            found = type(error).__name__
            raise MachineError("sign_in_unreachable", provider=self.login.provider, found=found) from None
        raise ProtectionError("sign_in_code", provider=self.login.provider)

    @contextmanager
    def _client(self, begun: BegunLogin, description: ProviderDescription) -> Iterator[Any]:
        made = _library("authlib.integrations.httpx_client").OAuth2Client(
            client_id=self.login.client,
            client_secret=self._secret,
            token_endpoint_auth_method=description.method,
            scope=" ".join(self.login.scopes),
            redirect_uri=begun.redirect,
            code_challenge_method="S256",
            timeout=TIMEOUT,
            verify=self.trusted_authorities(),
        )
        with made as client:
            yield client


def login_provider(workspace: Workspace) -> LoginProvider | None:
    """The identity provider of the portal's log-ins; None where the project names none.

    Raises:
        MachineError: The extra `portal-oidc` is not installed.
        SettingsError: The secret of the client is not set, or the file of authorities is none.
    """
    login = workspace.project.portal_login
    if login is None:
        return None
    if lacks_extra():
        raise MachineError("extra_missing", extra=EXTRA)
    secret = workspace.settings.secrets.get(login.secret.upper()) if login.secret else None
    if login.secret and not secret:
        raise SettingsError("sign_in_secret", variable=f"{PREFIX}{NAMED_PREFIX}{login.secret.upper()}", name=login.secret)
    found = LoginProvider(login, secret)
    found.trusted_authorities()
    return found


def lacks_extra() -> bool:
    """Whether a package of the extra is not installed."""
    return any(find_spec(name) is None for name in PACKAGES)


def _library(name: str) -> Any:
    """A package of the extra."""
    return import_module(name)
