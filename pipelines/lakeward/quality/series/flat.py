"""Flat lines: a value that stays the same for too long. Heartbeats, which only repeat a value, do not count."""

from lakeward.quality.series.arguments import SeriesArguments
from lakeward.quality.series.rule_sql import JUDGEABLE, SeriesRuleSql, microseconds, previous_reading
from lakeward.quality.series.states import planned_stops

# A reading more than half a heartbeat after the previous one is a heartbeat: a source that detects a change sends earlier.
HEARTBEAT_SHARE = 0.5


def not_flat(args: SeriesArguments, number: int) -> SeriesRuleSql:
    """A reading fails if values have stayed within `tolerance` of the previous one for more than `max_flat_seconds`.

    A missing value, a planned stop, a heartbeat, or a gap longer than the limit starts a new stretch. With `source_events` a series
    whose source reports changes alone is not judged.
    """
    value, limit = args.number_column(), float(args.kwargs["max_flat_seconds"])
    fields, planned, _ = planned_stops(args)
    quiet = min(limit, float(args.get("heartbeat_seconds", 2 * limit)) * HEARTBEAT_SHARE)
    now, then = value.alias, f"prev_{value.alias}"
    moved = f"abs({now} - {then}) > {float(args.get('tolerance', 0))!r}"
    breaks = f"{now} IS NULL OR {then} IS NULL OR {moved} OR us - prev_us > {microseconds(quiet)} OR {planned}"
    evaluated = f"{JUDGEABLE} AND {now} IS NOT NULL AND {then} IS NOT NULL AND NOT ({planned})"
    told = bool(args.get("source_events"))
    evaluated += f" AND NOT {args.source.is_quiet}" if told else ""
    fails = f"us - since_{number} > {microseconds(limit)}"
    return SeriesRuleSql(
        evaluated,
        fails,
        columns=(value, *fields),
        windows=previous_reading(value),
        break_condition=breaks,
        context_readings=1,
        needs_limits=told and args.source.limits is not None,
    )
