"""Files of JSON lines on DuckDB, through its own JSON functions."""

from collections.abc import Iterable, Sequence
from functools import partial

import duckdb

from lakeward.contracts.batch import FileReport
from lakeward.contracts.model import Column
from lakeward.core.sql import literal
from lakeward.engines.reading.text_lines import TextFile, lines, unnumbered
from lakeward.engines.reading.unreadable import readable
from lakeward.engines.reading.words import DUCKDB
from lakeward.engines.text.csv_files import not_blank
from lakeward.engines.text.json_files import JsonGroup
from lakeward.engines.text.reading import Reading

_POINTER = "'/' || replace(replace(k, '~', '~0'), '/', '~1')"


class _DuckDbJson:
    """`JsonWords` of DuckDB."""

    def parsed(self, records: str) -> str:
        """See `JsonWords.parsed`."""
        return records

    def is_object(self) -> str:
        """See `JsonWords.is_object`."""
        return "(json_valid(text) AND CASE WHEN json_valid(text) THEN json_type(text) = 'OBJECT' END)"

    def repeats(self) -> str:
        """See `JsonWords.repeats`."""
        return "len(json_keys(text)) <> list_unique(json_keys(text))"

    def each_key(self) -> str:
        """See `JsonWords.each_key`."""
        return f"unnest(CASE WHEN {self.is_object()} THEN json_keys(text) END)"

    def taken(self, records: str, columns: Sequence[Column]) -> str:
        """See `JsonWords.taken`."""
        pointers = ", ".join(literal(_pointer(column.source_name)) for column in columns)
        return f"SELECT *, json_extract_string(text, [{pointers}]) AS f FROM ({records})"

    def value(self, column: Column, place: int) -> str:
        """See `JsonWords.value`."""
        del column
        return f"f[{place}]"

    def beside(self, columns: Sequence[Column]) -> str:
        """See `JsonWords.beside`."""
        known = ", ".join(literal(column.source_name) for column in columns)
        entries = f"list_transform(json_keys(text), lambda k: {{'key': k, 'value': json_extract(text, {_POINTER})}})"
        kept = f"list_filter({entries}, lambda e: e.key NOT IN ({known}) AND e.value <> 'null')"
        return f"nullif(to_json(map_from_entries({kept}))::VARCHAR, '{{}}')"


def read_json(con: duckdb.DuckDBPyConnection, files: Iterable[TextFile], columns: Sequence[Column]) -> Reading:
    """Read files of JSON lines; a key that a record lacks is NULL, as JSON has no header to miss it in."""
    reading = Reading(DUCKDB)
    counts: dict[int, int] = {}
    known: list[TextFile] = []
    for file in files:
        count = readable(partial(_count, con, file))
        if count is None:
            reading.refuse(file.input, "reject_unreadable")
        else:
            counts[file.input.seq] = count
            known.append(file)
    if not known:
        return reading
    mixed, undecoded = any(file.view.mixed for file in known), any(file.view.undecoded for file in known)
    group = JsonGroup(words=DUCKDB, json=_DuckDbJson(), lines=lines(known), columns=columns, mixed=mixed, undecoded=undecoded)
    unknown: dict[int, list[str]] = {}
    for seq, key in con.execute(group.unknown()).fetchall():
        unknown.setdefault(seq, []).append(key)
    for file in known:
        seq = file.input.seq
        reading.reports.append(FileReport(seq, file.input.name, counts[seq], unknown=tuple(unknown.get(seq, ()))))
    group.read(reading)
    return reading


def _count(con: duckdb.DuckDBPyConnection, file: TextFile) -> int:
    select = f"SELECT count(*) FROM ({unnumbered(file.view)}) WHERE {not_blank(DUCKDB.carriage)}"
    count: int = con.execute(select).fetchall()[0][0]
    return count


def _pointer(key: str) -> str:
    """JSON pointer of a key (RFC 6901)."""
    return "/" + key.replace("~", "~0").replace("/", "~1")
