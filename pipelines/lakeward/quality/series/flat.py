"""A value that stays the same for longer than the process can. Repeats that only say "still there" (heartbeats) prove nothing."""

from lakeward.quality.series.arguments import Arguments
from lakeward.quality.series.piece import JUDGED, Piece, micros, previous
from lakeward.quality.series.states import stopped

# A reading that comes more than half a heartbeat behind the one before is a heartbeat: a source that sees change sends sooner.
HEARTBEAT_SHARE = 0.5


def not_flat(args: Arguments, number: int) -> Piece:
    """A reading fails when values have stayed within `tolerance` of the one before for more than `max_flat_seconds`.

    No value, a planned stop, a heartbeat, or a silence longer than the limit itself begins a new stretch.
    """
    value, limit = args.number(), float(args.kwargs["max_flat_seconds"])
    fields, planned, _ = stopped(args)
    quiet = min(limit, float(args.given("heartbeat_seconds", 2 * limit)) * HEARTBEAT_SHARE)
    now, then = value.alias, f"prev_{value.alias}"
    moved = f"abs({now} - {then}) > {float(args.given('tolerance', 0))!r}"
    breaks = f"{now} IS NULL OR {then} IS NULL OR {moved} OR us - prev_us > {micros(quiet)} OR {planned}"
    evaluated = f"{JUDGED} AND {now} IS NOT NULL AND {then} IS NOT NULL AND NOT ({planned})"
    fails = f"us - since_{number} > {micros(limit)}"
    return Piece(evaluated, fails, fields=(value, *fields), near=previous(value), breaks=breaks, tail=1)
