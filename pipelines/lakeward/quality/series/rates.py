"""How fast a value may change."""

from lakeward.quality.series.arguments import Arguments
from lakeward.quality.series.piece import JUDGED, SECOND, Piece, previous


def rate_of_change_between(args: Arguments, _: int) -> Piece:
    """A reading fails when the change since the one before, per `per_seconds`, lies outside; two of one time are not evaluated."""
    value = args.number()
    now, then = value.alias, f"prev_{value.alias}"
    rate = f"({now} - {then}) * {float(args.given('per_seconds', 1)) * SECOND!r} / (us - prev_us)"
    low, high = args.given("min_value"), args.given("max_value")
    outside = [f"{rate} < {float(low)!r}"] if low is not None else []
    outside += [f"{rate} > {float(high)!r}"] if high is not None else []
    evaluated = f"{JUDGED} AND {now} IS NOT NULL AND {then} IS NOT NULL AND us > prev_us"
    return Piece(evaluated, " OR ".join(outside), fields=(value,), near=previous(value), tail=1)
