"""What goes in must come out: the sum of some readings against the sum of others, at one time."""

from lakeward.core.sql import literal
from lakeward.quality.series.arguments import ArgumentError, Arguments
from lakeward.quality.series.piece import Piece

# Two in a hundred: what two industrial flow or energy meters may differ by and both be in order.
TOLERANCE = 0.02


def balance(args: Arguments, _: int) -> Piece:
    """A row fails when its sums differ by more than `tolerance` of the larger one and `tolerance_value`.

    A wide table names columns; long telemetry names series, whose readings of one time are judged with the last of them to arrive.
    """
    if args.given("input_columns") and args.given("output_columns"):
        return _wide(args)
    if args.given("input_series") and args.given("output_series"):
        return _long(args)
    raise ArgumentError("input_columns", "input_columns and output_columns, or input_series and output_series")


def _wide(args: Arguments) -> Piece:
    sides = [[args.numbers(name, column) for column in args.kwargs[name]] for name in ("input_columns", "output_columns")]
    fields = tuple(dict.fromkeys(one for side in sides for one in side))
    known = " AND ".join(f"{one.alias} IS NOT NULL" for one in fields)
    into, out = ("(" + " + ".join(one.alias for one in side) + ")" for side in sides)
    return Piece(f"fresh AND {known}", _differ(args, into, out), fields=fields)


def _long(args: Arguments) -> Piece:
    value = args.number()
    into, out = (tuple(args.kwargs[name]) for name in ("input_series", "output_series"))
    both = _texts((*into, *out))
    readings = f"CASE WHEN key IN ({both}) THEN {value.alias} END"
    near = {
        "sum_in": f"sum(CASE WHEN key IN ({_texts(into)}) THEN {value.alias} END) OVER (PARTITION BY us)",
        "sum_out": f"sum(CASE WHEN key IN ({_texts(out)}) THEN {value.alias} END) OVER (PARTITION BY us)",
        "met": f"count({readings}) OVER (PARTITION BY us)",
        "met_series": f"count(DISTINCT CASE WHEN {value.alias} IS NOT NULL AND key IN ({both}) THEN key END) OVER (PARTITION BY us)",
        "last_met": f"max(CASE WHEN key IN ({both}) THEN place END) OVER (PARTITION BY us)",
    }
    # Of a time at which a series speaks twice nobody knows which reading is meant.
    several = len(into) + len(out)
    evaluated = f"fresh AND met = {several} AND met_series = {several} AND place = last_met"
    return Piece(evaluated, _differ(args, "sum_in", "sum_out"), fields=(value,), near=near, tail=1, by_name=True)


def _differ(args: Arguments, into: str, out: str) -> str:
    share, least = float(args.given("tolerance", TOLERANCE)), float(args.given("tolerance_value", 0))
    return f"abs({into} - {out}) > {share!r} * greatest(abs({into}), abs({out})) + {least!r}"


def _texts(words: tuple[str, ...]) -> str:
    return ", ".join(literal(word) for word in words)
