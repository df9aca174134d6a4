"""What protects the pages: headers, cookies, and that a form was sent by a page of this portal."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from lakeward.portal.page import FIELD_LENGTHS, OTHER_LENGTH

SESSION_COOKIE, LANG_COOKIE, THEME_COOKIE = "lakeward_session", "lakeward_lang", "lakeward_theme"
# Of a log-in at the identity provider, and the addresses that it is sent to.
BROWSER_COOKIE, BROWSER_PATH = "lakeward_browser", "/login/oidc"
# Bytes of a form.
LARGEST_FORM = 64 * 1024
MAX_FIELDS = 200
FORM_TYPE = "application/x-www-form-urlencoded"
# Field of the session's token in every form.
FORM_TOKEN = "form_token"  # noqa: S105 -- the name of a field
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


# Headers by which proxies name a person; without a trusted proxy a request with one is refused, so that no one takes it for a log-in.
USER_HEADERS = ("x-forwarded-user", "x-remote-user", "remote-user")
SECRET_HEADER = "x-lakeward-proxy-secret"  # noqa: S105 -- the name of a header


@dataclass(frozen=True, slots=True)
class TrustedProxy:
    """A proxy that logs people in.

    Args:
        header: Header with the name of the account, in lower case.
        secret: What the proxy sends in `X-Lakeward-Proxy-Secret`.
    """

    header: str
    secret: str = field(repr=False)


class RefusedRequest(Exception):  # noqa: N818 -- it is no failure of the portal
    """A request that gets a status and no page.

    Args:
        status: HTTP status.
    """

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def check_host(request: Request, allowed: tuple[str, ...]) -> None:
    """Check the name by which the portal was reached.

    Args:
        allowed: Names, without ports; empty for any.

    Raises:
        RefusedRequest: It is another.
    """
    host = request.headers.get("host", "").lower()
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    if allowed and name not in allowed:
        raise RefusedRequest(421)


def check_origin(request: Request) -> None:
    """Check that a form was sent by a page of this portal.

    Raises:
        RefusedRequest: It was sent by another site, or by what does not say.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if (site is None and origin is None) or site not in {None, "same-origin", "none"} or origin not in {None, own}:
        raise RefusedRequest(403)


def proxy_account(request: Request, trusted: TrustedProxy | None) -> str | None:
    """The account that a trusted proxy names; None if the request names none.

    Raises:
        RefusedRequest: It names one without the secret of the proxy, or several.
    """
    own = trusted.header if trusted else ""
    named = [value for header in {*USER_HEADERS, own} if header for value in request.headers.getlist(header)]
    if not named:
        return None
    given = request.headers.get(SECRET_HEADER, "")
    is_proven = trusted is not None and hmac.compare_digest(given.encode(), trusted.secret.encode())
    if not is_proven or len(named) != 1 or request.headers.getlist(own) != named:
        raise RefusedRequest(403)
    return named[0]


def check_form_token(form: Mapping[str, str], expected: str) -> None:
    """Check that a form is of this session.

    Raises:
        RefusedRequest: It is not.
    """
    if not hmac.compare_digest(form.get(FORM_TOKEN, "").encode(), expected.encode()):
        raise RefusedRequest(403)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, with line ends as one character; of several of one name the last.

    Raises:
        RefusedRequest: It or a field is too large, or it is no form.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise RefusedRequest(415)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise RefusedRequest(413)
    try:
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise RefusedRequest(400) from None
    return checked_lengths({name: value.replace("\r\n", "\n") for name, value in fields})


def checked_lengths(form: dict[str, str]) -> dict[str, str]:
    """The fields of a form.

    Raises:
        RefusedRequest: One is too long.
    """
    if any(len(value) > FIELD_LENGTHS.get(name, OTHER_LENGTH) for name, value in form.items()):
        raise RefusedRequest(413)
    return form


def set_session(response: Response, session_id: str, *, secure: bool) -> None:
    """Set the cookie of a session; an empty id removes it."""
    if session_id:
        response.set_cookie(SESSION_COOKIE, session_id, httponly=True, samesite="lax", secure=secure, path="/")
    else:
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax", secure=secure, path="/")


def set_browser(response: Response, secret: str, *, secure: bool) -> None:
    """Set the cookie of a log-in at the identity provider, for ten minutes; it comes back from another site."""
    response.set_cookie(BROWSER_COOKIE, secret, max_age=600, httponly=True, samesite="lax", secure=secure, path=BROWSER_PATH)


def remember(response: Response, name: str, value: str, *, secure: bool) -> None:
    """Remember a choice of this browser for a year."""
    response.set_cookie(name, value, max_age=365 * 86400, httponly=True, samesite="lax", secure=secure, path="/")
