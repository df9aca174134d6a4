"""Reads files of JSON lines on executors, with Spark's parser limited to one JSON object and numbers written as in DuckDB.

Text after an object is a reject, although Spark's parser ignores it.
"""

import itertools
from collections.abc import Iterable, Sequence

from pyspark.sql import SparkSession

from lakeward.contracts.model import Column
from lakeward.engines.reading.text_lines import MAX_LINE_BYTES
from lakeward.engines.spark.results import collect_rows
from lakeward.engines.spark.staging.json_values import json_number, json_text
from lakeward.engines.spark.staging.lines import FileSplit, SparkTextFile, TextLines
from lakeward.engines.spark.staging.text_sql import SPARK
from lakeward.engines.text.csv_files import not_blank
from lakeward.engines.text.json_files import JsonGroup
from lakeward.engines.text.staging_queries import StagingQueries

_STRICT = "map('allowSingleQuotes', 'false')"
# Name of the object in the parsed text: no text contains its own digest.
_WRAPPED = """concat('{"x', _own, '":', text, ',"y', _own, '":{}}')"""
# A lone surrogate is not a character; pairs and escaped backslashes are removed first.
_PAIRS = SPARK.literal(r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_HALF = SPARK.literal(r"\\u[dD][89a-fA-F]")
_WHOLE_CHARACTERS = f"(NOT contains(text, '\\\\u') OR NOT regexp_replace(text, {_PAIRS}, '') RLIKE {_HALF})"
# Java writes 1.0E7 and 1.0E-4, DuckDB 10000000.0 and 0.0001; both use exponents, but from different magnitudes.
_JAVA_NUMBER = SPARK.literal(r"[0-9]E-?[0-9]")
_IS_JAVA_NUMBER = SPARK.literal(r"^-?[0-9.]+E-?[0-9]+\z")
_TOKENS = SPARK.literal(r'(?s)"(?:[^"\\]|\\.)*+"|-?[0-9.]+E-?[0-9]+|[^"0-9-]++|.')
_NO_NUMBERS = """('"NaN"', '"Infinity"', '"-Infinity"')"""
_NOT_TEXT = SPARK.literal(r'^(-?[0-9]|true\z|false\z|[{\[]|"-?(NaN|Infinity)"\z)')


class _SparkJsonSql:
    """`JsonTextSql` of Spark. `_v` is the object as a map of texts, `_k` its keys, `_u` the keys that are not columns."""

    def parse_records(self, records: str) -> str:
        """See `JsonTextSql.parse_records`."""
        wrapped = f"from_json({_WRAPPED}, 'map<string,map<string,string>>', {_STRICT})"
        maps = f"SELECT *, {wrapped} AS _m FROM (SELECT *, md5(text) AS _own FROM ({records}))"
        alone = f"size(_m) = 2 AND map_contains_key(_m, 'y' || _own) AND {_WHOLE_CHARACTERS}"
        values = f"SELECT *, CASE WHEN {alone} THEN try_element_at(_m, 'x' || _own) END AS _v FROM ({maps})"
        keys = "CASE WHEN _v IS NOT NULL THEN coalesce(json_object_keys(text), map_keys(_v)) END"
        return f"SELECT *, {keys} AS _k FROM ({values})"

    def is_object(self) -> str:
        """See `JsonTextSql.is_object`."""
        return "(_v IS NOT NULL)"

    def has_duplicate_keys(self) -> str:
        """See `JsonTextSql.has_duplicate_keys`."""
        return "size(_k) <> size(array_distinct(_k))"

    def unnest_keys(self) -> str:
        """See `JsonTextSql.unnest_keys`."""
        return "explode(_k)"

    def has_key(self, key: str) -> str:
        """See `JsonTextSql.has_key`."""
        return f"array_contains(_k, {SPARK.literal(key)})"

    def extract_values(self, records: str, keys: Sequence[str], unknown: str) -> str:
        """See `JsonTextSql.extract_values`. `_t` has the typed values, if texts are not sufficient."""
        del keys
        strange = f"SELECT *, filter(_k, k -> {unknown}) AS _u FROM ({records})"
        needed = f"size(_u) > 0 OR exists(map_values(_v), s -> contains(s, 'E') AND s RLIKE {_JAVA_NUMBER})"
        return f"SELECT *, CASE WHEN {needed} THEN from_json(text, 'map<string,variant>', {_STRICT}) END AS _t FROM ({strange})"

    def key_value(self, key: str, position: int) -> str:
        """See `JsonTextSql.key_value`."""
        del position
        quoted = SPARK.literal(key)
        value = f"try_element_at(_v, {quoted})"
        return f"CASE WHEN {_needs_rewriting(value)} AND NOT {_is_text(quoted, value)} THEN {_as_duckdb(value)} ELSE {value} END"

    def unknown_keys_json(self, unknown: str) -> str:
        """See `JsonTextSql.unknown_keys_json`."""
        del unknown
        value = "try_element_at(_v, k)"
        value_json = f"CASE WHEN {_is_text('k', value)} THEN {json_text(value)} ELSE {_as_duckdb(value)} END"
        members = f"transform(filter(_u, k -> {value} IS NOT NULL), k -> {json_text('k')} || ':' || {value_json})"
        return f"nullif('{{' || array_join({members}, ',') || '}}', '{{}}')"


def read_json(session: SparkSession, files: Iterable[SparkTextFile], columns: Sequence[Column], least: float) -> StagingQueries:
    """Read files of JSON lines; a missing key is NULL, since JSON has no header.

    Args:
        least: Minimum share of the columns in a file.
    """
    reading = StagingQueries(SPARK)
    known = sorted(files, key=lambda file: repr(file.scan_key))
    for index, (_, group) in enumerate(itertools.groupby(known, key=lambda file: file.scan_key)):
        _read(session, reading, TextLines(session, f"staged_json_{index}", tuple(group)), columns, least)
    return reading


def _read(session: SparkSession, reading: StagingQueries, lines: TextLines, columns: Sequence[Column], least: float) -> None:
    """Add files with the same layout to the reading."""
    counts = {
        "longest": "max(octet_length(value))",
        "records": f"count_if({not_blank(SPARK.carriage)})",
        "undecoded": f"count_if({lines.undecoded_condition()})",
    }
    parts = lines.splits_of(lines.measure_splits("true AS f", counts))
    good: dict[int, tuple[FileSplit, ...]] = {}
    for file in lines.files:
        found = parts(file)
        if any(part.counts["longest"] > MAX_LINE_BYTES for part in found):
            reading.reject_file(file.text.input, "reject_unreadable")
        else:
            good[file.text.input.seq] = found
    undecoded = any(part.counts["undecoded"] for found in good.values() for part in found)
    group = JsonGroup(
        sql=SPARK,
        json_sql=_SparkJsonSql(),
        lines=lines.data_lines_select(good, undecoded=undecoded),
        columns=columns,
        mixed=lines.mixed,
        undecoded=undecoded,
        least=least,
    )
    inputs = [file.text.input for file in lines.files if file.text.input.seq in good]
    keys = [(row["seq"], row["k"]) for row in collect_rows(session.sql(group.keys_select()))]
    group.read(reading, keys, [(file, sum(part.counts["records"] for part in good[file.seq])) for file in inputs])


def _needs_rewriting(value: str) -> str:
    """Condition: the value can be or contain a number that Java and DuckDB write differently."""
    return f"(contains({value}, 'E') AND {value} RLIKE {_JAVA_NUMBER} OR {value} IN {_NO_NUMBERS})"


def _is_text(key: str, value: str) -> str:
    """Condition: the value is a JSON text; judged by its characters if the type is unknown."""
    return f"coalesce(schema_of_variant(try_element_at(_t, {key})) = 'STRING', NOT {value} RLIKE {_NOT_TEXT})"


def _as_duckdb(value: str) -> str:
    """The value, not a text, with each number as DuckDB writes it."""
    tokens = f"regexp_extract_all({value}, {_TOKENS}, 0)"
    duckdb_token = f"CASE WHEN t RLIKE {_IS_JAVA_NUMBER} THEN {json_number('t')} ELSE t END"
    return (
        f"CASE WHEN {value} IN {_NO_NUMBERS} THEN {SPARK.strip_ends(value)} "
        f"WHEN {value} RLIKE {_JAVA_NUMBER} THEN array_join(transform({tokens}, t -> {duckdb_token}), '') ELSE {value} END"
    )
