"""Writes columns with few distinct texts as enumerations: DuckDB's writer hashes every text, but not an enumeration.

Ten million rows of 200 names cost 0.44 s of CPU as texts, 0.11 s as an enumeration. Expensive queries are not run twice: only
files of a table, or of a batch in Parquet, are scanned before they are written.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from lakeward.core.sql import identifier, literal

# Operators of a query that only reads files and filters rows.
_CHEAP = frozenset({"DELTA_SCAN", "READ_PARQUET", "PARQUET_SCAN", "PROJECTION", "FILTER", "UNION"})
# Operators of a query over rows that DuckDB counted beforehand: of a text file it takes 42, however long it is.
_COUNTED = _CHEAP | {"SEQ_SCAN", "COLUMN_DATA_SCAN"}
# Rows of the first sample; smaller tables are not worth it.
_SAMPLE_ROWS = 200_000
# Estimated rows below which no sample is taken. DuckDB takes a fifth for what a filter lets through; it costs 20 ms to look.
FEW_ROWS = 8_000
# A text is searched linearly, once per dictionary of a file; in a file without one, once per row.
_MAX_TEXTS = 256
# Columns whose texts are counted in one scan.
_COLUMNS_OF_A_SCAN = 32


@dataclass(frozen=True, slots=True)
class TextDictionary:
    """All distinct texts of a column of a query, and its number of NULLs."""

    values: tuple[str, ...]
    nulls: int

    def select_item(self, name: str) -> str:
        """SELECT item of the column as an enumeration. DuckDB computes a function of one column once per dictionary value."""
        listed, own = ", ".join(map(literal, self.values)), identifier(name)
        return f"list_extract([{listed}]::ENUM({listed})[], list_position([{listed}], {own})) AS {own}"

    @property
    def bounds(self) -> Mapping[str, str]:
        """Statistics of the column, which the writer does not return for enumerations."""
        return {"min": min(self.values), "max": max(self.values)}


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """What DuckDB plans for a query, before it is run.

    Args:
        operators: Names of its operators.
        rows: The most rows that DuckDB expects of one of them; infinite where it does not say.
    """

    operators: frozenset[str]
    rows: float

    @property
    def has_few_rows(self) -> bool:
        """Whether it is certain that the rows are few."""
        return self.rows < FEW_ROWS and self.operators <= _COUNTED


def query_plan(con: duckdb.DuckDBPyConnection, query: str) -> QueryPlan:
    """The plan of `query`."""
    explained = con.execute(f"EXPLAIN (FORMAT json) {query}").fetchall()[0][1]
    operators = tuple(_planned_operators(json.loads(explained)))
    return QueryPlan(frozenset(name for name, _ in operators), max((rows for _, rows in operators), default=0.0))


def text_dictionaries(
    con: duckdb.DuckDBPyConnection, query: str, columns: Sequence[str], plan: QueryPlan
) -> dict[str, TextDictionary]:
    """The dictionaries of those text columns in `columns` that have few distinct texts in `query`, whose plan is `plan`."""
    if not columns or plan.rows < FEW_ROWS or not plan.operators <= _CHEAP:
        return {}
    # Most batches are small: to count their rows alone takes a tenth of counting their texts.
    if _row(con, f"SELECT count(*) FROM (SELECT 1 FROM ({query}) LIMIT {_SAMPLE_ROWS})")[0] < _SAMPLE_ROWS:
        return {}
    names = [identifier(column) for column in columns]
    sample = f"SELECT {', '.join(names)} FROM ({query}) LIMIT {_SAMPLE_ROWS}"
    counts = _row(con, f"SELECT {', '.join(f'count(DISTINCT {name})' for name in names)} FROM ({sample})")
    likely = [column for column, count in zip(columns, counts, strict=True) if 0 < count <= _MAX_TEXTS]
    parts = [likely[at : at + _COLUMNS_OF_A_SCAN] for at in range(0, len(likely), _COLUMNS_OF_A_SCAN)]
    counted = {column: texts for part in parts for column, texts in _count_texts(con, query, part).items()}
    return {column: found for column, texts in counted.items() if (found := _dictionary(texts))}


def _count_texts(con: duckdb.DuckDBPyConnection, query: str, columns: Sequence[str]) -> dict[str, dict[str | None, int]]:
    """Texts of each column with their numbers of rows, in one scan: a filter costs more than the counts. Empty if there are too many."""
    names = [identifier(column) for column in columns]
    is_own = ", ".join(f"grouping({name}) = 0" for name in names)
    sets, most = ", ".join(f"({name})" for name in names), len(names) * (_MAX_TEXTS + 1)
    rows = con.execute(
        f"SELECT count(*), {', '.join(names)}, {is_own} FROM ({query}) GROUP BY GROUPING SETS ({sets}) LIMIT {most + 1}"
    ).fetchall()
    counts: dict[str, dict[str | None, int]] = {column: {} for column in columns} if len(rows) <= most else {}
    for count, *fields in rows if counts else ():
        at = fields.index(True, len(names)) - len(names)
        counts[columns[at]][fields[at]] = count
    return counts


def _dictionary(counts: Mapping[str | None, int]) -> TextDictionary | None:
    """None if there are too many texts."""
    texts = sorted(text for text in counts if text is not None)
    if not 0 < len(texts) <= _MAX_TEXTS or "\0" in "".join(texts):
        return None
    return TextDictionary(tuple(texts), counts.get(None, 0))


def _row(con: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return tuple(con.execute(query).fetchall()[0])


def _planned_operators(nodes: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    """The operators, and the rows that DuckDB expects of each: any number where it does not say."""
    for node in nodes:
        yield node["name"].strip(), float(node.get("extra_info", {}).get("Estimated Cardinality", "inf"))
        yield from _planned_operators(node["children"])
