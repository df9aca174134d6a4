"""Commands for purposes: ask to read for one, and decide about a request. Every entry is signed by an access token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, local_time, print_json, print_message, print_table, settings_of
from lakeward.core.messages import text

if TYPE_CHECKING:
    from lakeward.core.settings import Settings
    from lakeward.flows import PurposeRequest

Number = Annotated[int, typer.Argument(help="Number of the request · 申请编号")]
Reason = Annotated[str, typer.Option("--reason", help="Why · 理由")]
COLUMNS = ("request", "account", "purpose", "state", "reason", "until", "decided_by")


def request(
    context: typer.Context,
    purpose: Annotated[str, typer.Argument(help="Purpose of the policy · 策略中的用途")],
    *,
    reason: Reason,
    days: Annotated[int | None, typer.Option("--days", help="Days; default: the most allowed · 天数，默认为上限")] = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    print_request(settings, flows.request_purpose(settings, purpose, reason, days), as_json=as_json)


def approve(context: typer.Context, number: Number, *, reason: Reason, as_json: Json = False) -> None:
    settings = settings_of(context)
    print_request(settings, flows.approve_purpose(settings, number, reason), as_json=as_json)


def reject(context: typer.Context, number: Number, *, reason: Reason, as_json: Json = False) -> None:
    settings = settings_of(context)
    print_request(settings, flows.reject_purpose(settings, number, reason), as_json=as_json)


def revoke(context: typer.Context, number: Number, *, reason: Reason, as_json: Json = False) -> None:
    settings = settings_of(context)
    print_request(settings, flows.revoke_purpose(settings, number, reason), as_json=as_json)


def list_(
    context: typer.Context,
    *,
    include_closed: Annotated[bool, typer.Option("--all", help="Include closed requests · 包括已结的申请")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.list_purpose_requests(settings, include_closed=include_closed)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_purposes", found, COLUMNS)
    else:
        print_message(settings.lang, "purposes_none")


def print_request(settings: Settings, found: PurposeRequest, *, as_json: bool) -> None:
    """Print a request after an entry, with the next step or the end of its approval."""
    if as_json:
        print_json(found)
        return
    end = ""
    if found.state == "waiting":
        end = text("purpose_next_approve", settings.lang, request=found.request)
    elif found.state == "approved" and found.until:
        end = text("purpose_until", settings.lang, until=local_time(found.until))
    facts = {"request": found.request, "account": found.account, "purpose": found.purpose}
    print_message(settings.lang, "purpose_recorded", **facts, state=found.state, end=end)
