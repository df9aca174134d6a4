"""What a reader may test on a table of the lake by a suite of their own.

A rule with a value in it answers a question about each row: a pattern that one phone number fails shows that this number is there.
A threshold for counts does not help, since the difference of two large counts is a small one. So a column that the reader may not
see in clear is tested only by the rules of its own suite, and by rules without a value; a small count of it is hidden.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.quality import conditions
from lakeward.quality.catalogue import Form, expectations
from lakeward.quality.rule import Outcome, Rule, Verdict
from lakeward.quality.series.arguments import QUALITY, UNIT, VALUE, VALUE_TEXT

# Reasons of verdicts.
HIDDEN_COLUMN = "the role may not test this column by values of its own"
SMALL_COUNT = "a count is too small to be shown to this role"
# Expectations without a value: each can be asked of a column only once.
VALUE_FREE_TYPES = frozenset(
    [
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_be_null",
        "expect_column_values_to_be_unique",
        "expect_compound_columns_to_be_unique",
    ]
)
# Arguments that name columns and say how missing values count; any other argument is a value.
_VALUE_FREE_ARGUMENTS = frozenset(["column", "column_list", "ignore_row_if"])
# Columns that a sensor rule reads unless it names others.
_SERIES_COLUMNS = (VALUE, VALUE_TEXT, UNIT, QUALITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderView:
    """What one reader may see of a table.

    Args:
        hidden: Columns that the reader may not see in clear.
        own_rules: The rules of the dataset's own suite, as `rule_key`.
        min_group_size: Smallest count of a hidden column that is shown.
    """

    hidden: frozenset[str]
    own_rules: frozenset[str]
    min_group_size: int

    def reads_hidden(self, rule: Rule, contract: Contract) -> bool:
        """Whether the rule reads the values of a hidden column."""
        return bool(self.hidden & set(columns_read(rule, contract)))

    def may_test(self, rule: Rule, contract: Contract) -> bool:
        """Whether the reader may run the rule."""
        return not self.reads_hidden(rule, contract) or _is_value_free(rule) or rule_key(rule.type, rule.kwargs) in self.own_rules

    def hide_small_counts(self, verdict: Verdict, contract: Contract) -> Verdict:
        """The verdict as the reader may see it: of a hidden column no observed value, and no small count."""
        if not self.reads_hidden(verdict.rule, contract):
            return verdict
        without_value = replace(verdict, observed=None, value=None, row_ids=(), proof=None)
        if not any(0 < count < self.min_group_size for count in _counts(verdict)):
            return without_value
        return replace(without_value, evaluated=None, failed=None, elements=None, reason=verdict.reason or SMALL_COUNT)


def hidden_verdict(rule: Rule) -> Verdict:
    """The verdict of a rule that the reader may not run."""
    return Verdict(rule, Outcome.UNKNOWN, reason=HIDDEN_COLUMN)


def rule_key(type_: str, kwargs: Mapping[str, Any]) -> str:
    """The same text for expectations with the same type and arguments."""
    return json.dumps([type_, dict(kwargs)], sort_keys=True, ensure_ascii=False, default=str)


def columns_read(rule: Rule, contract: Contract) -> Collection[str]:
    """The columns whose values the rule reads; all columns if that is uncertain."""
    form = expectations()[rule.type].form
    if form is Form.SCHEMA:
        return ()
    names = [column.name for column in contract.columns]
    condition = _condition_columns(rule.kwargs)
    if condition is None or (form is Form.GX and not rule.columns):
        return names
    mentioned = set(_texts(rule.kwargs)) & set(names)
    if form is Form.SERIES:
        mentioned |= {contract.time_column or "", *contract.series, *_SERIES_COLUMNS}
    return {*rule.columns, *condition, *mentioned}


def _condition_columns(kwargs: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The columns of the condition; None if it is not understood."""
    if not kwargs.get("row_condition"):
        return ()
    try:
        parsed = conditions.parse(kwargs)
    except ValueError:
        return None
    return conditions.columns(parsed.condition) if parsed and parsed.condition is not None else None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _is_value_free(rule: Rule) -> bool:
    return rule.type in VALUE_FREE_TYPES and all(
        name in _VALUE_FREE_ARGUMENTS for name, value in rule.kwargs.items() if value is not None
    )


def _counts(verdict: Verdict) -> Iterator[int]:
    evaluated, failed, elements = verdict.evaluated, verdict.failed, verdict.elements
    yield from (count for count in (evaluated, failed) if count is not None)
    if evaluated is not None and failed is not None:
        yield evaluated - failed
    if evaluated is not None and elements is not None:
        yield elements - evaluated
