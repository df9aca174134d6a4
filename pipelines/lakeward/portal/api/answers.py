"""Answers calls of programs: an access token of the register, the JSON of the command, and errors as JSON with code, facts and next step."""

import json
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cache
from importlib import resources
from threading import Lock

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lakeward.core.errors import (
    DefinitionError,
    LakewardError,
    ProtectionError,
    SettingsError,
    TransientError,
    UsageError,
)
from lakeward.core.messages import Lang, text
from lakeward.core.settings import Settings
from lakeward.flows import FlowAnswer, Portal
from lakeward.portal import security
from lakeward.portal.api.endpoints import ENDPOINTS, PREFIX, Endpoint
from lakeward.portal.page import EVERYONE

# Calls that are answered at once: pages of people go on beside them.
CALLS_AT_ONCE = 2
# Calls of one account in a minute.
CALLS_PER_MINUTE = 600
DOCUMENT = "openapi.json"
# HTTP status by the class of the error, the first that fits.
STATUSES: tuple[tuple[type[LakewardError], int], ...] = (
    (UsageError, 400),
    (SettingsError, 400),
    (ProtectionError, 403),
    (DefinitionError, 422),
    (TransientError, 409),
)


class NoCaller(Exception):  # noqa: N818 -- it is no failure of the portal
    """A call without an account that may call.

    Args:
        error: Why.
    """

    def __init__(self, error: ProtectionError) -> None:
        super().__init__(error.code)
        self.error = error


class CallLimit:
    """Counts the calls of each account in the last minute."""

    def __init__(self, per_minute: int = CALLS_PER_MINUTE) -> None:
        self._per_minute, self._lock = per_minute, Lock()
        self._calls: dict[str, deque[float]] = {}

    def count(self, account: str) -> None:
        """Count one call.

        Raises:
            ProtectionError: The account has called too often.
        """
        now = time.monotonic()
        with self._lock:
            calls = self._calls.setdefault(account, deque())
            while calls and calls[0] < now - 60:
                calls.popleft()
            if len(calls) >= self._per_minute:
                raise ProtectionError("api_limited", expected=self._per_minute)
            calls.append(now)


class Api:
    """The API of one portal.

    Args:
        hosts: Names by which it may be reached; empty for any.
    """

    def __init__(self, portal: Portal, hosts: tuple[str, ...]) -> None:
        self._portal, self._hosts, self._limit = portal, hosts, CallLimit()
        self._places = CapacityLimiter(CALLS_AT_ONCE)

    def routes(self) -> list[Route]:
        """Every address, and the document that describes them."""
        found = [Route(PREFIX + each.path, self._endpoint(each), methods=["GET"]) for each in ENDPOINTS]
        found.append(Route(f"{PREFIX}/{DOCUMENT}", self._document, methods=["GET"]))
        return found

    def check_caller(self, request: Request, roles: frozenset[str] = EVERYONE) -> Settings:
        """The settings of who calls, by the token.

        Raises:
            RefusedRequest: It was reached by another name.
            NoCaller: There is no valid token, or its account is of an outside party.
            ProtectionError: The account has none of the roles, or called too often.
        """
        security.check_host(request, self._hosts)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NoCaller(ProtectionError("api_token_missing"))
        try:
            holder = self._portal.holder_of(token.strip())
        except ProtectionError as error:
            raise NoCaller(error) from None
        if roles != EVERYONE and not roles & set(holder.roles):
            raise ProtectionError("api_role", account=holder.account, expected=", ".join(sorted(roles)))
        self._limit.count(holder.account)
        return replace(self._portal.settings, token=token.strip())

    async def guard(self, request: Request, answer: Callable[[], Response]) -> Response:
        """The response of a blocking function, or of its error as JSON."""
        lang = _language(request)
        try:
            return with_headers(await to_thread.run_sync(answer, limiter=self._places))
        except security.RefusedRequest as refusal:
            return with_headers(Response(f"{refusal.status}\n", refusal.status, media_type="text/plain"))
        except NoCaller as missing:
            return with_headers(_fault(missing.error, lang, 401))
        except LakewardError as error:
            return with_headers(_fault(error, lang, _status(error)))

    def _endpoint(self, each: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            return await self.guard(request, lambda: self._answer(each, request))

        return answer

    def _answer(self, each: Endpoint, request: Request) -> Response:
        settings = self.check_caller(request, each.roles)
        found = each.read(settings, each.parse(request.path_params, dict(request.query_params)))
        return Response(json_text(found), media_type="application/json")

    async def _document(self, request: Request) -> Response:
        def answer() -> Response:
            self.check_caller(request)
            return Response(document(), media_type="application/json")

        return await self.guard(request, answer)


@cache
def document() -> bytes:
    """The OpenAPI document of every address, which `make docs` writes from them and from the classes of the answers."""
    return (resources.files("lakeward.portal") / "assets" / DOCUMENT).read_bytes()


def no_address(request: Request) -> Response:
    """The answer where the API has no such address."""
    return with_headers(_fault(UsageError("api_no_address"), _language(request), 404))


def json_text(value: object) -> str:
    """The JSON of an answer, as `--json` prints it."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def with_headers(response: Response) -> Response:
    """The response with the headers of every answer; no cache keeps it."""
    response.headers.update({**security.HEADERS, "Cache-Control": "no-store"})
    return response


def _plain(value: object) -> object:
    return value.as_dict() if isinstance(value, FlowAnswer) else str(value)


def _fault(error: LakewardError, lang: Lang, status: int) -> Response:
    body = {
        "code": error.code,
        "facts": {name: _fact(value) for name, value in error.facts.items()},
        "message": error.problem(lang),
        "next": text(f"{error.code}.next", lang, **error.facts),
    }
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return Response(json.dumps({"error": body}, ensure_ascii=False), status, headers, "application/json")


def _fact(value: object) -> object:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _status(error: LakewardError) -> int:
    if error.code == "api_limited":
        return 429
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 503)


def _language(request: Request) -> Lang:
    return Lang.ZH if request.headers.get("accept-language", "").lower().startswith("zh") else Lang.EN
