"""Duplicate timestamps: two readings of one series at one time."""

from lakeward.quality.series.arguments import SeriesArguments
from lakeward.quality.series.rule_sql import PREVIOUS, SeriesRuleSql, previous_reading


def no_duplicate_timestamps(args: SeriesArguments, _: int) -> SeriesRuleSql:
    """A reading fails if one of the same time arrived before it; with `allow_identical`, only if its value differs."""
    if not args.get("allow_identical", False):
        return SeriesRuleSql("fresh", "us = prev_us", windows=PREVIOUS, context_readings=1)
    value = args.number_column()
    other = f"us = prev_us AND {value.alias} IS DISTINCT FROM prev_{value.alias}"
    return SeriesRuleSql("fresh", other, columns=(value,), windows=previous_reading(value), context_readings=1)
