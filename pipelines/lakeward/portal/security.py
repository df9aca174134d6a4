"""What protects the pages: headers, cookies, and that a form was sent by a page of this portal."""

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

SESSION_COOKIE, LANG_COOKIE, THEME_COOKIE = "lakeward_session", "lakeward_lang", "lakeward_theme"
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


def check_form_token(form: Mapping[str, str], expected: str) -> None:
    """Check that a form is of this session.

    Raises:
        RefusedRequest: It is not.
    """
    if not hmac.compare_digest(form.get(FORM_TOKEN, "").encode(), expected.encode()):
        raise RefusedRequest(403)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form; of several of one name the last.

    Raises:
        RefusedRequest: It is too large, or no form.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise RefusedRequest(415)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise RefusedRequest(413)
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise RefusedRequest(400) from None


def set_session(response: Response, session_id: str, *, secure: bool) -> None:
    """Set the cookie of a session; an empty id removes it."""
    if session_id:
        response.set_cookie(SESSION_COOKIE, session_id, httponly=True, samesite="lax", secure=secure, path="/")
    else:
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax", secure=secure, path="/")


def remember(response: Response, name: str, value: str, *, secure: bool) -> None:
    """Remember a choice of this browser for a year."""
    response.set_cookie(name, value, max_age=365 * 86400, httponly=True, samesite="lax", secure=secure, path="/")
