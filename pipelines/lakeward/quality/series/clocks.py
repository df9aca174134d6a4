"""Clocks that are wrong: a reading's own time against a time that somebody else gave."""

from lakeward.quality.series.arguments import Arguments
from lakeward.quality.series.piece import Piece, micros

# Five minutes: clocks that are kept at all are kept better, and a reading's way takes less.
MAX_AHEAD_S = 300.0


def no_clock_skew(args: Arguments, _: int) -> Piece:
    """A reading fails when its time is `max_ahead_seconds` ahead, or `max_behind_seconds` behind.

    Compared with `reference_column`, else with the middle time of the readings that arrived beside it, where these agree within that
    span; a reading that lies ahead of its own arrival fails by that alone.
    """
    ahead, behind = float(args.given("max_ahead_seconds", MAX_AHEAD_S)), args.given("max_behind_seconds")
    if args.given("reference_column"):
        one = args.moment("reference_column")
        return Piece(f"fresh AND {one.alias} IS NOT NULL", _off(one.alias, ahead, behind), fields=(one,))
    early, agree = f"us - taken_us > {micros(ahead)}", f"spread_us <= {micros(ahead)}"
    evaluated = f"fresh AND (coalesce({agree}, FALSE) OR coalesce({early}, FALSE))"
    return Piece(evaluated, f"{early} OR ({agree} AND ({_off('mid_us', ahead, behind)}))", beside=True)


def _off(reference: str, ahead: float, behind: float | None) -> str:
    late = f" OR {reference} - us > {micros(float(behind))}" if behind is not None else ""
    return f"us - {reference} > {micros(ahead)}{late}"
