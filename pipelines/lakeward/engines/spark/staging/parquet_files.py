"""Parquet files on executors, in their own types: the driver reads footers, executors read pages.

Refuses what it would read otherwise than the embedded engine does: `is_alike` tells which files those are.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import duckdb
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import types as t

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.model import Column, DataType
from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, literal
from lakeward.engines.reading.parquet_types import common_type, lost_in, others
from lakeward.engines.reading.unreadable import readable
from lakeward.engines.reading.words import DUCKDB
from lakeward.engines.spark.dialect import to_spark
from lakeward.engines.spark.queries import parsed
from lakeward.engines.spark.results import fetched
from lakeward.engines.spark.shapes import Shapes
from lakeward.engines.spark.staging.json_values import json_key, json_of
from lakeward.engines.spark.staging.lines import escaped
from lakeward.engines.spark.staging.words import SPARK
from lakeward.engines.spark.types import duck_name
from lakeward.engines.text.reading import Reading, missing_detail

# Types that both engines read as the same values and write as the same texts.
_ALIKE = re.compile(
    r"(TINYINT|SMALLINT|INTEGER|BIGINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|FLOAT|DOUBLE|BOOLEAN|VARCHAR|DATE|BLOB"
    r"|TIMESTAMP|TIMESTAMP WITH TIME ZONE|DECIMAL\(\d+,\d+\))"
)
# How Spark says that a file is damaged, and whose trouble it is all the same where it says the other.
_DAMAGED = ("FAILED_READ_FILE", "CANNOT_READ_FILE_FOOTER", "org.apache.parquet")
_OUR_TROUBLE = ("OutOfMemoryError", "FileNotFoundException", "FILE_NOT_EXIST", "ExecutorLostFailure", "cancelled")


@dataclass(frozen=True, slots=True)
class _File:
    """A file that opens; `types` maps its columns to DuckDB's types, `view` names it in the session.

    In the view, columns are `c0`, `c1`, …, in the file's order; `n` is the row's number, `x` what is beside, `r` the whole row.
    """

    input: BatchInput
    types: Mapping[str, str]
    view: str
    records: int = 0

    def value(self, name: str) -> str:
        return f"c{list(self.types).index(name)}"


def is_alike(file: BatchInput, columns: Sequence[Column]) -> bool:
    """Whether Spark reads the file as DuckDB does; so does one that neither reads."""
    with duckdb.connect() as con:
        types = _footer(con, file)
    if types is None:
        return True
    flat = {column.source_name for column in columns}
    names = [name.lower() for name in types]
    usual = all(_ALIKE.fullmatch(type_) or (name not in flat and _is_plain_nested(type_)) for name, type_ in types.items())
    blobs = any(type_ == "BLOB" and name not in flat for name, type_ in types.items())
    return usual and not blobs and len(set(names)) == len(names) and "_metadata" not in names


class ParquetReader:
    """Reads Parquet files; one that lacks a required column is all rejects, a value that its table can't hold one."""

    def __init__(self, session: SparkSession, columns: Sequence[Column], stored: Mapping[str, DataType]) -> None:
        self._session = session
        self._columns = columns
        self._held = {column.source_name: stored[column.name] for column in columns if column.name in stored}
        self._shapes = Shapes()
        self._reading = Reading(SPARK)

    def read(self, files: Iterable[BatchInput]) -> Reading:
        """The rows, rejects and reports of the files."""
        names = {column.source_name for column in self._columns}
        whole = []
        for one in self._readable(files):
            unknown = tuple(name for name in one.types if name not in names)
            missing = tuple(c.source_name for c in self._columns if c.required and c.source_name not in one.types)
            self._reading.reports.append(FileReport(one.input.seq, one.input.name, one.records, unknown=unknown, missing=missing))
            if missing:
                self._reading.rejects.append(self._reject(one, "reject_missing_column", missing_detail(DUCKDB, missing)))
            else:
                whole.append(one)
        types = {c.source_name: self._type(c, whole) for c in self._columns}
        for one in whole:
            self._read(one, types)
        self._shapes.close()
        return self._reading

    def _read(self, one: _File, types: Mapping[str, str]) -> None:
        strange = others(one.types, self._held)
        lost = " OR ".join(lost_in(one.value(name), one.types[name], types[name]) for name in strange)
        named = ", ".join(f"{_value(one, c.source_name, types)} AS {identifier(c.name)}" for c in self._columns)
        row = f"SELECT {named}, {_place(one)}, x AS _extra FROM {one.view}"
        self._reading.rows.append(self._told(f"{row} WHERE NOT coalesce({lost}, false)" if lost else row))
        if lost:
            detail = "; ".join(f"{name}: expected {types[name]}, found {one.types[name]}" for name in strange)
            self._reading.rejects.append(self._reject(one, "reject_other_type", literal(detail), f" WHERE {lost}"))

    def _readable(self, files: Iterable[BatchInput]) -> list[_File]:
        """The files that can be read to their ends, their records counted by decoding them all."""
        found = []
        for file in files:
            one = self._opened(file)
            if one:
                found.append(one)
            else:
                self._reading.refuse(file, "reject_unreadable")
        return found

    def _opened(self, file: BatchInput) -> _File | None:
        with duckdb.connect() as con:
            types = _footer(con, file)
        if types is None:
            return None
        one = _File(file, types, f"staged_parquet_{file.seq}")
        try:
            self._name(one)
            everything = ", ".join(one.value(name) for name in types)
            count = f"SELECT count(*) AS records, bit_xor(xxhash64({everything})) AS read FROM {one.view}"
            return _File(file, types, one.view, fetched(self._session.sql(count))[0]["records"])
        except (PySparkException, Py4JError) as error:
            if not _is_damage(str(error)):
                raise
            return None

    def _name(self, one: _File) -> None:
        """Make the file's view, with the types that DuckDB reads."""
        names = {column.source_name for column in self._columns}
        frame = self._session.read.parquet(escaped(one.input.path))
        fields = {field.name: field.dataType for field in frame.schema.fields}
        items = [f"{_typed(name, type_)} AS {one.value(name)}" for name, type_ in one.types.items()]
        beside = {name: fields[name] for name in one.types if name not in names}
        items += [
            "_metadata.row_index + 1 AS n",
            f"{_object(beside, keep_null=False)} AS x",
            f"CAST({_object({name: fields[name] for name in one.types}, keep_null=True)} AS BINARY) AS r",
        ]
        view = frame.selectExpr(*items)
        view.createOrReplaceTempView(one.view)
        self._shapes.relation(one.view, {field.name: duck_name(field.dataType) for field in view.schema.fields})

    def _type(self, column: Column, files: Sequence[_File]) -> str:
        name = column.source_name
        return sql_type(self._held[name]) if name in self._held else common_type(column, [one.types for one in files])

    def _reject(self, one: _File, reason: str, detail: str, condition: str = "") -> str:
        items = f"{_place(one)}, {literal(reason)} AS reason, {detail} AS detail, r AS raw"
        return self._told(f"SELECT {items} FROM {one.view}{condition}")

    def _told(self, query: str) -> str:
        return to_spark(parsed(query), self._shapes, str)


def _footer(con: duckdb.DuckDBPyConnection, file: BatchInput) -> dict[str, str] | None:
    """Columns and their types in DuckDB; None where the file is none."""
    describe = f"DESCRIBE FROM read_parquet({literal(str(file.path))})"
    rows = readable(partial(_rows, con, describe))
    return None if rows is None else {row[0]: row[1] for row in rows}


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[str, ...]]:
    return con.execute(query).fetchall()


def _is_damage(said: str) -> bool:
    """Whether the file is at fault, and not memory, the network or a person who stopped it."""
    return any(sign in said for sign in _DAMAGED) and not any(sign in said for sign in _OUR_TROUBLE)


def _is_plain_nested(type_: str) -> bool:
    """Lists and structs of numbers and texts."""
    return ("(" in type_ or type_.endswith("]")) and not re.search(r"MAP\(|BLOB|TIME|DATE|UUID|INTERVAL|HUGEINT|ENUM|BIT", type_)


def _place(one: _File) -> str:
    name = literal(one.input.name)
    return f"{name} AS _file, CAST({one.input.seq} AS BIGINT) AS _file_seq, n AS _row"


def _value(one: _File, name: str, types: Mapping[str, str]) -> str:
    if name not in one.types:
        return f"CAST(NULL AS {types[name]})"
    return one.value(name) if one.types[name] == types[name] else f"TRY_CAST({one.value(name)} AS {types[name]})"


def _typed(name: str, type_: str) -> str:
    """A time without a zone stays one, whatever Spark made of it."""
    quoted = SPARK.identifier(name)
    return {"TIMESTAMP": f"CAST({quoted} AS TIMESTAMP_NTZ)", "TIMESTAMP WITH TIME ZONE": f"CAST({quoted} AS TIMESTAMP)"}.get(
        type_, quoted
    )


def _object(fields: Mapping[str, t.DataType], *, keep_null: bool) -> str:
    """Text: JSON of these columns."""
    members = []
    for name, type_ in fields.items():
        value = json_of(SPARK.identifier(name), type_)
        key = SPARK.literal(json_key(name))
        kept = f"coalesce({value}, 'null')" if keep_null else value
        members.append(f"concat({key}, {kept})")
    if not members:
        return "CAST(NULL AS STRING)"
    joined = f"'{{' || array_join(filter(array({', '.join(members)}), m -> m IS NOT NULL), ',') || '}}'"
    return joined if keep_null else f"nullif({joined}, '{{}}')"
