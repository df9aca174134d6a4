"""The web application: each page of `pages` behind the same checks of host, origin, session, role and form."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from lakeward.core.errors import ExitCode, LakewardError
from lakeward.core.messages import Lang
from lakeward.flows import Portal
from lakeward.portal import security
from lakeward.portal.api.answers import Api, no_address
from lakeward.portal.api.endpoints import PREFIX
from lakeward.portal.hosts import LOOPBACK_HOSTS
from lakeward.portal.page import FIELD_LENGTHS, PUBLIC, Page, PageAnswer, Visit
from lakeward.portal.pages import (
    access,
    account,
    admin,
    dataset,
    datasets,
    estate,
    evidence,
    first_day,
    glossary,
    grades,
    important,
    lineage,
    login,
    quarantine,
    readiness,
    rule,
    run,
    search,
    work,
)
from lakeward.portal.rendering import asset, query_text, render

MODULES = (
    *(estate, work, datasets, dataset, rule, run, evidence, search, glossary, lineage),
    *(quarantine, grades, important, readiness, access, admin, first_day, account, login),
)
PAGES: tuple[Page, ...] = tuple(page for module in MODULES for page in module.PAGES)
THEMES = ("light", "dark")
CONTENT_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
# HTTP status of an error, by its exit code.
STATUSES = {ExitCode.WRONG_USE: 404, ExitCode.REFUSED: 403}


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


def make_app(site: Site, *, has_metrics: bool = False) -> Starlette:
    """The application.

    Args:
        has_metrics: Whether it answers `/metrics`.
    """
    api = Api(site.portal, site.hosts)
    routes = [Route("/static/{name}", _static, methods=["GET"]), *api.routes()]
    if has_metrics:
        from lakeward.portal.api.metrics import Metrics  # noqa: PLC0415 -- a library that only this needs

        metrics = Metrics(site.portal)
        routes.append(metrics.route(api))
        site = replace(site, note_time=metrics.note)
    routes += [Route(page.path, _endpoint(site, page), methods=[*page.methods]) for page in PAGES]
    app = Starlette(routes=routes, exception_handlers={404: _not_found(site), 405: _plain})
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    return app


def _endpoint(site: Site, page: Page) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        began = time.perf_counter()
        try:
            security.check_host(request, site.hosts)
            form = {}
            if request.method == "POST":
                security.check_origin(request)
                form = await security.read_form(request)
            response = await run_in_threadpool(_respond, site, page, request, form)
        except security.RefusedRequest as refusal:
            response = PlainTextResponse(f"{refusal.status}\n", refusal.status)
        if site.note_time:
            site.note_time(page.path, request.method, time.perf_counter() - began)
        return _finish(site, request, response)

    return answer


def _respond(site: Site, page: Page, request: Request, form: Mapping[str, str]) -> Response:
    named = security.proxy_account(request, site.trusted)
    visit = _visit(site, request, form)
    if named and (visit.user is None or visit.user.account != named):
        return _enter(site, page, request, visit, named)
    if page.roles != PUBLIC:
        if visit.user is None:
            return _ask_to_log_in(site, page, request, visit)
        if request.method == "POST":
            security.check_form_token(form, visit.user.form_token)
        if not page.admits(visit.user.roles):
            return _page_response(site, request, visit, PageAnswer(template="refused.html", status=403))
    try:
        answer = _answer(site, page, visit, request.method)
    except LakewardError as error:
        answer = PageAnswer(template="fault.html", facts={"fault": error.render_page(visit.lang)}, status=_status(error))
    return _page_response(site, request, visit, answer)


def _enter(site: Site, page: Page, request: Request, visit: Visit, named: str) -> Response:
    """A session for the account that a trusted proxy names; a form that was half filled meanwhile is shown again."""
    if request.method != "GET":
        return _ask_to_log_in(site, page, request, replace(visit, user=None))
    try:
        session_id = site.portal.logins.enter(named, visit.address)
    except LakewardError as error:
        answer = PageAnswer(template="fault.html", facts={"fault": error.render_page(visit.lang)}, status=_status(error))
        return _page_response(site, request, replace(visit, user=None), answer)
    return _page_response(site, request, visit, PageAnswer(to=_own_address(request), session_id=session_id))


def _ask_to_log_in(site: Site, page: Page, request: Request, visit: Visit) -> Response:
    """The log-in; where a session ended in a half-filled form, first what was typed, so that nothing is lost."""
    typed = {name: visit.form[name] for name in page.typed if visit.form.get(name)}
    if typed:
        return _page_response(site, request, visit, PageAnswer(template="session_over.html", facts={"typed": typed}, status=403))
    target = query_text({"next": _own_address(request)}) if request.method == "GET" else ""
    return RedirectResponse(f"/login?{target}", 303)


def _answer(site: Site, page: Page, visit: Visit, method: str) -> PageAnswer:
    if method == "POST":
        assert page.act is not None
        return page.act(visit)
    assert page.show is not None
    with site.portal.read() as reading:
        return page.show(visit, reading)


def _status(error: LakewardError) -> int:
    return STATUSES.get(error.exit_code, 503)


def _visit(site: Site, request: Request, form: Mapping[str, str]) -> Visit:
    session_id = request.cookies.get(security.SESSION_COOKIE, "")
    return Visit(
        portal=site.portal,
        user=site.portal.logins.user_of(session_id) if session_id else None,
        lang=_language(site, request),
        path=request.url.path,
        raw_path=request.scope.get("raw_path", b"").decode("ascii", "replace").partition("?")[0],
        place=request.path_params,
        query=dict(request.query_params),
        form=form,
        session_id=session_id,
        address=request.client.host if request.client else "",
    )


def _page_response(site: Site, request: Request, visit: Visit, answer: PageAnswer) -> Response:
    if answer.to:
        response: Response = RedirectResponse(answer.to, 303)
    else:
        facts = {**_frame(site, request, visit), **answer.facts}
        html = render(answer.template, visit.lang, site.portal.zone, facts)
        response = Response(html, answer.status, media_type="text/html; charset=utf-8")
        response.headers["Content-Language"] = "zh-Hans" if visit.lang is Lang.ZH else "en"
    if answer.session_id is not None:
        security.set_session(response, answer.session_id, secure=site.secure)
    return response


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
        "theme": _theme(request),
        "longest": FIELD_LENGTHS,
        "checked_at": site.portal.checked_at,
        "lake_fault": site.portal.fault.render_page(visit.lang) if site.portal.fault else "",
    }


def _language(site: Site, request: Request) -> Lang:
    """The language of the address, of the last choice, of the browser, or else the plant's first."""
    wanted = request.headers.get("accept-language", "").lower()
    accepted = "zh" if wanted.startswith("zh") else "en" if wanted.startswith("en") else ""
    choices = (request.query_params.get("lang"), request.cookies.get(security.LANG_COOKIE), accepted)
    return next((Lang(choice) for choice in choices if choice in tuple(Lang)), site.portal.languages[0])


def _theme(request: Request) -> str:
    """`light` or `dark`; empty for the browser's own."""
    choices = (request.query_params.get("theme"), request.cookies.get(security.THEME_COOKIE))
    return next((choice for choice in choices if choice in THEMES), "")


def _own_address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _finish(site: Site, request: Request, response: Response) -> Response:
    """The response with its headers, and the choices of its address remembered."""
    response.headers.update(security.HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    for name, cookie, allowed in (("lang", security.LANG_COOKIE, tuple(Lang)), ("theme", security.THEME_COOKIE, THEMES)):
        if request.query_params.get(name) in allowed:
            security.remember(response, cookie, request.query_params[name], secure=site.secure)
    return response


def _not_found(site: Site) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, _: Exception) -> Response:
        try:
            security.check_host(request, site.hosts)
        except security.RefusedRequest as refusal:
            return _finish(site, request, PlainTextResponse(f"{refusal.status}\n", refusal.status))
        if request.url.path.startswith(PREFIX):
            return no_address(request)
        visit = await run_in_threadpool(_visit, site, request, {})
        page = PageAnswer(template="not_found.html", status=404)
        return _finish(site, request, await run_in_threadpool(_page_response, site, request, visit, page))

    return answer


async def _plain(_: Request, __: Exception) -> Response:
    return PlainTextResponse("405\n", 405, headers=security.HEADERS)


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    try:
        content, _ = asset(name)
    except KeyError:
        return PlainTextResponse("404\n", 404, headers=security.HEADERS)
    headers = {**security.HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
    return Response(content, headers=headers, media_type=CONTENT_TYPES[name.rpartition(".")[2]])
