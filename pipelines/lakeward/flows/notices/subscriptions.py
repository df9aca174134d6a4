"""Who is to hear what of which dataset, and through which connection. Entries are only added; the last one of a number counts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lakeward.core.errors import ProtectionError, TransientError, UsageError
from lakeward.core.messages import Lang, text
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine, TableReader
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.connections import find_connection
from lakeward.flows.base.identity import Identity, identify
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.notices.notice import NoticeKind
from lakeward.flows.notices.senders import OutgoingMessage, check_channel, send_message

TABLE = APP = "subscriptions"
# Role of accounts that may end the subscriptions of others.
ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRequest:
    """What a person wants to hear of.

    Args:
        dataset: Name of the dataset.
        connection: Name of the connection that notices go through.
        recipient: Mail address; None for a webhook.
        kinds: What they want to hear of; empty for all.
        by: Who subscribes; empty for the token's account.
    """

    dataset: str
    connection: str
    recipient: str | None = None
    kinds: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription that is in force.

    Args:
        subscription: Its number, from 1.
        dataset: Name of the dataset.
        kinds: What it is about.
        connection: Name of the connection that notices go through.
        recipient: Mail address; None for a webhook.
        lang: Language of the notices.
        author: Who subscribed.
        since: Time of the subscription.
    """

    subscription: int
    dataset: str
    kinds: tuple[NoticeKind, ...]
    connection: str
    recipient: str | None
    lang: Lang
    author: str
    since: datetime

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward notice list --json`."""
        return fields_of(self)


def subscribe(settings: Settings, request: SubscriptionRequest) -> Subscription:
    """Subscribe, after a first message went through the connection: a subscription that reaches no one is not stored.

    Raises:
        UsageError: There is no such dataset or kind, no one is named, or the connection takes no messages.
        SettingsError: There is no such connection, or it is not valid.
        ProtectionError: The token is not valid, or its account has another name.
        TransientError: The first message could not be sent; no subscription is stored.
    """
    workspace = open_workspace(settings)
    workspace.project.contract_path(request.dataset)
    identity = _author(workspace, request.by)
    connection = find_connection(workspace, request.connection)
    check_channel(connection, request.recipient)
    wanted = Subscription(
        subscription=0,
        dataset=request.dataset,
        kinds=_kinds(request.kinds),
        connection=request.connection,
        recipient=request.recipient,
        lang=settings.lang,
        author=identity.name,
        since=workspace.clock.now(),
    )
    try:
        send_message(connection, request.recipient, _first_message(workspace, wanted))
    except TransientError as error:
        raise TransientError("subscription_unsent", **error.facts) from None
    with workspace.engine() as engine:
        return _append(engine, wanted, verified=identity.verified)


def end_subscription(settings: Settings, number: int, by: str = "") -> Subscription:
    """End the subscription of this number, as its author or an admin.

    Raises:
        UsageError: There is none in force, or no one is named.
        ProtectionError: It belongs to another person, or as `subscribe`.
    """
    workspace = open_workspace(settings)
    identity = _author(workspace, by)
    with workspace.engine() as engine:
        found = next((each for each in read_subscriptions(engine) if each.subscription == number), None)
        if found is None:
            raise UsageError("subscription_unknown", subscription=number)
        is_admin = identity.account is not None and ADMIN in identity.account.roles
        if identity.name != found.author and not is_admin:
            raise ProtectionError("subscription_other", subscription=number, author=found.author)
        ended = replace(found, author=identity.name, since=workspace.clock.now())
        _append(engine, ended, verified=identity.verified, is_end=True)
    return found


def list_subscriptions(settings: Settings, dataset: str | None = None) -> list[Subscription]:
    """The subscriptions in force, of one dataset or all.

    Raises:
        UsageError: There is no such dataset.
    """
    workspace = open_workspace(settings)
    if dataset is not None:
        workspace.project.contract_path(dataset)
    with workspace.engine() as engine:
        return [each for each in read_subscriptions(engine) if dataset in (None, each.dataset)]


def read_subscriptions(engine: TableReader) -> list[Subscription]:
    """The subscriptions in force, by number."""
    found: dict[int, Subscription] = {}
    for row in governance.read_rows(engine, TABLE, order="seq"):
        if row["is_end"]:
            found.pop(row["subscription"], None)
        else:
            found[row["subscription"]] = _from_row(row)
    return list(found.values())


def _author(workspace: Workspace, by: str) -> Identity:
    identity = identify(workspace, by)
    if not identity.name:
        raise UsageError("subscription_by_missing")
    return identity


def _kinds(names: tuple[str, ...]) -> tuple[NoticeKind, ...]:
    for name in names:
        if name not in tuple(NoticeKind):
            raise UsageError("notice_kind", found=name, expected=", ".join(NoticeKind))
    return tuple(kind for kind in NoticeKind if not names or kind in names)


def _first_message(workspace: Workspace, wanted: Subscription) -> OutgoingMessage:
    kinds = ", ".join(text(f"noticed_{kind}", wanted.lang) for kind in wanted.kinds)
    facts = {"project": workspace.project.name, "dataset": wanted.dataset, "kinds": kinds, "author": wanted.author}
    return OutgoingMessage(
        title=text("subscription_title", wanted.lang, **facts), text=text("subscription_text", wanted.lang, **facts)
    )


def _append(engine: Engine, wanted: Subscription, *, verified: bool, is_end: bool = False) -> Subscription:
    """Append one entry; a new subscription gets the number of its entry."""
    table = governance.table_spec(TABLE).name
    while True:
        seq = engine.txn(table, APP) + 1
        stored = replace(wanted, subscription=wanted.subscription or seq)
        row = {
            "seq": seq,
            "subscription": stored.subscription,
            "is_end": is_end,
            "dataset": stored.dataset,
            "kinds": json.dumps(stored.kinds),
            "connection": stored.connection,
            "recipient": stored.recipient,
            "lang": stored.lang,
            "author": stored.author,
            "verified": verified,
            "recorded_at": stored.since,
        }
        if governance.append_rows(engine, TABLE, [row], Txn(APP, seq)):
            return stored


def _from_row(row: Mapping[str, Any]) -> Subscription:
    return Subscription(
        subscription=row["subscription"],
        dataset=row["dataset"],
        kinds=tuple(map(NoticeKind, json.loads(row["kinds"]))),
        connection=row["connection"],
        recipient=row["recipient"],
        lang=Lang(row["lang"]),
        author=row["author"],
        since=row["recorded_at"],
    )
