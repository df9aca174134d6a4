"""Readings that arrive after newer ones of their series."""

from lakeward.quality.series.arguments import SeriesArguments
from lakeward.quality.series.rule_sql import LATE, SeriesRuleSql

# The first reading of a series has no previous one, unless there is context of an earlier batch.
EVALUATED_COUNT = "count_if(fresh) - CASE WHEN bool_and(fresh) THEN 1 ELSE 0 END"
EARLIEST = "min(place) OVER (near ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)"


def timestamps_in_order(_: SeriesArguments, __: int) -> SeriesRuleSql:
    """A reading fails if one with a later time arrived before it; derived from the order of times, without a second sort."""
    return SeriesRuleSql(
        "fresh",
        f"side = {LATE} OR earliest < place",
        windows={"earliest": EARLIEST},
        context_readings=1,
        evaluated_count=EVALUATED_COUNT,
    )
