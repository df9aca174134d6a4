"""Times: instants and naive ones, which DuckDB and Spark name and treat differently."""

from collections.abc import Mapping

from sqlglot import exp

from lakeward.engines.spark.building import INSTANT, NAIVE, Key, Rule, Types, call, spark
from lakeward.engines.spark.formats import java_time

# Microseconds of what is counted in boundaries that divide all of time alike.
_LENGTHS = {
    "MICROSECOND": 1,
    "MILLISECOND": 1_000,
    "SECOND": 1_000_000,
    "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000,
    "DAY": 86_400_000_000,
}
_MONTHS = {"MONTH": "months", "QUARTER": "quarters", "YEAR": "years"}


def _at_zone(node: exp.Expr, types: Types) -> exp.Expr:
    return _zoned(node.this, node.args["zone"], types[1])


def _timezone(node: exp.Expr, types: Types) -> exp.Expr:
    zone, given = node.expressions
    return _zoned(given, zone, types[2])


def _zoned(given: exp.Expr, zone: exp.Expr, type_: str) -> exp.Expr:
    """An instant as the clocks of the zone show it; a naive time of that zone as an instant."""
    if type_ == INSTANT:
        return spark("CAST(from_utc_timestamp({0}, {1}) AS TIMESTAMP_NTZ)", given, zone)
    if zone.name == "UTC":
        return spark("CAST({0} AS TIMESTAMP)", given)
    return spark("to_utc_timestamp(CAST({0} AS TIMESTAMP), {1})", given, zone)


def _trunc(node: exp.Expr, types: Types) -> exp.Expr:
    unit = node.args["unit"].name
    back = "TIMESTAMP" if types[1] == INSTANT else "TIMESTAMP_NTZ"
    return spark(f"CAST(date_trunc('{unit}', {{0}}) AS {back})", node.this)


def _diff(node: exp.Expr, _types: Types) -> exp.Expr:
    """DuckDB counts the boundaries between two times, Spark whole units."""
    unit, ends = str(node.args["unit"].name).upper(), (node.this, node.expression)
    if unit in _LENGTHS:
        passed = (
            f"floor(unix_micros(CAST({{0}} AS TIMESTAMP)) / {_LENGTHS[unit]}D)"
            if unit != "MICROSECOND"
            else "unix_micros(CAST({0} AS TIMESTAMP))"
        )
        return spark(f"{passed} - {passed.replace('{0}', '{1}')}", *ends)
    months = "(year({0}) * 12 + month({0}) - 1)"
    per = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[unit]
    return spark(f"{months} DIV {per} - {months.replace('{0}', '{1}')} DIV {per}", *ends)


def _epoch(node: exp.Expr, _types: Types) -> exp.Expr:
    return spark("unix_micros(CAST({0} AS TIMESTAMP)) / 1000000D", node.this)


def _micros(node: exp.Expr, _types: Types) -> exp.Expr:
    return spark("unix_micros(CAST({0} AS TIMESTAMP))", node.expressions[0])


def _from_number(node: exp.Expr, types: Types) -> exp.Expr:
    """`to_timestamp`, `epoch_ms` and `make_timestamp` by their scale; of a time `epoch_ms` is the number."""
    scale = node.args["scale"].name if node.args.get("scale") else "0"
    if scale == "3" and (types[1] in NAIVE or types[1] in {INSTANT, "DATE"}):
        return spark("unix_millis(CAST({0} AS TIMESTAMP))", node.this)
    if scale == "0":
        return spark("timestamp_seconds({0})", node.this)
    return spark(f"CAST({'timestamp_millis' if scale == '3' else 'timestamp_micros'}({{0}}) AS TIMESTAMP_NTZ)", node.this)


def _part(node: exp.Expr, _types: Types) -> exp.Expr:
    """Whole seconds, and days of the week from 0, a Sunday."""
    unit = node.name.lower()
    if unit in {"second", "seconds"}:
        return spark("CAST(floor(extract(SECOND FROM {0})) AS BIGINT)", node.expression)
    return _weekday(node, _types) if unit in {"dow", "dayofweek"} else node


def _weekday(node: exp.Expr, _types: Types) -> exp.Expr:
    given = node.expression if isinstance(node, exp.Extract) else node.this
    return spark("CAST(dayofweek({0}) - 1 AS BIGINT)", given)


def _first(node: exp.Expr) -> exp.Expr:
    found: exp.Expr = node.expressions[0] if node.expressions else node.this
    return found


def _strptime(node: exp.Expr, _types: Types) -> exp.Expr:
    """Java's parser fills in and forgives what DuckDB's does not: the form is looked at first."""
    given, form = node.expressions[0], java_time(node.expressions[1].name)
    back = "TIMESTAMP" if form.has_zone else "TIMESTAMP_NTZ"
    parsed = spark(f"CAST(try_to_timestamp({{0}}, {{1}}) AS {back})", given, exp.Literal.string(form.pattern))
    return exp.Case().when(call("rlike", given, form.regex), parsed)


def _interval(unit: str) -> Rule:
    return lambda node, _types: spark(f"(INTERVAL '1' {unit} * {{0}})", exp.paren(_first(node).copy()))


RULES: Mapping[Key, Rule] = {
    exp.AtTimeZone: _at_zone,
    exp.TimestampTrunc: _trunc,
    exp.DateTrunc: _trunc,
    exp.DateDiff: _diff,
    exp.TimeToUnix: _epoch,
    exp.UnixToTime: _from_number,
    exp.Extract: _part,
    exp.Week: lambda node, _: call("weekofyear", node.this),
    exp.DayOfWeek: _weekday,
    exp.DayOfWeekIso: lambda node, _: spark("CAST(weekday({0}) + 1 AS BIGINT)", node.this),
    "timezone": _timezone,
    "try_strptime": _strptime,
    "epoch_us": _micros,
    "make_timestamptz": lambda node, _: spark("timestamp_micros({0})", _first(node)),
    "to_microseconds": lambda node, _: spark("make_dt_interval(0, 0, 0, CAST({0} AS DECIMAL(18, 6)) / 1000000)", _first(node)),
    "to_milliseconds": lambda node, _: spark("make_dt_interval(0, 0, 0, CAST({0} AS DECIMAL(18, 6)) / 1000)", _first(node)),
    "to_seconds": _interval("SECOND"),
    "to_minutes": _interval("MINUTE"),
    "to_hours": _interval("HOUR"),
    "to_days": _interval("DAY"),
}
TYPED: frozenset[Key] = frozenset({exp.AtTimeZone, exp.TimestampTrunc, exp.DateTrunc, exp.UnixToTime, "timezone"})
