"""Rows outside the lake that carry their own types: Parquet, JSON, Delta and Arrow, named as relations of the session.

Refuses to convert what a rule can look into as it is; what it can't is shown in the nearest type, beside the value as it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import duckdb
from duckdb import sqltypes

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.types import from_sql
from lakeward.core.errors import DataError
from lakeward.core.names import Relation
from lakeward.core.sql import identifier, literal
from lakeward.engines.embedded.faults import machine_faults
from lakeward.engines.embedded.parquet_statistics import parquet_statistics
from lakeward.engines.embedded.scans import delta_scan
from lakeward.engines.protocols import Attached, Carrier, Outside, OutsideColumn
from lakeward.engines.reading.unreadable import readable

_NAIVE = frozenset({"timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"})
_NESTED = frozenset({"list", "array", "struct", "map", "union", "variant"})
# Beyond any decimal of ours; a rule compares them with numbers all the same.
_HUGE = frozenset({"hugeint", "uhugeint"})
# What DuckDB calls a row's place in a scan of files, unless a column of the file has that name.
_VIRTUAL = frozenset({"filename", "file_index", "file_row_number"})
# DuckDB takes texts that look like dates for dates; JSON has none, and this form is no text's.
_NO_DATES = "dateformat = '%%', timestampformat = '%%'"
_PLACE = ("_file_seq", "_row")


def attach(con: duckdb.DuckDBPyConnection, name: str, data: Outside, lake: Path) -> Attached:
    """See `QueryEngine.attach`."""
    scan = _scan(con, name, data, lake)
    types = _types(con, scan, data, lake)
    columns, items = [], []
    for place, (column, type_) in enumerate(types.items()):
        own = identifier(column)
        kind, cast = _seen(own, type_)
        held = column if cast is None else f"_own_{place}"
        columns.append(OutsideColumn(column, kind, held))
        items += [own] if cast is None else [f"{cast} AS {own}", f"{own} AS {held}"]
    rows = f"SELECT {', '.join(items)}"
    con.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(name)} AS {rows} FROM {scan}")
    placed = ", ".join((*items, *_places(data.carrier, types)))
    con.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(name + '_placed')} AS SELECT {placed} FROM {scan}")
    attached = Attached(Relation(name), Relation(f"{name}_placed"), tuple(columns))
    if data.carrier is not Carrier.PARQUET:
        return attached
    own_types = {column.name: column.type for column in columns if column.held == column.name}
    return replace(attached, statistics=parquet_statistics(con, data.files, own_types))


def _scan(con: duckdb.DuckDBPyConnection, name: str, data: Outside, lake: Path) -> str:
    """The rows as they are, as a relation."""
    listed = f"[{', '.join(literal(str(file)) for file in data.files)}]"
    if data.carrier is Carrier.ARROW:
        con.register(f"{name}_arrow", data.table)
        return identifier(f"{name}_arrow")
    if data.carrier is Carrier.DELTA:
        return delta_scan(data.files[0])
    if data.carrier is Carrier.JSON:
        return f"read_json({listed}, sample_size = -1, {_NO_DATES})"
    _alike(con, data.files, lake)
    return f"read_parquet({listed})"


def _types(con: duckdb.DuckDBPyConnection, scan: str, data: Outside, lake: Path) -> dict[str, sqltypes.DuckDBPyType]:
    """DuckDB's types by column.

    Raises:
        DataError: The data can't be read.
        ContractError: It is a Delta table that uses what can't be read.
    """
    with machine_faults(lake):
        if data.carrier is Carrier.DELTA:
            rows = con.sql(f"SELECT * FROM {scan}")
            return dict(zip(rows.columns, rows.types, strict=True))
        found = readable(partial(con.sql, f"SELECT * FROM {scan}"))
        if found is None:
            raise DataError("data_unreadable", file=data.files[0] if data.files else "-")
        return dict(zip(found.columns, found.types, strict=True))


def _alike(con: duckdb.DuckDBPyConnection, files: Sequence[Path], lake: Path) -> None:
    """Check that all files have the same columns of the same types.

    Raises:
        DataError: They differ, or one can't be read.
    """
    first: Mapping[str, str] = {}
    for file in files:
        one = Outside(Carrier.PARQUET, (file,))
        found = {name: str(t) for name, t in _types(con, f"read_parquet({literal(str(file))})", one, lake).items()}
        first = first or found
        other = next((name for name in {**first, **found} if first.get(name) != found.get(name)), None)
        if other is not None:
            facts = {"column": other, "expected": first.get(other, "-"), "found": found.get(other, "-")}
            raise DataError("data_files_differ", file=file, first=files[0], **facts)


def _seen(own: str, type_: sqltypes.DuckDBPyType) -> tuple[DataType, str | None]:
    """What rules see of a column: its type, and the cast where its own is another. Nothing looks into nested values."""
    if str(type_) == "JSON":
        return DataType(Kind.STRING), f"json_extract_string({own}, '$')"
    if type_.id in _NESTED:
        return DataType(Kind.BINARY), None
    if type_.id in _NAIVE:
        return DataType(Kind.TIMESTAMP), f"CAST({own} AS TIMESTAMP) AT TIME ZONE 'UTC'"
    if type_.id in _HUGE:
        return DataType(Kind.DOUBLE), f"CAST({own} AS DOUBLE)"
    kind = from_sql(str(type_))
    if kind.kind is Kind.STRING and str(type_) != "VARCHAR":
        return kind, f"CAST({own} AS VARCHAR)"
    return kind, None


def _places(carrier: Carrier, types: Mapping[str, object]) -> list[str]:
    """SELECT items of where a row stands: `_file`, `_file_seq` and `_row`, those that a table of ours has left as they are."""
    names = {name.lower() for name in types}
    virtual = carrier in {Carrier.PARQUET, Carrier.DELTA} and not names & _VIRTUAL
    file = "filename" if virtual or (carrier is Carrier.JSON and "filename" not in names) else "CAST(NULL AS VARCHAR)"
    # Delta numbers no files: a number that stands for the path will do, to tell rows of different files apart.
    seq = {Carrier.PARQUET: "file_index + 1", Carrier.DELTA: "hash(filename) >> 1"}[carrier] if virtual else "1"
    row = "file_row_number + 1" if virtual else "row_number() OVER ()"
    added = {"_file": file} | {"_file_seq": f"CAST({seq} AS BIGINT)", "_row": row}
    kept = set(_PLACE) <= names
    return [f"{sql} AS {name}" for name, sql in added.items() if name not in names and not (kept and name in _PLACE)]
