"""The source's own word on its readings: how many of a series it vouches for."""

from lakeward.core.sql import literal
from lakeward.quality.series.arguments import QUALITY, Arguments
from lakeward.quality.series.piece import Piece

# 0 is Good, in OPC UA status codes as in the quality of long telemetry.
GOOD = (0,)
MIN_SHARE = 0.99


def quality_code_share(args: Arguments, _: int) -> Piece:
    """Readings without a good code fail, in each series where good ones are less than `min_share` of the batch's."""
    code = args.word("quality_column", QUALITY)
    good = ", ".join(literal(str(one)) for one in args.given("good_codes", GOOD))
    evaluated, fails = f"fresh AND {code.alias} IS NOT NULL", f"{code.alias} NOT IN ({good})"
    share = float(args.given("min_share", MIN_SHARE))
    gate = f"count_if({evaluated} AND NOT ({fails})) < {share!r} * count_if({evaluated})"
    return Piece(evaluated, fails, fields=(code,), gate=gate)
