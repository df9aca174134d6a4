"""Wrong clocks: compares a reading's time with another time."""

from lakeward.quality.series.arguments import SeriesArguments
from lakeward.quality.series.rule_sql import SeriesRuleSql, microseconds

# Five minutes: more than the error of a synchronised clock and the delay of transport.
MAX_AHEAD_S = 300.0


def no_clock_skew(args: SeriesArguments, _: int) -> SeriesRuleSql:
    """A reading fails if its time is `max_ahead_seconds` ahead, or `max_behind_seconds` behind.

    Compared with `reference_column`, else with the median time of the readings that arrived together, if these agree within that
    span; a reading ahead of its own arrival always fails.
    """
    ahead, behind = float(args.get("max_ahead_seconds", MAX_AHEAD_S)), args.get("max_behind_seconds")
    if args.get("reference_column"):
        reference = args.instant_column("reference_column")
        return SeriesRuleSql(
            f"fresh AND {reference.alias} IS NOT NULL", _skew_condition(reference.alias, ahead, behind), columns=(reference,)
        )
    early, agree = f"us - taken_us > {microseconds(ahead)}", f"spread_us <= {microseconds(ahead)}"
    evaluated = f"fresh AND (coalesce({agree}, FALSE) OR coalesce({early}, FALSE))"
    return SeriesRuleSql(
        evaluated, f"{early} OR ({agree} AND ({_skew_condition('mid_us', ahead, behind)}))", needs_arrival_times=True
    )


def _skew_condition(reference: str, ahead: float, behind: float | None) -> str:
    late = f" OR {reference} - us > {microseconds(float(behind))}" if behind is not None else ""
    return f"us - {reference} > {microseconds(ahead)}{late}"
