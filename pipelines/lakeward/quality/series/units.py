"""A series that changes its unit."""

from lakeward.quality.series.arguments import UNIT, Arguments
from lakeward.quality.series.piece import JUDGED, Piece, previous


def unit_unchanged(args: Arguments, _: int) -> Piece:
    """A reading fails when its unit is not that of the reading before: one failure per change, not one per reading since."""
    unit = args.word("unit_column", UNIT)
    now, then = unit.alias, f"prev_{unit.alias}"
    evaluated = f"{JUDGED} AND {now} IS NOT NULL AND {then} IS NOT NULL"
    return Piece(evaluated, f"{now} <> {then}", fields=(unit,), near=previous(unit), tail=1)
