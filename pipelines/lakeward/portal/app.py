"""The web application: each page of `pages` behind the same checks of host, origin, session, role and form."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from lakeward.core.errors import LakewardError
from lakeward.portal import security
from lakeward.portal.api.answers import Api, no_address
from lakeward.portal.api.endpoints import PREFIX
from lakeward.portal.choices import finish
from lakeward.portal.faults import fault_status, fault_text
from lakeward.portal.page import PUBLIC, Page, PageAnswer, Visit
from lakeward.portal.page_list import PAGES
from lakeward.portal.rendering import asset, query_text
from lakeward.portal.site import Site, page_response, visit_of, with_user
from lakeward.portal.uploads import SentForm, has_files, read_upload

CONTENT_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


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
            sent = SentForm()
            if request.method == "POST":
                security.check_origin(request)
                sent = await _read_form(page, request)
            response = await run_in_threadpool(_respond, site, page, request, sent)
        except security.RefusedRequest as refusal:
            response = PlainTextResponse(f"{refusal.status}\n", refusal.status)
        if site.note_time:
            site.note_time(page.path, request.method, time.perf_counter() - began)
        return finish(request, response, secure=site.secure)

    return answer


async def _read_form(page: Page, request: Request) -> SentForm:
    if page.takes_files and has_files(request):
        return await read_upload(request, keeps_files=security.SESSION_COOKIE in request.cookies)
    return SentForm(fields=await security.read_form(request))


def _respond(site: Site, page: Page, request: Request, sent: SentForm) -> Response:
    named = security.proxy_account(request, site.trusted)
    visit = visit_of(site, request, sent)
    try:
        visit = with_user(site, visit)
    except LakewardError as error:
        return page_response(site, request, visit, _fault(visit, error))
    if named and (visit.user is None or visit.user.account != named):
        return _enter(site, page, request, visit, named)
    if page.roles != PUBLIC:
        if visit.user is None:
            return _ask_to_log_in(site, page, request, visit)
        if request.method == "POST":
            security.check_form_token(sent.fields, visit.user.form_token)
        if not page.admits(visit.user.roles):
            return page_response(site, request, visit, PageAnswer(template="refused.html", status=403))
    try:
        answer = _answer(site, page, visit, request.method)
    except LakewardError as error:
        answer = _fault(visit, error)
    return page_response(site, request, visit, answer)


def _fault(visit: Visit, error: LakewardError) -> PageAnswer:
    return PageAnswer(template="fault.html", facts={"fault": fault_text(visit, error)}, status=fault_status(error))


def _enter(site: Site, page: Page, request: Request, visit: Visit, named: str) -> Response:
    """A session for the account that a trusted proxy names; a form that was half filled meanwhile is shown again."""
    if request.method != "GET":
        return _ask_to_log_in(site, page, request, replace(visit, user=None))
    try:
        session_id = site.portal.logins.enter(named, visit.address)
    except LakewardError as error:
        visit = replace(visit, user=None)
        return page_response(site, request, visit, _fault(visit, error))
    return page_response(site, request, visit, PageAnswer(to=_own_address(request), session_id=session_id))


def _ask_to_log_in(site: Site, page: Page, request: Request, visit: Visit) -> Response:
    """The log-in; where a session ended in a half-filled form, first what was typed, so that nothing is lost."""
    typed = {name: visit.form[name] for name in page.typed if visit.form.get(name)}
    if typed:
        return page_response(site, request, visit, PageAnswer(template="session_over.html", facts={"typed": typed}, status=403))
    target = query_text({"next": _own_address(request)}) if request.method == "GET" else ""
    return RedirectResponse(f"/login?{target}", 303)


def _answer(site: Site, page: Page, visit: Visit, method: str) -> PageAnswer:
    if method == "POST":
        assert page.act is not None
        return page.act(visit)
    if page.go is not None:
        return page.go(visit)
    assert page.show is not None
    with site.portal.read() as reading:
        return page.show(visit, reading)


def _own_address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _not_found(site: Site) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, _: Exception) -> Response:
        try:
            security.check_host(request, site.hosts)
        except security.RefusedRequest as refusal:
            return finish(request, PlainTextResponse(f"{refusal.status}\n", refusal.status), secure=site.secure)
        if request.url.path.startswith(PREFIX):
            return no_address(request)
        return finish(request, await run_in_threadpool(_no_page, site, request), secure=site.secure)

    return answer


def _no_page(site: Site, request: Request) -> Response:
    visit = visit_of(site, request, SentForm())
    try:
        visit, page = with_user(site, visit), PageAnswer(template="not_found.html", status=404)
    except LakewardError as error:
        page = _fault(visit, error)
    return page_response(site, request, visit, page)


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
