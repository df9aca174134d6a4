"""The site that requests reach: what a request asks, and the response that a page's answer becomes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lakeward.core.messages import Lang
from lakeward.flows import Portal
from lakeward.portal import security
from lakeward.portal.choices import language, theme
from lakeward.portal.hosts import LOOPBACK_HOSTS
from lakeward.portal.page import FIELD_LENGTHS, PageAnswer, Visit
from lakeward.portal.page_list import PAGES
from lakeward.portal.rendering import render
from lakeward.portal.uploads import SentForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the portal is reached.

    Args:
        hosts: Names by which it may be reached; empty for any.
        secure: Whether browsers reach it by HTTPS.
        trusted: Proxy that logs people in; None for none.
        note_time: Takes the address, the method and the seconds of each page; None where nothing is measured.
    """

    portal: Portal
    hosts: tuple[str, ...] = LOOPBACK_HOSTS
    secure: bool = False
    trusted: security.TrustedProxy | None = None
    note_time: Callable[[str, str, float], None] | None = None


def visit_of(site: Site, request: Request, sent: SentForm) -> Visit:
    """What a request asks; who is logged in is not looked up yet."""
    return Visit(
        portal=site.portal,
        user=None,
        lang=language(request, site.portal.languages[0]),
        path=request.url.path,
        raw_path=request.scope.get("raw_path", b"").decode("ascii", "replace").partition("?")[0],
        place=request.path_params,
        query=dict(request.query_params),
        form=sent.fields,
        files=sent.files,
        session_id=request.cookies.get(security.SESSION_COOKIE, ""),
        address=request.client.host if request.client else "",
        origin=site.portal.settings.portal_url or f"{request.url.scheme}://{request.url.netloc}",
        browser=request.cookies.get(security.BROWSER_COOKIE, ""),
    )


def with_user(site: Site, visit: Visit) -> Visit:
    """The visit with who is logged in.

    Raises:
        ProtectionError, MachineError: The register of accounts can't be read.
    """
    return replace(visit, user=site.portal.logins.user_of(visit.session_id)) if visit.session_id else visit


def page_response(site: Site, request: Request, visit: Visit, answer: PageAnswer) -> Response:
    """The response of a page: a page in the reader's language, or the way to another address."""
    if answer.to:
        response: Response = RedirectResponse(answer.to, 303)
    elif answer.download:
        response = Response(answer.download.content, media_type=answer.download.media_type)
        response.headers["Content-Disposition"] = _saved_as(answer.download.name)
    else:
        facts = {**_frame(site, request, visit), **answer.facts}
        html = render(answer.template, visit.lang, site.portal.zone, facts)
        response = Response(html, answer.status, media_type="text/html; charset=utf-8")
        response.headers["Content-Language"] = "zh-Hans" if visit.lang is Lang.ZH else "en"
    if answer.session_id is not None:
        security.set_session(response, answer.session_id, secure=site.secure)
    if answer.browser:
        security.set_browser(response, answer.browser, secure=site.secure)
    return response


def _saved_as(name: str) -> str:
    """The header by which browsers save a file under its name (RFC 6266)."""
    quoted = quote(name, safe="")
    return f"attachment; filename={name}" if quoted == name else f"attachment; filename*=UTF-8''{quoted}"


def _frame(site: Site, request: Request, visit: Visit) -> dict[str, Any]:
    """What every page shows around its own."""
    roles = visit.user.roles if visit.user else ()
    titles = site.portal.role_titles() if visit.user else {}
    return {
        "project": site.portal.name,
        "user": visit.user,
        "titles": [titles.get(role, {}).get(visit.lang, role) for role in roles],
        "menu": [(page.path, page.nav) for page in PAGES if page.nav and page.admits(roles)],
        "path": visit.path,
        "given": visit.query,
        "theme": theme(request),
        "longest": FIELD_LENGTHS,
        "checked_at": site.portal.checked_at,
        "lake_fault": site.portal.fault.render_page(visit.lang) if site.portal.fault else "",
    }
