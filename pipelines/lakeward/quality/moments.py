"""Numbers of the whole batch, each with a name under which it stands beside every row."""

from lakeward.core.names import sha256
from lakeward.quality.scope import OfRows

Moment = tuple[str, OfRows]
# The square of a larger number is none in 64 bits, and the engine stops at it: such a deviation is no number.
SQUARED = "1e150"
NAN = "CAST('nan' AS DOUBLE)"


def named(prefix: str, sql: str) -> str:
    """A name that is the same for the same SQL: what two rules ask for is computed once."""
    return f"_{prefix}{sha256(sql.encode())[:8]}"


def mean(values: str) -> Moment:
    """The mean of the doubles `values`."""
    return _plain(f"avg({values})")


def deviation(values: str) -> Moment:
    """The sample's standard deviation of the doubles `values`, as pandas has it."""
    return _plain(deviation_of(values))


def deviation_of(values: str) -> str:
    """Aggregate of the sample's standard deviation of the doubles `values`; NaN with an infinite one among them."""
    calm = f"abs({values}) < {SQUARED}"
    return f"CASE WHEN count_if(NOT ({calm})) > 0 THEN {NAN} ELSE stddev_samp(CASE WHEN {calm} THEN {values} END) END"


def quantile(values: str, share: float) -> Moment:
    """The quantile of the doubles `values`, between two of them by a straight line."""
    return _plain(f"quantile_cont({values}, {share!r})")


def modes(value: str, most: int) -> tuple[Moment, Moment]:
    """The most common values, in order and `most` of them at most, and how many there are."""
    ranked = f"SELECT {value} AS own, count(*) AS copies FROM {{}} AS batch WHERE {value} IS NOT NULL GROUP BY own"
    listed, counted = named("l", ranked), named("n", ranked)

    def top(rows: str) -> str:
        return f"SELECT own FROM ({ranked.replace('{}', rows, 1)}) AS ranked QUALIFY copies = max(copies) OVER ()"

    return (
        (listed, lambda rows: f"(SELECT list(own ORDER BY own)[:{most}] FROM ({top(rows)}) AS top)"),
        (counted, lambda rows: f"(SELECT count(*) FROM ({top(rows)}) AS top)"),
    )


def _plain(aggregate: str) -> Moment:
    return named("b", aggregate), lambda _: aggregate
