"""Commands for notices: subscribe to a dataset, list and end subscriptions, send what is due."""

from __future__ import annotations

from typing import Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_messages, print_table, settings_of
from lakeward.core.errors import ExitCode

By = Annotated[str, typer.Option("--by", help="Your name; default: the token's account · 姓名，默认为令牌的账号")]
COLUMNS = ("subscription", "dataset", "kinds", "connection", "recipient", "subscriber", "since")


def subscribe(  # noqa: PLR0913 - the options of a command are its arguments
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="Dataset · 数据集")],
    *,
    through: Annotated[str, typer.Option("--through", help="Connection to a mail server or webhook · 邮件或群聊连接")],
    to: Annotated[str | None, typer.Option("--to", help="Mail address · 邮件地址")] = None,
    kinds: Annotated[
        list[str] | None, typer.Option("--on", help="failure, late, halt, schema; repeat it; default: all · 种类，默认全部")
    ] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    request = flows.SubscriptionRequest(dataset=dataset, connection=through, recipient=to, kinds=tuple(kinds or ()), by=by)
    done = flows.subscribe(settings, request)
    if as_json:
        print_json(done)
    else:
        print_message(settings.lang, "subscribed", subscription=done.subscription, dataset=dataset, connection=through)


def list_(
    context: typer.Context,
    dataset: Annotated[str | None, typer.Argument(help="Dataset; default: all · 数据集，默认全部")] = None,
    *,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.list_subscriptions(settings, dataset)
    if as_json:
        print_json(found)
    elif found:
        rows = [{**each.as_dict(), "subscriber": each.author} for each in found]
        print_table(settings.lang, "title_subscriptions", rows, COLUMNS)
    else:
        print_message(settings.lang, "subscriptions_none")


def end(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="Number of the subscription · 订阅编号")],
    *,
    by: By = "",
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    ended = flows.end_subscription(settings, number, by)
    if as_json:
        print_json(ended)
    else:
        print_message(settings.lang, "subscription_ended", subscription=number, dataset=ended.dataset)


def send(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    report = flows.send_notices(settings)
    if as_json:
        print_json(report)
    else:
        print_message(settings.lang, "notices_sent", sent=report.sent)
        print_messages(settings.lang, [(notice.code, notice.facts) for notice in report.unsent])
    if report.unsent:
        raise typer.Exit(ExitCode.ENVIRONMENT)
