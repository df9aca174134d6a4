"""A series falls silent for longer than it should. Silence that was planned or agreed on (a heartbeat, a stop) is none."""

from lakeward.quality.series.arguments import Arguments
from lakeward.quality.series.piece import JUDGED, PREVIOUS, Piece, micros
from lakeward.quality.series.states import stopped


def no_gap(args: Arguments, _: int) -> Piece:
    """The reading after a silence fails; the first of a series is not evaluated, nor one at the begin or end of a planned stop."""
    fields, planned, before = stopped(args)
    evaluated = f"{JUDGED} AND prev_us IS NOT NULL AND NOT ({planned}) AND NOT ({before})"
    near = PREVIOUS | {f"prev_{one.alias}": f"lag({one.alias}) OVER near" for one in fields}
    return Piece(evaluated, f"us - prev_us > {micros(args.silence())}", fields, near, tail=1)
