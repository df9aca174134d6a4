"""A series that changes its unit."""

from lakeward.quality.series.arguments import UNIT, SeriesArguments
from lakeward.quality.series.rule_sql import JUDGEABLE, SeriesRuleSql, previous_reading


def unit_unchanged(args: SeriesArguments, _: int) -> SeriesRuleSql:
    """A reading fails when its unit is not that of the reading before: one failure per change, not one per reading since."""
    unit = args.text_column("unit_column", UNIT)
    now, then = unit.alias, f"prev_{unit.alias}"
    evaluated = f"{JUDGEABLE} AND {now} IS NOT NULL AND {then} IS NOT NULL"
    return SeriesRuleSql(evaluated, f"{now} <> {then}", columns=(unit,), windows=previous_reading(unit), context_readings=1)
