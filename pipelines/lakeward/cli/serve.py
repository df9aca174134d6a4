"""Commands of readers, and of those who write the serving policy."""

from __future__ import annotations

import csv
import importlib
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import settings_of
from lakeward.core.errors import UsageError
from lakeward.core.messages import text

if TYPE_CHECKING:
    from lakeward.flows import Rows


Purpose = Annotated[str | None, typer.Option("--purpose", help="Purpose of reading · 用途")]


def query(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(help="One SELECT statement · 一条 SELECT 语句")],
    *,
    role: Annotated[
        str | None, typer.Option("--as", help="Role; default: the token's only one · 角色，默认为令牌唯一的角色")
    ] = None,
    purpose: Purpose = None,
    form: Annotated[str, typer.Option("--format", help="table, csv, json, arrow")] = "table",
    parameters: Annotated[list[str] | None, typer.Option("--param", help="NAME=VALUE of $NAME · $NAME 的取值")] = None,
) -> None:
    settings = settings_of(context)
    values = dict(map(_parameter, parameters or ()))
    if form not in WRITERS:
        raise UsageError("format_unknown", found=form, expected=", ".join(WRITERS))
    with flows.open_connection(settings, role, purpose=purpose) as con:
        rows = con.sql(sql, values)
        WRITERS[form](rows, flows.display_zone(settings))
    if rows.aggregated:
        columns = ", ".join(f"{column} ({action})" for column, action in sorted(rows.aggregated.items()))
        sys.stderr.write(text("query_of_protected", settings.lang, columns=columns) + "\n")


def _parameter(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals or not name:
        raise UsageError("parameter_without_name", expected="--param NAME=VALUE")
    return name, value


def _plain(value: object) -> object:
    """Byte strings, such as encrypted values, as hex."""
    return value.hex() if isinstance(value, bytes) else value


def _local(value: object, zone: tzinfo) -> object:
    """An instant in the zone, with its offset; one at the end of the calendar stays in UTC."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        with suppress(OverflowError):
            return value.astimezone(zone)
    return _plain(value)


def _table(rows: Rows, _: tzinfo) -> None:
    sys.stdout.write(f"{rows!r}\n")


def _csv(rows: Rows, zone: tzinfo) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    found = rows.fetchall()
    writer.writerow(rows.columns)
    writer.writerows([[_local(value, zone) for value in row] for row in found])


def _json(rows: Rows, _: tzinfo) -> None:
    found = [dict(zip(rows.columns, map(_plain, row), strict=True)) for row in rows.fetchall()]
    sys.stdout.write(json.dumps(found, ensure_ascii=False, default=str) + "\n")


def _arrow(rows: Rows, _: tzinfo) -> None:
    found = rows.arrow()
    ipc = importlib.import_module("pyarrow.ipc")  # the plain install is without Arrow
    with ipc.new_stream(sys.stdout.buffer, found.schema) as stream:
        stream.write_table(found)


# For programs, JSON and Arrow hold UTC; people read tables and CSV in the project's zone.
WRITERS: dict[str, Callable[[Rows, tzinfo], None]] = {"table": _table, "csv": _csv, "json": _json, "arrow": _arrow}
