"""Gaps: a series has no reading for too long. Planned silence (a heartbeat, a stop) is no gap."""

from lakeward.core.messages import Phrase
from lakeward.quality.series.arguments import ArgumentError, SeriesArguments
from lakeward.quality.series.rule_sql import JUDGEABLE, PREVIOUS, SeriesField, SeriesRuleSql, microseconds
from lakeward.quality.series.source_record import ends_before, hears_silence, near_end, overlaps
from lakeward.quality.series.states import planned_stops

# A reading counts as missing after one and a half periods or heartbeats, since a missing one delays the next by a whole one.
TOLERANCE = 0.5
# Why a gap is not judged: the collector did not hear its source; or the source reports changes alone, and lived.
UNHEARD, UNCHANGED = "unheard", "unchanged"


def no_gap(args: SeriesArguments, number: int) -> SeriesRuleSql:
    """The reading after a gap fails; not evaluated: the first of a series, and readings at the start or end of a planned stop."""
    silence = str(microseconds(_max_silence_seconds(args)))
    if args.get("source_events"):
        return gap_rule(args, number, silence)
    fields, evaluated, near = _neighbours(args)
    return SeriesRuleSql(evaluated, f"us - prev_us > {silence}", columns=fields, windows=near, context_readings=1)


def gap_rule(args: SeriesArguments, number: int, silence: str, known: str = "TRUE") -> SeriesRuleSql:
    """As `no_gap`, by what is known of the source: a loss that it reported fails, and a gap that it was not heard long enough to show is not evaluated.

    Args:
        silence: SQL of the longest silence, in microseconds.
        known: Condition of readings that are judged.
    """
    fields, evaluated, near = _neighbours(args)
    source, address = args.source, "coalesce(lim_address, key)" if args.source.limits else "key"
    away, dead, lost, gap = (f"{name}_{number}" for name in ("away", "dead", "lost", "gap"))
    is_gap = f"us - prev_us > {silence}"
    unheard, unchanged = f"({gap} AND {away})", f"({gap} AND {source.is_quiet} AND NOT {dead})"
    judged = f"{evaluated} AND {known}"
    return SeriesRuleSql(
        f"{judged} AND ({lost} OR NOT ({unheard} OR {unchanged}))",
        f"{gap} OR {lost}",
        columns=fields,
        windows=near,
        context_readings=1,
        needs_series_name=source.has_scopes,
        needs_limits=source.limits is not None,
        flags={
            gap: f"coalesce({is_gap}, FALSE)",
            # Most readings are no gap: of those nothing more is compared.
            away: f"CASE WHEN {is_gap} THEN NOT ({hears_silence(source.away, silence)}) ELSE FALSE END",
            dead: f"CASE WHEN {is_gap} THEN {overlaps(source.dead, address)} ELSE FALSE END",
            lost: f"CASE WHEN {near_end(source.lost)} THEN {ends_before(source.lost, address)} ELSE FALSE END",
        },
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
        raise ArgumentError("max_gap_seconds", Phrase("phrase_gap_seconds"))
    return float(limit) if limit is not None else float(usual) * (1 + float(args.get("tolerance", TOLERANCE)))
