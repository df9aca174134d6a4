"""Subscriptions: who hears of what of which dataset, through which connection, and what became of the last notices; subscribe, and end one's own."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from lakeward.core.errors import LakewardError, UsageError
from lakeward.flows import (
    FigureRow,
    ModelReading,
    NoticeKind,
    PortalUser,
    Subscription,
    SubscriptionRequest,
    end_subscription,
    notice_channels,
    read_subscriptions,
    subscribe,
)
from lakeward.portal.faults import fault_text
from lakeward.portal.page import EVERYONE, Page, PageAnswer, Visit
from lakeward.portal.paging import ROWS, paging

ADMIN = "admin"
# Fields of the form; the kinds of notices are fields of their own, `on:` and the kind.
TYPED, ON = ("recipient",), "on:"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionLine:
    """A subscription as a reader sees it.

    Args:
        is_own: Whether the reader may end it and see its recipient: its author, or an admin.
        deliveries: What became of its notices; None where there was none yet.
    """

    subscription: Subscription
    is_own: bool
    deliveries: FigureRow | None


def show_subscriptions(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The subscriptions of one dataset or of all, one's own first; with a dataset the form.

    Raises:
        UsageError: There is no such dataset.
    """
    return PageAnswer(template="subscriptions.html", facts=_facts(visit, reading))


def act_on_subscriptions(visit: Visit) -> PageAnswer:
    """Subscribe after a first message, or end a subscription, signed by the session; what was typed stays where it fails."""
    try:
        with visit.portal.actions.act(visit.session_id) as settings:
            match visit.form.get("step"):
                case "subscribe":
                    subscribe(replace(settings, lang=visit.lang), _request(visit))
                case "end":
                    end_subscription(settings, _number(visit))
                case _:
                    raise UsageError("portal_form_incomplete")
    except LakewardError as error:
        with visit.portal.read() as reading:
            facts = {**_facts(visit, reading), "fault": fault_text(visit, error)}
        return PageAnswer(template="subscriptions.html", facts=facts, status=409)
    kept = {name: value for name, value in (("dataset", visit.query.get("dataset", "")), ("done", visit.form["step"])) if value}
    return PageAnswer(to="/subscriptions?" + urlencode(kept))


def _facts(visit: Visit, reading: ModelReading) -> dict[str, object]:
    assert visit.user is not None
    dataset = visit.query.get("dataset") or visit.form.get("dataset") or None
    words = reading.rows("dataset_words", datasets=dataset) if dataset else ()
    if dataset and not words:
        raise UsageError("portal_no_dataset", dataset=dataset)
    lines = _lines(visit.user, reading, dataset)
    number = visit.page_number()
    skip = paging(number, 0).skip
    chosen = [kind for kind in NoticeKind if f"{ON}{kind}" in visit.form] or list(NoticeKind)
    return {
        "dataset": dataset,
        "words_of_dataset": words[0] if words else None,
        "lines": lines[skip : skip + ROWS],
        "total": len(lines),
        "paging": paging(number, len(lines)),
        "channels": notice_channels(visit.portal.settings) if dataset else (),
        "kinds": {kind: f"noticed_{kind}" for kind in NoticeKind},
        "chosen": chosen,
        "typed": {name: visit.form.get(name, "") for name in (*TYPED, "connection")},
        "done": visit.query.get("done", ""),
        "fault": "",
    }


def _lines(user: PortalUser, reading: ModelReading, dataset: str | None) -> list[SubscriptionLine]:
    deliveries = {row.key[0]: row for row in reading.rows("deliveries")}
    found = [each for each in read_subscriptions(reading.tables) if dataset in (None, each.dataset)]
    lines = [
        SubscriptionLine(subscription=each, is_own=_is_own(user, each), deliveries=deliveries.get(str(each.subscription)))
        for each in found
    ]
    return sorted(lines, key=lambda line: (line.subscription.author != user.account, line.subscription.subscription))


def _is_own(user: PortalUser, subscription: Subscription) -> bool:
    return subscription.author == user.account or ADMIN in user.roles


def _request(visit: Visit) -> SubscriptionRequest:
    kinds = tuple(name.removeprefix(ON) for name in visit.form if name.startswith(ON))
    if not kinds:
        raise UsageError("subscription_without_kind")
    return SubscriptionRequest(
        dataset=visit.form.get("dataset", ""),
        connection=visit.form.get("connection", ""),
        recipient=visit.form.get("recipient", "").strip() or None,
        kinds=kinds,
    )


def _number(visit: Visit) -> int:
    text = visit.form.get("subscription", "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise UsageError("portal_form_incomplete")
    return int(text)


PAGES = (
    Page(
        path="/subscriptions",
        roles=EVERYONE,
        show=show_subscriptions,
        act=act_on_subscriptions,
        nav="portal_nav_subscriptions",
        typed=TYPED,
    ),
)
