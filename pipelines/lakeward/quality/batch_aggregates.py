"""Named aggregates of the whole batch, which become columns of every row."""

from lakeward.core.names import sha256
from lakeward.core.sql import OVER_ALL_ROWS
from lakeward.quality.scope import RelationSql

BatchAggregate = tuple[str, RelationSql]
# The square of a larger number overflows a double and fails the query.
MAX_SQUARABLE = "1e150"
# A power of two, which changes no digit: the squares of all doubles times it are doubles.
_SCALE = 2.0**-540
_INFINITY = "CAST('inf' AS DOUBLE)"
NAN = "CAST('nan' AS DOUBLE)"


def stable_name(prefix: str, sql: str) -> str:
    """A name derived from the SQL, so that equal aggregates of two rules are computed once."""
    return f"_{prefix}{sha256(sql.encode())[:8]}"


def mean(values: str) -> BatchAggregate:
    """The mean of the doubles `values`."""
    return _aggregate(f"avg({values})")


def deviation(values: str) -> BatchAggregate:
    """The sample standard deviation of the doubles `values`, for scores: NaN if the square of one is no double."""
    calm = f"abs({values}) < {MAX_SQUARABLE}"
    return _aggregate(f"CASE WHEN count_if(NOT ({calm})) > 0 THEN {NAN} ELSE stddev_samp(CASE WHEN {calm} THEN {values} END) END")


def deviation_sql(values: str) -> str:
    """Aggregate of the sample standard deviation of the doubles `values`: NULL of fewer than two, NaN if one is infinite."""
    calm, finite = f"abs({values}) < {MAX_SQUARABLE}", f"abs({values}) < {_INFINITY}"
    scaled = f"stddev_samp(CASE WHEN {finite} THEN {values} * {_SCALE!r} END)"
    return (
        f"CASE WHEN count({values}) < 2 THEN NULL WHEN count_if(NOT ({finite})) > 0 THEN {NAN} "
        f"WHEN count_if(NOT ({calm})) > 0 THEN {scaled} / {_SCALE!r} "
        f"ELSE stddev_samp(CASE WHEN {calm} THEN {values} END) END"
    )


def quantile(values: str, share: float) -> BatchAggregate:
    """The quantile of the doubles `values`, linearly interpolated."""
    return _aggregate(f"quantile_cont({values}, {share!r})")


def most_common(value: str, most: int) -> tuple[BatchAggregate, BatchAggregate]:
    """The most common values, in order, `most` at most, and their number."""
    ranked = f"SELECT {value} AS own, count(*) AS copies FROM {{}} AS batch WHERE {value} IS NOT NULL GROUP BY {value}"
    listed, counted = stable_name("l", ranked), stable_name("n", ranked)

    def top(rows: str) -> str:
        return f"SELECT own FROM ({ranked.replace('{}', rows, 1)}) AS ranked QUALIFY copies = max(copies) {OVER_ALL_ROWS}"

    return (
        (listed, lambda rows: f"(SELECT list(own ORDER BY own)[:{most}] FROM ({top(rows)}) AS top)"),
        (counted, lambda rows: f"(SELECT count(*) FROM ({top(rows)}) AS top)"),
    )


def _aggregate(aggregate: str) -> BatchAggregate:
    return stable_name("b", aggregate), lambda _: aggregate
