"""Readings that arrive behind newer ones of their series."""

from lakeward.quality.series.arguments import SeriesArguments
from lakeward.quality.series.rule_sql import LATE, SeriesRuleSql

# A series' first reading has none before it; of what an earlier batch left, every reading has.
EVALUATED_COUNT = "count_if(fresh) - CASE WHEN bool_and(fresh) THEN 1 ELSE 0 END"
EARLIEST = "min(place) OVER (near ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)"


def timestamps_in_order(_: SeriesArguments, __: int) -> SeriesRuleSql:
    """A reading fails when one of a later time arrived before it: told from the order of times, so that no second sort is needed."""
    return SeriesRuleSql(
        "fresh",
        f"side = {LATE} OR earliest < place",
        windows={"earliest": EARLIEST},
        context_readings=1,
        evaluated_count=EVALUATED_COUNT,
    )
