"""Two readings of one series at one time."""

from lakeward.quality.series.arguments import Arguments
from lakeward.quality.series.piece import PREVIOUS, Piece, previous


def no_duplicate_timestamps(args: Arguments, _: int) -> Piece:
    """A reading fails when one of the same time arrived before it; with `allow_identical`, only when its value is another."""
    if not args.given("allow_identical", False):
        return Piece("fresh", "us = prev_us", near=PREVIOUS, tail=1)
    value = args.number()
    other = f"us = prev_us AND {value.alias} IS DISTINCT FROM prev_{value.alias}"
    return Piece("fresh", other, fields=(value,), near=previous(value), tail=1)
