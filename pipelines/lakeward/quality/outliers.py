"""Row expectations that compare a value with the whole batch: distance from the mean, or from the quartiles."""

from collections.abc import Callable, Mapping

from lakeward.quality.batch_aggregates import deviation, mean, quantile
from lakeward.quality.convert import ConvertedColumn
from lakeward.quality.number_texts import NUMBERS
from lakeward.quality.scope import Kwargs, Predicate, Scope, column_predicate

# Defaults of Great Expectations.
METHOD, MULTIPLIER = "iqr", 1.5


def _double(scope: Scope, column: ConvertedColumn) -> str:
    return f"CAST({scope.value(column)} AS DOUBLE)"


def _batch_predicate(fails: str, column: ConvertedColumn, *aggregates: tuple[str, Callable[[str], str]]) -> Predicate:
    found = column_predicate(fails, column)
    return Predicate(found.fails, found.present, found.evaluated_value, batch_aggregates=dict(aggregates))


def _z_scores(kwargs: Kwargs, scope: Scope) -> Predicate | None:
    column = scope.columns[kwargs["column"]]
    if column.column.type.kind not in NUMBERS:
        return None
    centre, width = mean(_double(scope, column)), deviation(_double(scope, column))
    score = f"(CAST({column.value} AS DOUBLE) - {centre[0]}) / nullif({width[0]}, 0)"
    threshold = float(kwargs["threshold"])
    fails = f"abs({score}) >= {abs(threshold)!r}" if kwargs["double_sided"] else f"{score} >= {threshold!r}"
    return _batch_predicate(f"{fails} AND NOT isnan({score})", column, centre, width)


def _outliers(kwargs: Kwargs, scope: Scope) -> Predicate | None:
    column = scope.columns[kwargs["column"]]
    if column.column.type.kind not in NUMBERS:
        return None
    multiplier = float(kwargs.get("multiplier", MULTIPLIER))
    judge = _beyond_quartiles if kwargs.get("method", METHOD) == METHOD else _beyond_deviations
    return judge(column, _double(scope, column), multiplier)


def _beyond_quartiles(column: ConvertedColumn, values: str, multiplier: float) -> Predicate:
    low, high = quantile(values, 0.25), quantile(values, 0.75)
    own, spread = f"CAST({column.value} AS DOUBLE)", f"{multiplier!r} * ({high[0]} - {low[0]})"
    inside = f"{own} >= {low[0]} - {spread} AND {own} <= {high[0]} + {spread}"
    return _batch_predicate(f"isfinite({low[0]}) AND isfinite({high[0]}) AND NOT ({inside})", column, low, high)


def _beyond_deviations(column: ConvertedColumn, values: str, multiplier: float) -> Predicate:
    centre, width = mean(values), deviation(values)
    own, reach = f"CAST({column.value} AS DOUBLE)", f"{multiplier!r} * {width[0]}"
    distance = f"abs({own} - {centre[0]})"
    fails = f"CASE WHEN {reach} > 0 THEN {distance} >= {reach} ELSE {own} <> {centre[0]} END"
    return _batch_predicate(f"isfinite({reach}) AND {fails}", column, centre, width)


OUTLIER_PREDICATES: Mapping[str, Callable[[Kwargs, Scope], Predicate | None]] = {
    "expect_column_value_z_scores_to_be_less_than": _z_scores,
    "expect_column_values_to_not_be_outliers": _outliers,
}
