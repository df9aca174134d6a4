"""Files of JSON lines on DuckDB, through its own JSON functions."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import duckdb

from lakeward.contracts.model import Column
from lakeward.core.sql import literal
from lakeward.engines.reading.file_errors import try_read
from lakeward.engines.reading.json_arrays import json_lines_view
from lakeward.engines.reading.text_lines import TextFile, data_lines_select, lines_select
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.text.csv_files import not_blank
from lakeward.engines.text.json_files import JsonGroup
from lakeward.engines.text.staging_queries import StagingQueries

_POINTER = "'/' || replace(replace(k, '~', '~0'), '/', '~1')"


class _DuckDbJsonSql:
    """`JsonTextSql` of DuckDB."""

    def parse_records(self, records: str) -> str:
        """See `JsonTextSql.parse_records`."""
        return records

    def is_object(self) -> str:
        """See `JsonTextSql.is_object`."""
        return "(json_valid(text) AND CASE WHEN json_valid(text) THEN json_type(text) = 'OBJECT' END)"

    def has_duplicate_keys(self) -> str:
        """See `JsonTextSql.has_duplicate_keys`."""
        return "len(json_keys(text)) <> list_unique(json_keys(text))"

    def unnest_keys(self) -> str:
        """See `JsonTextSql.unnest_keys`."""
        return f"unnest(CASE WHEN {self.is_object()} THEN json_keys(text) END)"

    def has_key(self, key: str) -> str:
        """See `JsonTextSql.has_key`."""
        return f"list_contains(json_keys(text), {literal(key)})"

    def extract_values(self, records: str, keys: Sequence[str], unknown: str) -> str:
        """See `JsonTextSql.extract_values`."""
        del unknown
        pointers = ", ".join(literal(_pointer(key)) for key in keys)
        return f"SELECT *, json_extract_string(text, [{pointers}]) AS f FROM ({records})"

    def key_value(self, key: str, position: int) -> str:
        """See `JsonTextSql.key_value`."""
        del key
        return f"f[{position}]"

    def unknown_keys_json(self, unknown: str) -> str:
        """See `JsonTextSql.unknown_keys_json`."""
        keys = f"list_filter(json_keys(text), lambda k: {unknown})"
        entries = f"list_transform({keys}, lambda k: {{'key': k, 'value': json_extract(text, {_POINTER})}})"
        kept = f"list_filter({entries}, lambda e: e.value <> 'null')"
        return f"nullif(to_json(map_from_entries({kept}))::VARCHAR, '{{}}')"


def split_json(con: duckdb.DuckDBPyConnection, files: Iterable[TextFile], scratch: Path) -> tuple[list[TextFile], StagingQueries]:
    """The files as lines of JSON; and those that can't be had so, each one reject."""
    lines, faulty = [], StagingQueries(DUCKDB)
    for file in files:
        found = json_lines_view(con, file.view, scratch)
        if isinstance(found, str):
            faulty.reject_file(file.input, found)
        else:
            lines.append(replace(file, view=found))
    return lines, faulty


def read_json(
    con: duckdb.DuckDBPyConnection, files: Iterable[TextFile], columns: Sequence[Column], least: float
) -> StagingQueries:
    """Read files of JSON lines; a missing key is NULL, since JSON has no header.

    Args:
        least: Minimum share of the columns in a file.
    """
    reading = StagingQueries(DUCKDB)
    counts: dict[int, int] = {}
    known: list[TextFile] = []
    for file in files:
        count = try_read(partial(_count, con, file))
        if count is None:
            reading.reject_file(file.input, "reject_unreadable")
        else:
            counts[file.input.seq] = count
            known.append(file)
    if not known:
        return reading
    mixed, undecoded = any(file.view.mixed for file in known), any(file.view.undecoded for file in known)
    group = JsonGroup(
        sql=DUCKDB,
        json_sql=_DuckDbJsonSql(),
        lines=data_lines_select(known),
        columns=columns,
        mixed=mixed,
        undecoded=undecoded,
        least=least,
    )
    keys = con.execute(group.keys_select()).fetchall()
    group.read(reading, keys, [(file.input, counts[file.input.seq]) for file in known])
    return reading


def _count(con: duckdb.DuckDBPyConnection, file: TextFile) -> int:
    select = f"SELECT count(*) FROM ({lines_select(file.view)}) WHERE {not_blank(DUCKDB.carriage)}"
    count: int = con.execute(select).fetchall()[0][0]
    return count


def _pointer(key: str) -> str:
    """JSON pointer of a key (RFC 6901)."""
    return "/" + key.replace("~", "~0").replace("/", "~1")
