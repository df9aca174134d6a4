"""Files of one JSON object per line (RFC 8259 texts): judged and taken apart line by line, values as text.

Refuses to choose between two values of one key. A number passes through DuckDB's parser: beyond 64 bits, or more digits than a
double holds, only whole numbers keep every digit.
"""

from collections.abc import Iterable, Sequence
from functools import partial

import duckdb

from lakeward.contracts.batch import FileReport
from lakeward.contracts.model import Column
from lakeward.core.sql import literal
from lakeward.engines.embedded.reading import Reading, readable, rejects, rows, unrejected
from lakeward.engines.embedded.text_lines import TextFile, has_undecoded, lines, not_blank, raw_bytes, restored, unnumbered

# Unknown keys may be values in disguise (ids as keys); a report names so many of them, `_extra` keeps all.
MAX_UNKNOWN = 100

_IS_OBJECT = "(json_valid(text) AND CASE WHEN json_valid(text) THEN json_type(text) = 'OBJECT' END)"
_POINTER = "'/' || replace(replace(k, '~', '~0'), '/', '~1')"


def read_json(con: duckdb.DuckDBPyConnection, files: Iterable[TextFile], columns: Sequence[Column]) -> Reading:
    """Read files of JSON lines; a key that a record lacks is NULL, as JSON has no header to miss it in."""
    reading = Reading()
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
    records, undecoded = _records(known)
    unknown = _unknown(con, records, columns)
    for file in known:
        seq = file.input.seq
        reading.reports.append(FileReport(seq, file.input.name, counts[seq], unknown.get(seq, ())))
    reading.rejects.append(
        rejects(records, _reason(undecoded=undecoded), "NULL::VARCHAR", raw_bytes("text", undecoded=undecoded))
    )
    pointers = ", ".join(literal(_pointer(column.source_name)) for column in columns)
    cut = f"SELECT *, json_extract_string(text, [{pointers}]) AS f FROM ({unrejected(records)})"
    reading.rows.append(rows(cut, columns, [f"f[{place}]" for place, _ in enumerate(columns, 1)], _extra(columns)))
    return reading


def _count(con: duckdb.DuckDBPyConnection, file: TextFile) -> int:
    count: int = con.execute(f"SELECT count(*) FROM ({unnumbered(file.view)}) WHERE {not_blank('line')}").fetchall()[0][0]
    return count


def _records(files: Sequence[TextFile]) -> tuple[str, bool]:
    """SELECT of `file, seq, n, text`, and whether any text has undecoded bytes."""
    mixed = any(file.view.mixed for file in files)
    text = restored("line", mixed=mixed)
    select = f"SELECT file, seq, n, {text} AS text FROM ({lines(files)}) WHERE {not_blank('line')}"
    return select, any(file.view.undecoded for file in files)


def _pointer(key: str) -> str:
    """JSON pointer of a key (RFC 6901)."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _reason(*, undecoded: bool) -> str:
    return (
        f"CASE WHEN {has_undecoded('text', undecoded=undecoded)} THEN 'reject_encoding' "
        f"WHEN NOT {_IS_OBJECT} THEN 'reject_not_json' "
        "WHEN len(json_keys(text)) <> list_unique(json_keys(text)) THEN 'reject_duplicate_key' END"
    )


def _is_unknown(key: str, columns: Sequence[Column]) -> str:
    return f"{key} NOT IN ({', '.join(literal(column.source_name) for column in columns)})"


def _unknown(con: duckdb.DuckDBPyConnection, records: str, columns: Sequence[Column]) -> dict[int, tuple[str, ...]]:
    """The first unknown keys of each file, by name."""
    keys = f"SELECT DISTINCT seq, unnest(CASE WHEN {_IS_OBJECT} THEN json_keys(text) END) AS k FROM ({records})"
    found = con.execute(
        f"SELECT seq, list(k ORDER BY k)[:{MAX_UNKNOWN}] FROM ({keys}) WHERE {_is_unknown('k', columns)} GROUP BY seq"
    )
    return {seq: tuple(names) for seq, names in found.fetchall()}


def _extra(columns: Sequence[Column]) -> str:
    entries = f"list_transform(json_keys(text), lambda k: {{'key': k, 'value': json_extract(text, {_POINTER})}})"
    kept = f"list_filter({entries}, lambda e: {_is_unknown('e.key', columns)} AND e.value <> 'null')"
    return f"nullif(to_json(map_from_entries({kept}))::VARCHAR, '{{}}')"
