"""Gaps: a series has no reading for too long. Planned silence (a heartbeat, a stop) is no gap."""

from lakeward.quality.series.arguments import ArgumentError, SeriesArguments
from lakeward.quality.series.rule_sql import JUDGEABLE, PREVIOUS, SeriesRuleSql, microseconds
from lakeward.quality.series.states import planned_stops

# A reading counts as missing after one and a half periods or heartbeats, since a missing one delays the next by a whole one.
TOLERANCE = 0.5


def no_gap(args: SeriesArguments, _: int) -> SeriesRuleSql:
    """The reading after a gap fails; not evaluated: the first of a series, and readings at the start or end of a planned stop."""
    fields, planned, before = planned_stops(args)
    evaluated = f"{JUDGEABLE} AND prev_us IS NOT NULL AND NOT ({planned}) AND NOT ({before})"
    near = PREVIOUS | {f"prev_{column.alias}": f"lag({column.alias}) OVER near" for column in fields}
    return SeriesRuleSql(
        evaluated, f"us - prev_us > {microseconds(_max_silence_seconds(args))}", columns=fields, windows=near, context_readings=1
    )


def _max_silence_seconds(args: SeriesArguments) -> float:
    """Maximum seconds between readings of a series."""
    limit = args.get("max_gap_seconds")
    usual = args.get("heartbeat_seconds", args.contract.sla.period_seconds)
    if limit is None and usual is None:
        raise ArgumentError("max_gap_seconds", "seconds, or heartbeat_seconds, or the frequency among slaProperties")
    return float(limit) if limit is not None else float(usual) * (1 + float(args.get("tolerance", TOLERANCE)))
