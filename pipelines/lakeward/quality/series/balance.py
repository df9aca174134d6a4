"""Physical balance: compares the sum of some readings with the sum of others at one time."""

from lakeward.core.messages import Phrase
from lakeward.core.sql import literal
from lakeward.quality.series.arguments import ArgumentError, SeriesArguments
from lakeward.quality.series.rule_sql import SeriesRuleSql

# 2 %: the normal difference of two industrial flow or energy meters.
TOLERANCE = 0.02


def balance(args: SeriesArguments, _: int) -> SeriesRuleSql:
    """A row fails if its sums differ by more than `tolerance` of the larger one and `tolerance_value`.

    Arguments are columns of a wide table, or series of long telemetry, whose readings of one time are judged with the last to
    arrive.
    """
    if args.get("input_columns") and args.get("output_columns"):
        return _wide(args)
    if args.get("input_series") and args.get("output_series"):
        return _long(args)
    raise ArgumentError("input_columns", Phrase("phrase_balance"))


def _wide(args: SeriesArguments) -> SeriesRuleSql:
    sides = [
        [args.named_number_column(name, column) for column in args.kwargs[name]] for name in ("input_columns", "output_columns")
    ]
    fields = tuple(dict.fromkeys(field for side in sides for field in side))
    known = " AND ".join(f"{field.alias} IS NOT NULL" for field in fields)
    into, out = ("(" + " + ".join(field.alias for field in side) + ")" for side in sides)
    return SeriesRuleSql(f"fresh AND {known}", _imbalance(args, into, out), columns=fields)


def _long(args: SeriesArguments) -> SeriesRuleSql:
    value = args.number_column()
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
    # If a series has two readings at one time, it is unclear which is valid.
    several = len(into) + len(out)
    evaluated = f"fresh AND met = {several} AND met_series = {several} AND place = last_met"
    return SeriesRuleSql(
        evaluated,
        _imbalance(args, "sum_in", "sum_out"),
        columns=(value,),
        windows=near,
        context_readings=1,
        needs_series_name=True,
    )


def _imbalance(args: SeriesArguments, inputs: str, outputs: str) -> str:
    share, least = float(args.get("tolerance", TOLERANCE)), float(args.get("tolerance_value", 0))
    return f"abs({inputs} - {outputs}) > {share!r} * greatest(abs({inputs}), abs({outputs})) + {least!r}"


def _texts(words: tuple[str, ...]) -> str:
    return ", ".join(literal(word) for word in words)
