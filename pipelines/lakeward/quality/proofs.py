"""Decides rules from file statistics, without reading rows; the verdict records this.

Only for rules on all rows of one column that has the contract's type in bronze, and only if no row fails. A NaN is no
value here, and statistics that do not exclude it prove nothing for a floating-point column.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import DataType, Kind
from lakeward.engines.tables import ColumnStatistics, RowStatistics
from lakeward.quality.bounds import Bounds
from lakeward.quality.checks import verdict_of_share
from lakeward.quality.literals import parse_value
from lakeward.quality.rule import Rule, Verdict
from lakeward.quality.scope import Scope

PROOF_BY_STATISTICS = "file statistics"
# Range of valid times (see `convert`).
FIRST_DAY, LAST_DAY = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

# Whether statistics prove that no row fails a rule with these arguments; the last argument parses the rule's values.
ReadValue = Callable[[Any], Any]
Proof = Callable[[Mapping[str, Any], ColumnStatistics, ReadValue], bool]


def prove(rule: Rule, scope: Scope, statistics: RowStatistics) -> Verdict | None:
    """The verdict of `rule` if `statistics` prove that no row fails it; None if rows must be read."""
    proof = PROOFS.get(rule.type)
    if proof is None or rule.kwargs.get("row_condition"):
        return None
    column = scope.columns[rule.columns[0]]
    known, type_ = statistics.columns.get(column.column.name), column.column.type
    if known is None or not column.native or not _non_nulls_are_values(known, type_, statistics.rows):
        return None
    if not proof(rule.kwargs, known, lambda value: _comparable(parse_value(value, type_, scope.zone), type_)):
        return None
    evaluated = statistics.rows if rule.type in ON_ALL_ROWS else statistics.rows - known.nulls
    return replace(verdict_of_share(rule, statistics.rows, evaluated, 0, Decimal(1)), proof=PROOF_BY_STATISTICS)


def _non_nulls_are_values(column_statistics: ColumnStatistics, type_: DataType, rows: int) -> bool:
    """Whether all values except NULLs are valid: no NaN, and no time or date outside the calendar."""
    if type_.kind is Kind.TIMESTAMP:
        return column_statistics.nulls == rows or (
            _has_bounds(column_statistics) and column_statistics.low >= FIRST_DAY and column_statistics.high <= LAST_DAY
        )
    # A date outside the calendar has no bound either.
    return type_.kind not in {Kind.DOUBLE, Kind.DATE} or column_statistics.nulls == rows or _has_bounds(column_statistics)


def _has_bounds(column_statistics: ColumnStatistics) -> bool:
    return column_statistics.low is not None and column_statistics.high is not None


def _comparable(value: Any, type_: DataType) -> Any:
    """`value` of the rule, converted as in the engine's comparison with a column of `type_`."""
    if type_.kind is Kind.DOUBLE:
        return float(value)
    return Decimal(repr(value)) if isinstance(value, float) else value


def _proves_no_nulls(_: Mapping[str, Any], column_statistics: ColumnStatistics, __: ReadValue) -> bool:
    return column_statistics.nulls == 0


def _proves_conversion(_: Mapping[str, Any], __: ColumnStatistics, ___: ReadValue) -> bool:
    return True


def _proves_between(kwargs: Mapping[str, Any], column_statistics: ColumnStatistics, read_value: ReadValue) -> bool:
    ends = {name: None if kwargs.get(name) is None else read_value(kwargs[name]) for name in ("min_value", "max_value")}
    bounds = Bounds(ends["min_value"], ends["max_value"], bool(kwargs.get("strict_min")), bool(kwargs.get("strict_max")))
    return _has_bounds(column_statistics) and bounds.contains(column_statistics.low) and bounds.contains(column_statistics.high)


def _proves_in_set(kwargs: Mapping[str, Any], column_statistics: ColumnStatistics, read_value: ReadValue) -> bool:
    """Only for a column of one value."""
    values = (read_value(value) for value in kwargs["value_set"] if value is not None)
    return (
        _has_bounds(column_statistics)
        and bool(column_statistics.low == column_statistics.high)
        and column_statistics.low in values
    )


PROOFS: Mapping[str, Proof] = {
    "type": _proves_conversion,
    "required": _proves_no_nulls,
    "key": _proves_no_nulls,
    "expect_column_values_to_not_be_null": _proves_no_nulls,
    "expect_column_values_to_be_between": _proves_between,
    "expect_column_values_to_be_in_set": _proves_in_set,
}
# A missing value is evaluated, too.
ON_ALL_ROWS = frozenset(("required", "key", "expect_column_values_to_not_be_null"))
