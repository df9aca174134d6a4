"""Row expectations on the order of values, by row id in the batch.

Rows out of order are found in a narrow relation, since sorting whole rows costs more than judging them.
"""

from collections.abc import Callable, Mapping

from lakeward.contracts.model import Kind
from lakeward.quality.batch_aggregates import stable_name
from lakeward.quality.number_texts import NUMBERS
from lakeward.quality.scope import Kwargs, Predicate, RelationSql, Scope, column_predicate

COMPARABLE_KINDS = NUMBERS | {Kind.DATE, Kind.TIMESTAMP}


def _order_predicate(*, up: bool) -> Callable[[Kwargs, Scope], Predicate | None]:
    def predicate(kwargs: Kwargs, scope: Scope) -> Predicate | None:
        column = scope.columns[kwargs["column"]]
        kind = column.column.type.kind
        if kind not in COMPARABLE_KINDS:
            return None
        wrong = _violation(kind, up=up, strictly=bool(kwargs.get("strictly")))
        relation = _out_of_order(column.value, scope.within(f"{column.value} IS NOT NULL"), wrong)
        found = column_predicate(stable_name("o", relation("")), column)
        return Predicate(found.fails, found.present, found.evaluated_value, matches=(found.fails, relation))

    return predicate


def _violation(kind: Kind, *, up: bool, strictly: bool) -> str:
    earlier, later = ("before", "own") if up else ("own", "before")
    sign = "<=" if strictly else "<"
    # The step between two infinities is NaN, which is not in order.
    return f"{later} - {earlier} {sign} 0" if kind is Kind.DOUBLE else f"{later} {sign} {earlier}"


def _out_of_order(value: str, is_evaluated: str, violation: str) -> RelationSql:
    def relation(rows: str) -> str:
        pairs = f"SELECT _file_seq, _row, {value} AS own, lag({value}) OVER (ORDER BY _file_seq, _row) AS before FROM {rows}"
        return f"SELECT _file_seq, _row FROM ({pairs} AS batch WHERE {is_evaluated}) AS pairs WHERE {violation}"

    return relation


ORDER_PREDICATES: Mapping[str, Callable[[Kwargs, Scope], Predicate | None]] = {
    "expect_column_values_to_be_increasing": _order_predicate(up=True),
    "expect_column_values_to_be_decreasing": _order_predicate(up=False),
}
