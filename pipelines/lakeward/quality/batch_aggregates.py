"""Numbers of the whole batch, each with a name under which it stands beside every row."""

from lakeward.core.names import sha256
from lakeward.quality.scope import RelationSql

BatchAggregate = tuple[str, RelationSql]
# The square of a larger number is none in 64 bits, and the engine stops at it: such a deviation is no number.
MAX_SQUARABLE = "1e150"
NAN = "CAST('nan' AS DOUBLE)"


def stable_name(prefix: str, sql: str) -> str:
    """A name that is the same for the same SQL: what two rules ask for is computed once."""
    return f"_{prefix}{sha256(sql.encode())[:8]}"


def mean(values: str) -> BatchAggregate:
    """The mean of the doubles `values`."""
    return _aggregate(f"avg({values})")


def deviation(values: str) -> BatchAggregate:
    """The sample's standard deviation of the doubles `values`, as pandas has it."""
    return _aggregate(deviation_sql(values))


def deviation_sql(values: str) -> str:
    """Aggregate of the sample's standard deviation of the doubles `values`; NaN with an infinite one among them."""
    calm = f"abs({values}) < {MAX_SQUARABLE}"
    return f"CASE WHEN count_if(NOT ({calm})) > 0 THEN {NAN} ELSE stddev_samp(CASE WHEN {calm} THEN {values} END) END"


def quantile(values: str, share: float) -> BatchAggregate:
    """The quantile of the doubles `values`, between two of them by a straight line."""
    return _aggregate(f"quantile_cont({values}, {share!r})")


def most_common(value: str, most: int) -> tuple[BatchAggregate, BatchAggregate]:
    """The most common values, in order and `most` of them at most, and how many there are."""
    ranked = f"SELECT {value} AS own, count(*) AS copies FROM {{}} AS batch WHERE {value} IS NOT NULL GROUP BY own"
    listed, counted = stable_name("l", ranked), stable_name("n", ranked)

    def top(rows: str) -> str:
        return f"SELECT own FROM ({ranked.replace('{}', rows, 1)}) AS ranked QUALIFY copies = max(copies) OVER ()"

    return (
        (listed, lambda rows: f"(SELECT list(own ORDER BY own)[:{most}] FROM ({top(rows)}) AS top)"),
        (counted, lambda rows: f"(SELECT count(*) FROM ({top(rows)}) AS top)"),
    )


def _aggregate(aggregate: str) -> BatchAggregate:
    return stable_name("b", aggregate), lambda _: aggregate
