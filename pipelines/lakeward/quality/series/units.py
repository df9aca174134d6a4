"""Change of the unit within a series."""

from lakeward.quality.series.arguments import UNIT, SeriesArguments
from lakeward.quality.series.rule_sql import JUDGEABLE, SeriesRuleSql, previous_reading


def unit_unchanged(args: SeriesArguments, _: int) -> SeriesRuleSql:
    """A reading fails if its unit differs from the previous reading's: one failure per change."""
    unit = args.text_column("unit_column", UNIT)
    now, then = unit.alias, f"prev_{unit.alias}"
    evaluated = f"{JUDGEABLE} AND {now} IS NOT NULL AND {then} IS NOT NULL"
    return SeriesRuleSql(evaluated, f"{now} <> {then}", columns=(unit,), windows=previous_reading(unit), context_readings=1)
