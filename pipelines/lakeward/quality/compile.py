"""Compiles rules to checks in SQL; other expectations are judged by Great Expectations."""

from dataclasses import replace
from decimal import Decimal

from lakeward.quality import conditions
from lakeward.quality.aggregates import AGGREGATES
from lakeward.quality.catalogue import Form, expectations
from lakeward.quality.checks import Check, GxCheck, RowCheck, SchemaCheck, SeriesCheck, UniqueCheck, row_check
from lakeward.quality.convert import ConvertedColumn
from lakeward.quality.predicates import PREDICATES
from lakeward.quality.records import evaluated_condition
from lakeward.quality.rule import Rule
from lakeward.quality.schemas import SCHEMA_DECISIONS
from lakeward.quality.scope import Scope
from lakeward.quality.series.mapped import MAPPED_RULES


def compile_rule(rule: Rule, scope: Scope, number: int) -> Check:
    """Compile `rule`, which has number `place` in its suite.

    Raises:
        ValueError: A value of the rule does not match its column; the text is the expected form.
    """
    if rule.type in DERIVED:
        fails, evaluated = DERIVED[rule.type](scope.columns[rule.columns[0]])
        return RowCheck(rule=rule, fails=fails, evaluated=evaluated, flag=f"_f{number}")
    if rule.type in MAPPED_RULES or expectations()[rule.type].form is Form.SERIES:
        return SeriesCheck(rule, f"_h{number}")
    narrowed = _narrow_scope(rule, scope)
    compiled = _compile_expectation(rule, narrowed, number) if narrowed else None
    return compiled or GxCheck(rule, f"_h{number}")


def _narrow_scope(rule: Rule, scope: Scope) -> Scope | None:
    """The scope of the rule with its row condition; None if only Great Expectations can evaluate it."""
    if not rule.kwargs.get("row_condition"):
        return scope
    reading = conditions.parse(rule.kwargs)
    return replace(scope, where=conditions.to_sql(reading, scope)) if reading else None


def _compile_expectation(rule: Rule, scope: Scope, number: int) -> Check | None:
    form = expectations()[rule.type].form
    mostly = Decimal(str(rule.kwargs.get("mostly", 1)))
    if form is Form.ROW:
        predicate = PREDICATES[rule.type](rule.kwargs, scope)
        return row_check(rule, predicate, scope, f"_f{number}", mostly) if predicate else None
    if form is Form.UNIQUE:
        keys = tuple(scope.columns[column].value for column in rule.columns)
        return UniqueCheck(
            rule=rule,
            keys=keys,
            present=evaluated_condition(rule, scope),
            match_column=f"_h{number}",
            mostly=mostly,
            elements=scope.elements,
        )
    if form is Form.AGGREGATE:
        return AGGREGATES[rule.type](rule, scope)
    if form is Form.SCHEMA:
        decided = SCHEMA_DECISIONS[rule.type](rule.kwargs, scope)
        return SchemaCheck(rule, *decided) if decided else None
    return None


def _type_predicate(column: ConvertedColumn) -> tuple[str, str]:
    return column.unconverted or "FALSE", f"count_if(NOT ({column.missing}))"


def _required_predicate(column: ConvertedColumn) -> tuple[str, str]:
    return column.missing, "count(*)"


DERIVED = {"type": _type_predicate, "required": _required_predicate, "key": _required_predicate}
