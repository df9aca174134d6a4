"""Readings that arrive behind newer ones of their series."""

from lakeward.quality.series.arguments import Arguments
from lakeward.quality.series.piece import LATE, Piece

# A series' first reading has none before it; of what an earlier batch left, every reading has.
COUNTED = "count_if(fresh) - CASE WHEN bool_and(fresh) THEN 1 ELSE 0 END"
EARLIEST = "min(place) OVER (near ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)"


def timestamps_in_order(_: Arguments, __: int) -> Piece:
    """A reading fails when one of a later time arrived before it: told from the order of times, so that no second sort is needed."""
    return Piece("fresh", f"side = {LATE} OR earliest < place", near={"earliest": EARLIEST}, tail=1, counted=COUNTED)
