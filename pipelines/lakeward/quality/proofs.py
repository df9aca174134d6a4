"""Rules that the statistics of a batch's files already prove: they are not read at all, and their verdicts say so.

Refuses to guess: only rules on one column that bronze holds as the contract has it, on all rows, and only that none fails. A NaN is no
value here, and statistics that do not rule it out prove nothing of a floating-point column.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import DataType, Kind
from lakeward.engines.protocols import ColumnStatistics, Statistics
from lakeward.quality.bounds import Bounds
from lakeward.quality.checks import share
from lakeward.quality.literals import parsed
from lakeward.quality.rule import Rule, Verdict
from lakeward.quality.scope import Scope

STATISTICS = "file statistics"
# The calendar outside of which a time is no value (see `convert`).
FIRST_DAY, LAST_DAY = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

# Whether no row fails a rule with these arguments, given what is known of its column, and a reader of the rule's values.
Read = Callable[[Any], Any]
Proof = Callable[[Mapping[str, Any], ColumnStatistics, Read], bool]


def proven(rule: Rule, scope: Scope, statistics: Statistics) -> Verdict | None:
    """The verdict of `rule` where `statistics` settle that no row fails it; None: the rows must be read."""
    proof = PROOFS.get(rule.type)
    if proof is None or rule.kwargs.get("row_condition"):
        return None
    column = scope.columns[rule.columns[0]]
    known, type_ = statistics.columns.get(column.column.name), column.column.type
    if known is None or not column.native or not _values_counted(known, type_, statistics.rows):
        return None
    if not proof(rule.kwargs, known, lambda value: _comparable(parsed(value, type_, scope.zone), type_)):
        return None
    evaluated = statistics.rows if rule.type in ON_ALL_ROWS else statistics.rows - known.nulls
    return replace(share(rule, statistics.rows, evaluated, 0, Decimal(1)), proof=STATISTICS)


def _values_counted(known: ColumnStatistics, type_: DataType, rows: int) -> bool:
    """Whether all but the nulls are values: a NaN is none, nor is a time beyond the calendar."""
    if type_.kind is Kind.TIMESTAMP:
        return known.nulls == rows or (_bounded(known) and known.low >= FIRST_DAY and known.high <= LAST_DAY)
    return type_.kind is not Kind.DOUBLE or known.nulls == rows or _bounded(known)


def _bounded(known: ColumnStatistics) -> bool:
    return known.low is not None and known.high is not None


def _comparable(value: Any, type_: DataType) -> Any:
    """`value` of the rule as the engine compares it with a column of `type_`."""
    if type_.kind is Kind.DOUBLE:
        return float(value)
    return Decimal(repr(value)) if isinstance(value, float) else value


def _filled(_: Mapping[str, Any], known: ColumnStatistics, __: Read) -> bool:
    return known.nulls == 0


def _converts(_: Mapping[str, Any], __: ColumnStatistics, ___: Read) -> bool:
    return True


def _between(kwargs: Mapping[str, Any], known: ColumnStatistics, read: Read) -> bool:
    ends = {name: None if kwargs.get(name) is None else read(kwargs[name]) for name in ("min_value", "max_value")}
    bounds = Bounds(ends["min_value"], ends["max_value"], bool(kwargs.get("strict_min")), bool(kwargs.get("strict_max")))
    return _bounded(known) and bounds.hold(known.low) and bounds.hold(known.high)


def _in_set(kwargs: Mapping[str, Any], known: ColumnStatistics, read: Read) -> bool:
    """A column of one value."""
    values = (read(value) for value in kwargs["value_set"] if value is not None)
    return _bounded(known) and bool(known.low == known.high) and known.low in values


PROOFS: Mapping[str, Proof] = {
    "type": _converts,
    "required": _filled,
    "key": _filled,
    "expect_column_values_to_not_be_null": _filled,
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_be_in_set": _in_set,
}
# A missing value is evaluated too.
ON_ALL_ROWS = frozenset(("required", "key", "expect_column_values_to_not_be_null"))
