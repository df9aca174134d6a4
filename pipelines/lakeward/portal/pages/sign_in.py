"""Log-in at the identity provider of the project: there and back again. A refusal is shown by the page of the log-in."""

from urllib.parse import urlencode

from lakeward.core.errors import LakewardError, UsageError
from lakeward.flows import SignIns
from lakeward.portal.page import PUBLIC, Page, PageAnswer, Visit
from lakeward.portal.pages.login import HOME, safe_target


def go_to_provider(visit: Visit) -> PageAnswer:
    """Begin a log-in, and send the browser to the provider.

    Raises:
        UsageError: The project names no provider.
    """
    sign_ins, target = _sign_ins(visit), safe_target(visit.query.get("next", HOME))
    try:
        started = sign_ins.begin(visit.origin, target, visit.browser)
    except LakewardError as error:
        return _refused(sign_ins, error)
    return PageAnswer(to=started.address, browser=started.browser)


def come_back(visit: Visit) -> PageAnswer:
    """Start a session for whom the provider vouches for.

    Raises:
        UsageError: The project names no provider.
    """
    sign_ins = _sign_ins(visit)
    try:
        ended = sign_ins.end(visit.query, visit.browser, visit.address)
    except LakewardError as error:
        return _refused(sign_ins, error)
    return PageAnswer(to=safe_target(ended.target), session_id=ended.session_id)


def _sign_ins(visit: Visit) -> SignIns:
    if visit.portal.sign_ins is None:
        raise UsageError("sign_in_none")
    return visit.portal.sign_ins


def _refused(sign_ins: SignIns, error: LakewardError) -> PageAnswer:
    """To an address without the provider's answer: languages are switched there, and it is no second try."""
    return PageAnswer(to="/login?" + urlencode({"refused": sign_ins.keep_refusal(error)}))


PAGES = (
    Page(path="/login/oidc", roles=PUBLIC, go=go_to_provider),
    Page(path="/login/oidc/back", roles=PUBLIC, go=come_back),
)
