"""Quality codes of the source: the share of good readings of a series."""

from lakeward.core.sql import literal
from lakeward.quality.series.arguments import QUALITY, SeriesArguments
from lakeward.quality.series.rule_sql import SeriesRuleSql

# 0 is Good, in OPC UA status codes and in the quality of long telemetry.
GOOD_CODES = (0,)
MIN_SHARE = 0.99


def quality_code_share(args: SeriesArguments, _: int) -> SeriesRuleSql:
    """Readings without a good code fail, in each series whose share of good readings in the batch is less than `min_share`."""
    code = args.text_column("quality_column", QUALITY)
    good = ", ".join(literal(str(good_code)) for good_code in args.get("good_codes", GOOD_CODES))
    evaluated, fails = f"fresh AND {code.alias} IS NOT NULL", f"{code.alias} NOT IN ({good})"
    share = float(args.get("min_share", MIN_SHARE))
    gate = f"count_if({evaluated} AND NOT ({fails})) < {share!r} * count_if({evaluated})"
    return SeriesRuleSql(evaluated, fails, columns=(code,), gate=gate)
