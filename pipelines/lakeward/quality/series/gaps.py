"""Gaps: a series has no reading for too long. Planned silence (a heartbeat, a stop) is no gap."""

from lakeward.quality.series.arguments import ArgumentError, SeriesArguments
from lakeward.quality.series.rule_sql import JUDGEABLE, PREVIOUS, SeriesField, SeriesRuleSql, microseconds
from lakeward.quality.series.source_record import ends_before, overlaps
from lakeward.quality.series.states import planned_stops

# A reading counts as missing after one and a half periods or heartbeats, since a missing one delays the next by a whole one.
TOLERANCE = 0.5
# Why a gap is not judged: the collector did not hear its source; or the source reports changes alone, and lived.
UNHEARD, UNCHANGED = "unheard", "unchanged"


def no_gap(args: SeriesArguments, _: int) -> SeriesRuleSql:
    """The reading after a gap fails; not evaluated: the first of a series, and readings at the start or end of a planned stop."""
    silence = str(microseconds(_max_silence_seconds(args)))
    if args.get("source_events"):
        return gap_rule(args, silence)
    fields, evaluated, near = _neighbours(args)
    return SeriesRuleSql(evaluated, f"us - prev_us > {silence}", columns=fields, windows=near, context_readings=1)


def gap_rule(args: SeriesArguments, silence: str, known: str = "TRUE") -> SeriesRuleSql:
    """As `no_gap`, by what is known of the source: a loss that it reported fails, and a gap in which it was not heard is not evaluated.

    Args:
        silence: SQL of the longest silence, in microseconds.
        known: Condition of readings that are judged.
    """
    fields, evaluated, near = _neighbours(args)
    source, address = args.source, "coalesce(lim_address, key)" if args.source.limits else "key"
    gap, lost = f"us - prev_us > {silence}", f"({ends_before(source.lost, address)})"
    is_away, is_dead = (f"({overlaps(spans, address)})" for spans in (source.away, source.dead))
    unheard = f"({gap} AND {is_away})"
    unchanged = f"({gap} AND {source.is_quiet} AND NOT {is_dead})"
    judged = f"{evaluated} AND {known}"
    return SeriesRuleSql(
        f"{judged} AND ({lost} OR NOT ({unheard} OR {unchanged}))",
        f"{gap} OR {lost}",
        columns=fields,
        windows=near,
        context_readings=1,
        needs_series_name=source.has_scopes,
        needs_limits=source.limits is not None,
        excused={
            UNHEARD: f"{judged} AND NOT {lost} AND {unheard}",
            UNCHANGED: f"{judged} AND NOT {lost} AND NOT {unheard} AND {unchanged}",
        },
    )


def _neighbours(args: SeriesArguments) -> tuple[tuple[SeriesField, ...], str, dict[str, str]]:
    """Fields, the condition of readings that have one before them outside of planned stops, and window expressions."""
    fields, planned, before = planned_stops(args)
    evaluated = f"{JUDGEABLE} AND prev_us IS NOT NULL AND NOT ({planned}) AND NOT ({before})"
    return fields, evaluated, PREVIOUS | {f"prev_{column.alias}": f"lag({column.alias}) OVER near" for column in fields}


def _max_silence_seconds(args: SeriesArguments) -> float:
    """Maximum seconds between readings of a series."""
    limit = args.get("max_gap_seconds")
    usual = args.get("heartbeat_seconds", args.contract.sla.period_seconds)
    if limit is None and usual is None:
        raise ArgumentError("max_gap_seconds", "seconds, or heartbeat_seconds, or the frequency among slaProperties")
    return float(limit) if limit is not None else float(usual) * (1 + float(args.get("tolerance", TOLERANCE)))
