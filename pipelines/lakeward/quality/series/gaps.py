"""A series falls silent for longer than it should. Silence that was planned or agreed on (a heartbeat, a stop) is none."""

from lakeward.quality.series.arguments import ArgumentError, Arguments
from lakeward.quality.series.piece import JUDGED, PREVIOUS, Piece, micros
from lakeward.quality.series.states import stopped

# A reading may be late by half a period or heartbeat before it counts as missing: one that is missing makes it late by a whole one.
TOLERANCE = 0.5


def no_gap(args: Arguments, _: int) -> Piece:
    """The reading after a silence fails; the first of a series is not evaluated, nor one at the begin or end of a planned stop."""
    fields, planned, before = stopped(args)
    evaluated = f"{JUDGED} AND prev_us IS NOT NULL AND NOT ({planned}) AND NOT ({before})"
    near = PREVIOUS | {f"prev_{one.alias}": f"lag({one.alias}) OVER near" for one in fields}
    return Piece(evaluated, f"us - prev_us > {micros(_silence(args))}", fields=fields, near=near, tail=1)


def _silence(args: Arguments) -> float:
    """Seconds that a series may be silent."""
    limit = args.given("max_gap_seconds")
    usual = args.given("heartbeat_seconds", args.contract.sla.period_seconds)
    if limit is None and usual is None:
        raise ArgumentError("max_gap_seconds", "seconds, or heartbeat_seconds, or the frequency among slaProperties")
    return float(limit) if limit is not None else float(usual) * (1 + float(args.given("tolerance", TOLERANCE)))
