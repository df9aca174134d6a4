"""Rate of change of a value."""

from lakeward.quality.series.arguments import SeriesArguments
from lakeward.quality.series.rule_sql import JUDGEABLE, SECOND, SeriesRuleSql, previous_reading


def rate_of_change_between(args: SeriesArguments, _: int) -> SeriesRuleSql:
    """A reading fails if its change from the previous one, per `per_seconds`, is out of range; not evaluated at equal times."""
    value = args.number_column()
    now, then = value.alias, f"prev_{value.alias}"
    rate = f"({now} - {then}) * {float(args.get('per_seconds', 1)) * SECOND!r} / (us - prev_us)"
    low, high = args.get("min_value"), args.get("max_value")
    outside = [f"{rate} < {float(low)!r}"] if low is not None else []
    outside += [f"{rate} > {float(high)!r}"] if high is not None else []
    evaluated = f"{JUDGEABLE} AND {now} IS NOT NULL AND {then} IS NOT NULL AND us > prev_us"
    return SeriesRuleSql(evaluated, " OR ".join(outside), columns=(value,), windows=previous_reading(value), context_readings=1)
