"""The command that shows what datasets cost to build."""

from typing import Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of

COLUMNS = ("dataset", "batches", "unmeasured", "cpu_seconds", "source_cpu_seconds", "bytes_read", "bytes_written", "stored_bytes")
MONEY = ("build_cost", "source_build_cost", "storage_cost_month", "currency")


def cost(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="Dataset, with its sources; without it, all · 数据集及其来源，省略则为全部")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.dataset_costs(settings, name)
    if as_json:
        print_json(found)
        return
    has_prices = any(each.currency for each in found)
    print_table(settings.lang, "title_cost", found, (*COLUMNS, *MONEY) if has_prices else COLUMNS)
    if any(each.unmeasured for each in found):
        print_message(settings.lang, "cost_unmeasured", count=sum(each.unmeasured for each in found))
    print_message(settings.lang, "cost_is_no_value" if has_prices else "cost_without_prices")
