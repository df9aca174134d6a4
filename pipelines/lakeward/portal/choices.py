"""What a browser chose, its language and theme, and what every response of a page has."""

from starlette.requests import Request
from starlette.responses import Response

from lakeward.core.messages import Lang
from lakeward.portal import security

THEMES = ("light", "dark")


def language(request: Request, first: Lang) -> Lang:
    """The language of the address, of the last choice, of the browser, or else the plant's first.

    Args:
        first: The plant's first language.
    """
    wanted = request.headers.get("accept-language", "").lower()
    accepted = "zh" if wanted.startswith("zh") else "en" if wanted.startswith("en") else ""
    choices = (request.query_params.get("lang"), request.cookies.get(security.LANG_COOKIE), accepted)
    return next((Lang(choice) for choice in choices if choice in tuple(Lang)), first)


def theme(request: Request) -> str:
    """`light` or `dark`; empty for the browser's own."""
    choices = (request.query_params.get("theme"), request.cookies.get(security.THEME_COOKIE))
    return next((choice for choice in choices if choice in THEMES), "")


def finish(request: Request, response: Response, *, secure: bool) -> Response:
    """The response with its headers, and the choices of its address remembered.

    Args:
        secure: Whether browsers reach the portal by HTTPS.
    """
    response.headers.update(security.HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    for name, cookie, allowed in (("lang", security.LANG_COOKIE, tuple(Lang)), ("theme", security.THEME_COOKIE, THEMES)):
        if request.query_params.get(name) in allowed:
            security.remember(response, cookie, request.query_params[name], secure=secure)
    return response
