"""From rules to checks: which expectations have a form in SQL, and which are left to Great Expectations."""

from dataclasses import replace
from decimal import Decimal

from lakeward.quality import conditions
from lakeward.quality.aggregates import AGGREGATES
from lakeward.quality.catalogue import Form, expectations
from lakeward.quality.checks import Check, ForeignCheck, RowCheck, SchemaCheck, SeriesCheck, UniqueCheck, row_check
from lakeward.quality.convert import Converted
from lakeward.quality.predicates import PREDICATES
from lakeward.quality.records import present
from lakeward.quality.rule import Rule
from lakeward.quality.schemas import SCHEMAS
from lakeward.quality.scope import Scope


def compile_rule(rule: Rule, scope: Scope, place: int) -> Check:
    """The check of `rule`, which is number `place` in its suite.

    Raises:
        ValueError: A value of the rule does not fit its column; the text says what was expected.
    """
    if rule.type in DERIVED:
        fails, evaluated = DERIVED[rule.type](scope.columns[rule.columns[0]])
        return RowCheck(rule=rule, fails=fails, evaluated=evaluated, flag=f"_f{place}")
    if expectations()[rule.type].form is Form.SERIES:
        return SeriesCheck(rule, f"_h{place}")
    narrowed = _narrowed(rule, scope)
    compiled = _compiled(rule, narrowed, place) if narrowed else None
    return compiled or ForeignCheck(rule, f"_h{place}")


def _narrowed(rule: Rule, scope: Scope) -> Scope | None:
    """The rows that the rule speaks of; None where only Great Expectations can tell."""
    if not rule.kwargs.get("row_condition"):
        return scope
    reading = conditions.read(rule.kwargs)
    return replace(scope, where=conditions.write(reading, scope)) if reading else None


def _compiled(rule: Rule, scope: Scope, place: int) -> Check | None:
    form = expectations()[rule.type].form
    mostly = Decimal(str(rule.kwargs.get("mostly", 1)))
    if form is Form.ROW:
        predicate = PREDICATES[rule.type](rule.kwargs, scope)
        return row_check(rule, predicate, scope, f"_f{place}", mostly) if predicate else None
    if form is Form.UNIQUE:
        keys = tuple(scope.columns[column].value for column in rule.columns)
        return UniqueCheck(
            rule=rule, keys=keys, present=present(rule, scope), joined=f"_h{place}", mostly=mostly, elements=scope.elements
        )
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
