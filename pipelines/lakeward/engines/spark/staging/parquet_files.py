"""Parquet files on executors, in their own types: the driver reads footers, executors read pages.

Only for files that Spark reads like the embedded engine (`reads_like_duckdb`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import types as t

from lakeward.contracts.batch import BatchInput, FileReport
from lakeward.contracts.column_match import OTHER_COLUMNS, ColumnMatch, first_names, match_columns
from lakeward.contracts.model import Column, DataType
from lakeward.contracts.record_format import RecordFormat
from lakeward.contracts.types import sql_type
from lakeward.core.sql import identifier, literal, nul_names
from lakeward.engines.reading.file_errors import FileReadTrial
from lakeward.engines.reading.parquet_footer import ParquetFooter, read_footer
from lakeward.engines.reading.parquet_types import cast_value, common_type, differing_columns, loss_condition
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.spark.dialect import to_spark
from lakeward.engines.spark.queries import parse
from lakeward.engines.spark.results import collect_rows
from lakeward.engines.spark.staging.json_values import json_key, json_value
from lakeward.engines.spark.staging.lines import escape_path
from lakeward.engines.spark.staging.text_sql import SPARK
from lakeward.engines.spark.type_resolver import TypeResolver
from lakeward.engines.spark.types import duckdb_type_name
from lakeward.engines.text.staging_queries import StagingQueries, match_fault_detail

# Types that both engines read as the same values and write as the same texts.
_SHARED_TYPES = re.compile(
    r"(TINYINT|SMALLINT|INTEGER|BIGINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|FLOAT|DOUBLE|BOOLEAN|VARCHAR|DATE|BLOB"
    r"|TIMESTAMP|TIMESTAMP WITH TIME ZONE|DECIMAL\(\d+,\d+\))"
)
# Spark's errors for a damaged file, and errors with other causes.
_DAMAGE_MESSAGES = ("FAILED_READ_FILE", "CANNOT_READ_FILE_FOOTER", "org.apache.parquet")
_NOT_FILE_ERRORS = ("OutOfMemoryError", "FileNotFoundException", "FILE_NOT_EXIST", "ExecutorLostFailure", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class _SparkParquetFile:
    """A readable file; `types` maps its columns, the contract's by `source_name`, to DuckDB's types, `view` is its name in the session.

    In the view, columns are `c0`, `c1`, …, in the file's order; `n` is the row's number, `x` the unknown columns, `r` the whole
    row.
    """

    input: BatchInput
    types: Mapping[str, str]
    view: str
    match: ColumnMatch
    nanoseconds: frozenset[str] = frozenset()
    records: int = 0

    def column_alias(self, name: str) -> str:
        return f"c{list(self.types).index(name)}"


def reads_like_duckdb(file: BatchInput, columns: Sequence[Column]) -> bool:
    """Whether Spark reads the file like DuckDB; true if neither can read it."""
    footer = _read_footer(file)
    if footer is None or footer.misread:
        return True
    types = footer.types
    flat = {name for column in columns for name in column.source_names}
    names = [name.lower() for name in types]
    usual = all(_SHARED_TYPES.fullmatch(type_) or (name not in flat and _is_plain_nested(type_)) for name, type_ in types.items())
    blobs = any(type_ == "BLOB" and name not in flat for name, type_ in types.items())
    return usual and not blobs and len(set(names)) == len(names) and "_metadata" not in names


class ParquetReader:
    """Reads Parquet files; rejects a file without a required column, and a record with a value that the table can't hold."""

    def __init__(
        self, session: SparkSession, columns: Sequence[Column], stored: Mapping[str, DataType], record_format: RecordFormat
    ) -> None:
        self._session = session
        self._least, self._zone = record_format.columns_found, record_format.zone
        self._columns = columns
        self._stored_types = {column.source_name: stored[column.name] for column in columns if column.name in stored}
        self._shapes = TypeResolver()
        self._reading = StagingQueries(SPARK)

    def read(self, files: Iterable[BatchInput]) -> StagingQueries:
        """The rows, rejects and reports of the files."""
        known = self._readable_files(files)
        for parquet_file in known:
            self._report(parquet_file)
        whole = [parquet_file for parquet_file in known if not parquet_file.match.fault]
        types = {c.source_name: self._column_type(c, whole) for c in self._columns}
        for parquet_file in whole:
            self._read_file(parquet_file, types)
        self._shapes.close()
        return self._reading

    def _report(self, parquet_file: _SparkParquetFile) -> None:
        """Add the file's report, and its records as rejects if the file has a fault."""
        match, file, names = parquet_file.match, parquet_file.input, tuple(parquet_file.types)
        if match.fault == OTHER_COLUMNS and not parquet_file.records:
            self._reading.reject_columns(file, names)
            return
        report = FileReport.of_match(file, parquet_file.records, names, match)
        self._reading.reports.append(replace(report, nanoseconds=tuple(sorted(parquet_file.nanoseconds))))
        if match.fault:
            self._reading.rejects.append(self._reject_select(parquet_file, match.fault, match_fault_detail(DUCKDB, match)))

    def _read_file(self, parquet_file: _SparkParquetFile, types: Mapping[str, str]) -> None:
        strange = differing_columns(parquet_file.types, self._stored_types)
        lost = " OR ".join(
            loss_condition(parquet_file.column_alias(name), parquet_file.types[name], types[name], self._zone) for name in strange
        )
        named = ", ".join(
            f"{_value_sql(parquet_file, c.source_name, types, self._zone)} AS {identifier(c.name)}" for c in self._columns
        )
        row = f"SELECT {named}, {_row_id_items(parquet_file)}, x AS _extra FROM {parquet_file.view}"
        self._reading.rows.append(self._to_spark(f"{row} WHERE NOT coalesce({lost}, false)" if lost else row))
        if lost:
            detail = "; ".join(f"{name}: expected {types[name]}, found {parquet_file.types[name]}" for name in strange)
            self._reading.rejects.append(
                self._reject_select(parquet_file, "reject_other_type", literal(detail), f" WHERE {lost}")
            )

    def _readable_files(self, files: Iterable[BatchInput]) -> list[_SparkParquetFile]:
        """The files that can be read completely, with their records counted by decoding all."""
        found = []
        for file in files:
            footer = _read_footer(file)
            if footer and footer.misread:
                self._reading.reject_file(file, "reject_unreadable_type", "; ".join(footer.misread))
            elif footer and (unnameable := nul_names(footer.types)):
                self._reading.reject_file(file, "reject_column_nul", unnameable)
            elif footer and (parquet_file := self._open_file(file, footer)):
                found.append(parquet_file)
            else:
                self._reading.reject_file(file, "reject_unreadable")
        return found

    def _open_file(self, file: BatchInput, footer: ParquetFooter) -> _SparkParquetFile | None:
        types, view = footer.types, f"staged_parquet_{file.seq}"
        match = match_columns(self._columns, tuple(types), self._least)
        parquet_file = _SparkParquetFile(input=file, types=types, view=view, match=match, nanoseconds=footer.nanoseconds)
        try:
            self._register_view(parquet_file)
            everything = ", ".join(parquet_file.column_alias(name) for name in types)
            count = f"SELECT count(*) AS records, bit_xor(xxhash64({everything})) AS read FROM {parquet_file.view}"
            first = first_names(self._columns, match)
            named = {first.get(name, name): type_ for name, type_ in types.items()}
            return replace(parquet_file, types=named, records=collect_rows(self._session.sql(count))[0]["records"])
        except (PySparkException, Py4JError) as error:
            if not _is_damage(str(error)):
                raise
            return None

    def _register_view(self, parquet_file: _SparkParquetFile) -> None:
        """Create the file's view, with DuckDB's types."""
        names = set(parquet_file.match.sources.values())
        frame = self._session.read.parquet(escape_path(parquet_file.input.path))
        fields = {field.name: field.dataType for field in frame.schema.fields}
        items = [
            f"{_typed_column(name, type_)} AS {parquet_file.column_alias(name)}" for name, type_ in parquet_file.types.items()
        ]
        extra_fields = {name: fields[name] for name in parquet_file.types if name not in names}
        items += [
            "_metadata.row_index + 1 AS n",
            f"{_json_object(extra_fields, keep_null=False)} AS x",
            f"CAST({_json_object({name: fields[name] for name in parquet_file.types}, keep_null=True)} AS BINARY) AS r",
        ]
        view = frame.selectExpr(*items)
        view.createOrReplaceTempView(parquet_file.view)
        self._shapes.add_relation(
            parquet_file.view, {field.name: duckdb_type_name(field.dataType) for field in view.schema.fields}
        )

    def _column_type(self, column: Column, files: Sequence[_SparkParquetFile]) -> str:
        name = column.source_name
        return (
            sql_type(self._stored_types[name])
            if name in self._stored_types
            else common_type(column, [one.types for one in files])
        )

    def _reject_select(self, parquet_file: _SparkParquetFile, reason: str, detail: str, condition: str = "") -> str:
        items = f"{_row_id_items(parquet_file)}, {literal(reason)} AS reason, {detail} AS detail, r AS raw"
        return self._to_spark(f"SELECT {items} FROM {parquet_file.view}{condition}")

    def _to_spark(self, query: str) -> str:
        return to_spark(parse(query), self._shapes, str)


def _read_footer(file: BatchInput) -> ParquetFooter | None:
    """The file's footer; None if it can't be read."""
    with FileReadTrial() as trial:
        return trial.try_read(lambda con: read_footer(con, file.path))


def _is_damage(message: str) -> bool:
    """Whether the error is the file's, not memory, the network or an interrupt."""
    return any(sign in message for sign in _DAMAGE_MESSAGES) and not any(sign in message for sign in _NOT_FILE_ERRORS)


def _is_plain_nested(type_: str) -> bool:
    """Whether the type is a list or struct of numbers and texts."""
    return ("(" in type_ or type_.endswith("]")) and not re.search(r"MAP\(|BLOB|TIME|DATE|UUID|INTERVAL|HUGEINT|ENUM|BIT", type_)


def _row_id_items(parquet_file: _SparkParquetFile) -> str:
    name = literal(parquet_file.input.name)
    return f"{name} AS _file, CAST({parquet_file.input.seq} AS BIGINT) AS _file_seq, n AS _row"


def _value_sql(parquet_file: _SparkParquetFile, name: str, types: Mapping[str, str], zone: str | None) -> str:
    if name not in parquet_file.types:
        return f"CAST(NULL AS {types[name]})"
    return (
        parquet_file.column_alias(name)
        if parquet_file.types[name] == types[name]
        else cast_value(parquet_file.column_alias(name), parquet_file.types[name], types[name], zone)
    )


def _typed_column(name: str, type_: str) -> str:
    """The column in its type; a time without a zone stays one."""
    quoted = SPARK.identifier(name)
    return {"TIMESTAMP": f"CAST({quoted} AS TIMESTAMP_NTZ)", "TIMESTAMP WITH TIME ZONE": f"CAST({quoted} AS TIMESTAMP)"}.get(
        type_, quoted
    )


def _json_object(fields: Mapping[str, t.DataType], *, keep_null: bool) -> str:
    """Text: JSON of these columns."""
    members = []
    for name, type_ in fields.items():
        value = json_value(SPARK.identifier(name), type_)
        key = SPARK.literal(json_key(name))
        kept = f"coalesce({value}, 'null')" if keep_null else value
        members.append(f"concat({key}, {kept})")
    if not members:
        return "CAST(NULL AS STRING)"
    joined = f"'{{' || array_join(filter(array({', '.join(members)}), m -> m IS NOT NULL), ',') || '}}'"
    return joined if keep_null else f"nullif({joined}, '{{}}')"
