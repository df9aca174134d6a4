"""From rules to checks: which expectations have a form in SQL, and which are left to Great Expectations."""

from decimal import Decimal

from lakeward.quality.aggregates import AGGREGATES
from lakeward.quality.catalogue import Form, expectations
from lakeward.quality.checks import Check, ForeignCheck, RowCheck, SchemaCheck, UniqueCheck
from lakeward.quality.convert import Converted
from lakeward.quality.predicates import PREDICATES, Scope, present
from lakeward.quality.rule import Rule
from lakeward.quality.schemas import SCHEMAS


def compile_rule(rule: Rule, scope: Scope, place: int) -> Check:
    """The check of `rule`, which is number `place` in its suite.

    Raises:
        ValueError: A value of the rule does not fit its column; the text says what was expected.
    """
    if rule.type in DERIVED:
        fails, evaluated = DERIVED[rule.type](scope.columns[rule.columns[0]])
        return RowCheck(rule, fails, evaluated, f"_f{place}")
    compiled = None if rule.kwargs.get("row_condition") else _compiled(rule, scope, place)
    return compiled or ForeignCheck(rule, f"_h{place}")


def _compiled(rule: Rule, scope: Scope, place: int) -> Check | None:
    form = expectations()[rule.type].form
    mostly = Decimal(str(rule.kwargs.get("mostly", 1)))
    if form is Form.ROW:
        predicate = PREDICATES[rule.type](rule.kwargs, scope)
        return RowCheck(rule, *predicate, f"_f{place}", mostly) if predicate else None
    if form is Form.UNIQUE:
        keys = tuple(scope.columns[column].value for column in rule.columns)
        return UniqueCheck(rule, keys, present(rule, scope), f"_h{place}", mostly)
    if form is Form.AGGREGATE:
        return AGGREGATES[rule.type](rule, scope)
    if form is Form.SCHEMA:
        decided = SCHEMAS[rule.type](rule.kwargs, scope)
        return SchemaCheck(rule, *decided) if decided else None
    return None


def _type(column: Converted) -> tuple[str, str]:
    return column.unconverted or "FALSE", f"count_if(NOT ({column.missing}))"


def _required(column: Converted) -> tuple[str, str]:
    return column.missing, "count(*)"


DERIVED = {"type": _type, "required": _required, "key": _required}
