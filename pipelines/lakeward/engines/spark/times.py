"""Times with and without a zone, which DuckDB and Spark name and treat differently."""

from collections.abc import Mapping

from sqlglot import exp

from lakeward.engines.spark.expressions import INSTANT, NAIVE, OperandTypes, RewriteRule, RuleKey, spark_call, spark_expression
from lakeward.engines.spark.formats import java_time_format

# Microseconds of the units with a fixed length.
_LENGTHS = {
    "MICROSECOND": 1,
    "MILLISECOND": 1_000,
    "SECOND": 1_000_000,
    "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000,
    "DAY": 86_400_000_000,
}
_MONTHS = {"MONTH": "months", "QUARTER": "quarters", "YEAR": "years"}


def _at_time_zone(node: exp.Expr, types: OperandTypes) -> exp.Expr:
    return _convert_zone(node.this, node.args["zone"], types[1])


def _timezone(node: exp.Expr, types: OperandTypes) -> exp.Expr:
    zone, operand = node.expressions
    return _convert_zone(operand, zone, types[2])


def _convert_zone(operand: exp.Expr, zone: exp.Expr, type_: str) -> exp.Expr:
    """`timezone`: a time with zone to local time of the zone, and back."""
    if type_ == INSTANT:
        return spark_expression("CAST(from_utc_timestamp({0}, {1}) AS TIMESTAMP_NTZ)", operand, zone)
    if zone.name == "UTC":
        return spark_expression("CAST({0} AS TIMESTAMP)", operand)
    return spark_expression("to_utc_timestamp(CAST({0} AS TIMESTAMP), {1})", operand, zone)


def _truncate(node: exp.Expr, types: OperandTypes) -> exp.Expr:
    unit = node.args["unit"].name
    back = "TIMESTAMP" if types[1] == INSTANT else "TIMESTAMP_NTZ"
    return spark_expression(f"CAST(date_trunc('{unit}', {{0}}) AS {back})", node.this)


def _date_diff(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`date_diff`: DuckDB counts boundaries between two times, Spark whole units."""
    unit, ends = str(node.args["unit"].name).upper(), (node.this, node.expression)
    if unit in _LENGTHS:
        passed = (
            f"floor(unix_micros(CAST({{0}} AS TIMESTAMP)) / {_LENGTHS[unit]}D)"
            if unit != "MICROSECOND"
            else "unix_micros(CAST({0} AS TIMESTAMP))"
        )
        return spark_expression(f"{passed} - {passed.replace('{0}', '{1}')}", *ends)
    months = "(year({0}) * 12 + month({0}) - 1)"
    per = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[unit]
    return spark_expression(f"{months} DIV {per} - {months.replace('{0}', '{1}')} DIV {per}", *ends)


def _epoch(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    return spark_expression("unix_micros(CAST({0} AS TIMESTAMP)) / 1000000D", node.this)


def _micros(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    return spark_expression("unix_micros(CAST({0} AS TIMESTAMP))", node.expressions[0])


def _from_number(node: exp.Expr, types: OperandTypes) -> exp.Expr:
    """`to_timestamp`, `epoch_ms` and `make_timestamp` by their scale; `epoch_ms` of a time returns the number."""
    scale = node.args["scale"].name if node.args.get("scale") else "0"
    if scale == "3" and (types[1] in NAIVE or types[1] in {INSTANT, "DATE"}):
        return spark_expression("unix_millis(CAST({0} AS TIMESTAMP))", node.this)
    if scale == "0":
        return spark_expression("timestamp_seconds({0})", node.this)
    return spark_expression(
        f"CAST({'timestamp_millis' if scale == '3' else 'timestamp_micros'}({{0}}) AS TIMESTAMP_NTZ)", node.this
    )


def _extract_part(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`extract`: whole seconds, and days of the week from 0 (Sunday)."""
    unit = node.name.lower()
    if unit in {"second", "seconds"}:
        return spark_expression("CAST(floor(extract(SECOND FROM {0})) AS BIGINT)", node.expression)
    return _weekday(node, _types) if unit in {"dow", "dayofweek"} else node


def _weekday(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    operand = node.expression if isinstance(node, exp.Extract) else node.this
    return spark_expression("CAST(dayofweek({0}) - 1 AS BIGINT)", operand)


def _first_operand(node: exp.Expr) -> exp.Expr:
    found: exp.Expr = node.expressions[0] if node.expressions else node.this
    return found


def _strptime(node: exp.Expr, _types: OperandTypes) -> exp.Expr:
    """`strptime`: Java's parser is more lenient than DuckDB's, so the format is checked first."""
    text, form = node.expressions[0], java_time_format(node.expressions[1].name)
    back = "TIMESTAMP" if form.has_zone else "TIMESTAMP_NTZ"
    parsed = spark_expression(f"CAST(try_to_timestamp({{0}}, {{1}}) AS {back})", text, exp.Literal.string(form.pattern))
    return exp.Case().when(spark_call("rlike", text, form.regex), parsed)


def _interval(unit: str) -> RewriteRule:
    return lambda node, _types: spark_expression(f"(INTERVAL '1' {unit} * {{0}})", exp.paren(_first_operand(node).copy()))


RULES: Mapping[RuleKey, RewriteRule] = {
    exp.AtTimeZone: _at_time_zone,
    exp.TimestampTrunc: _truncate,
    exp.DateTrunc: _truncate,
    exp.DateDiff: _date_diff,
    exp.TimeToUnix: _epoch,
    exp.UnixToTime: _from_number,
    exp.Extract: _extract_part,
    exp.Week: lambda node, _: spark_call("weekofyear", node.this),
    exp.DayOfWeek: _weekday,
    exp.DayOfWeekIso: lambda node, _: spark_expression("CAST(weekday({0}) + 1 AS BIGINT)", node.this),
    "timezone": _timezone,
    "try_strptime": _strptime,
    "epoch_us": _micros,
    "make_timestamptz": lambda node, _: spark_expression("timestamp_micros({0})", _first_operand(node)),
    "to_microseconds": lambda node, _: spark_expression(
        "make_dt_interval(0, 0, 0, CAST({0} AS DECIMAL(18, 6)) / 1000000)", _first_operand(node)
    ),
    "to_milliseconds": lambda node, _: spark_expression(
        "make_dt_interval(0, 0, 0, CAST({0} AS DECIMAL(18, 6)) / 1000)", _first_operand(node)
    ),
    "to_seconds": _interval("SECOND"),
    "to_minutes": _interval("MINUTE"),
    "to_hours": _interval("HOUR"),
    "to_days": _interval("DAY"),
}
TYPE_DEPENDENT: frozenset[RuleKey] = frozenset({exp.AtTimeZone, exp.TimestampTrunc, exp.DateTrunc, exp.UnixToTime, "timezone"})
