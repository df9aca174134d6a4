"""Reads the keys of a contract that describe a table or a query of a database."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from lakeward.contracts import dialect
from lakeward.contracts.dialect import read_record_format
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.contracts.segment_bounds import SEGMENT_BATCH_BYTES
from lakeward.contracts.segment_keys import CONNECTION_KEYS, bounded_integer, read_connection_name
from lakeward.contracts.source import WINDOW_ROWS, SqlSource, Watermark, WatermarkMode
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

MAX_WINDOW_ROWS = 100_000_000
# Ten years; further back is a load of everything.
MAX_LOOKBACK = 315_360_000
KEYS: Mapping[str, KeyDoc] = {
    **CONNECTION_KEYS,
    "table": KeyDoc(
        "text", 'The table or view, such as `public.readings`; letters stand as the database has them, a name with a dot in `"`.'
    ),
    "query": KeyDoc("file", "In place of `table`: a file in the dataset's folder with one SELECT."),
    "watermark": KeyDoc("mapping", "How new rows are found; see below.", required=True),
    "windowRows": KeyDoc(
        "whole number",
        "Rows of a window, which is landed whole or not at all; all rows of one transaction or one value are in one.",
        f"{WINDOW_ROWS}",
    ),
    "limitBytes": KeyDoc("whole number", "Most bytes of segments in one batch.", f"{SEGMENT_BATCH_BYTES}"),
    "timezone": KeyDoc("IANA zone", "Zone of times without an offset.", "none: a row with such a time is quarantined"),
    "nulls": KeyDoc("list of texts", dialect.KEYS["nulls"].meaning, "`[]`: NULL alone"),
}
WATERMARK: Mapping[str, KeyDoc] = {
    "column": KeyDoc("text", "Its name in the database.", required=True),
    "mode": KeyDoc(
        "`xid8` or `lookback`",
        "`xid8`: PostgreSQL, a column of type xid8 with `pg_current_xact_id()` of each write: no committed row is missed, however late. "
        "`lookback`: a column of times or whole numbers that grow: a row is missed if it becomes visible later than `lookback` after rows "
        "that follow it.",
        required=True,
    ),
    "lookback": KeyDoc(
        "duration or whole number",
        "How far back each run reads again: `90s`, `30min`, `2h`, `7d` for times, a difference for numbers. What was landed is not landed again.",
        "required with `lookback`, else none",
    ),
}
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,9}) ?(s|min|h|d)")
_NAME = re.compile(r'"(?:[^"]|"")+"|[^".]+')
_MOST_NAMES = 3


def read_sql(view: View, retention_days: int | None) -> tuple[SqlSource, RecordFormat]:
    """The table or query in a mapping, and the record format of its windows: rows in their own types."""
    limit_bytes = view.positive_integer("limitBytes", SEGMENT_BATCH_BYTES)
    table, query = view.text("table", ""), view.text("query", "")
    if bool(table) == bool(query):
        view.fail("table", "contract_table_or_query", found=Phrase("phrase_both" if table else "phrase_neither"))
    source = SqlSource(
        connection=read_connection_name(view),
        table=_table(view) if table else (),
        query=_query(view, query) if query else None,
        watermark=_watermark(view),
        window_rows=bounded_integer(view, "windowRows", WINDOW_ROWS, MAX_WINDOW_ROWS),
        limit_bytes=limit_bytes,
        retention_days=retention_days,
    )
    form = read_record_format(view, sheet_limit_bytes=limit_bytes, form=FileFormat.PARQUET)
    return source, replace(form, nulls=view.texts("nulls"))


def split_table_name(text: str) -> tuple[str, ...] | None:
    """The names in `schema.table`, without quotes; None if they are not one to three."""
    names = _NAME.findall(text)
    plain = tuple(name[1:-1].replace('""', '"') if name.startswith('"') else name for name in names)
    return plain if ".".join(names) == text and 0 < len(names) <= _MOST_NAMES and "\0" not in text else None


def _table(view: View) -> tuple[str, ...]:
    def read(value: Any) -> tuple[str, ...] | None:
        return split_table_name(value) if isinstance(value, str) else None

    return view.entry("table", Phrase("phrase_table_name", example="public.readings"), read) or ()


def _query(view: View, text: str) -> PurePosixPath:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\0" in text:
        view.fail("query", "contract_path_outside", key="query")
    return path


def _watermark(view: View) -> Watermark:
    own = view.mapping("watermark")
    if view.values.get("watermark") is None:
        view.fail_value("watermark", Phrase("phrase_watermark"))
        return Watermark(column="", mode=WatermarkMode.XID8)
    own.allow_only(WATERMARK)
    mode = own.choice("mode", tuple(WatermarkMode))
    return Watermark(column=own.text("column"), mode=mode, lookback=_lookback(own, mode))


def _lookback(view: View, mode: WatermarkMode) -> int:
    if mode is WatermarkMode.XID8:
        if view.values.get("lookback") is not None:
            view.fail_value("lookback", Phrase("phrase_beside", other="mode: lookback"))
        return 0
    found = view.entry("lookback", Phrase("phrase_lookback"), read_lookback)
    return found or 0


def read_lookback(value: Any) -> int | None:
    """Seconds of a duration, or the number itself; None for anything else."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    amount = int(match[1]) * _SECONDS[match[2]] if match else value
    return amount if type(amount) is int and 0 <= amount <= MAX_LOOKBACK else None
