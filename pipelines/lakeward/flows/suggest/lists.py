"""Proposes the list of a column's values if it no longer grows, and the values of another dataset's key if it refers to one."""

from collections.abc import Iterator

from lakeward.contracts.model import Kind
from lakeward.core.evidence import Evidence
from lakeward.core.sql import identifier
from lakeward.flows.suggest.column_history import ColumnHistory
from lakeward.flows.suggest.history import HOLDOUT_EVERY, History
from lakeward.flows.suggest.proposal import Finding, RuleProposal, make_proposal
from lakeward.flows.suggest.ranges import is_list
from lakeward.flows.suggest.references import Reference
from lakeward.profiling.columns import MIN_REPEATS

IN_SET = "expect_column_values_to_be_in_set"
# Prefix of the ids of rules that list another dataset's key.
REFERENCE_PREFIX = "learned_refers"


def propose_list(history: History, column: ColumnHistory) -> Iterator[RuleProposal | Finding]:
    """The list of the column's values, or a finding if it still grows."""
    if not column.values or column.sensitive or column.count < MIN_REPEATS * len(column.values):
        return
    if column.column.type.kind is not Kind.STRING and not is_list(column):
        return
    evidence = _evidence(history, column)
    facts: dict[str, object] = {"values": column.count, "different": len(column.values)}
    if still_grows(history, column):
        yield Finding("suggest_list_grows", {**facts, "column": column.name}, evidence)
        return
    listed = [value_count.value for value_count in column.values]
    yield make_proposal("values", IN_SET, {"column": column.name, "value_set": listed}, ("suggest_list", facts), evidence)


def still_grows(history: History, column: ColumnHistory) -> bool:
    """Whether new values are likely: some occur only once (Good and Turing), or first in the newer half of the batches."""
    if any(value_count.count == 1 for value_count in column.values):
        return True
    middle = history.training_batches[(len(history.training_batches) - 1) // 2]
    return len(history.training_batches) >= HOLDOUT_EVERY and any(value_count.first > middle for value_count in column.values)


def propose_reference(history: History, column: ColumnHistory, reference: Reference) -> Iterator[RuleProposal | Finding]:
    """The reference of a column to another dataset: a rule with the values of that key if they are few and not sensitive.

    Great Expectations has no rule over two tables, so a long list is only a finding.
    """
    sql = (
        f"SELECT count(DISTINCT {identifier(column.name)}) AS value FROM {history.table} WHERE {history.training_filter} "
        f"AND {identifier(column.name)} IN (SELECT {identifier(reference.key)} FROM {reference.table})"
    )
    evidence = Evidence(sql, {str(history.table): history.version, str(reference.table): reference.version}, reference.distinct)
    facts = {"table": str(reference.table), "key": reference.key, "version": reference.version, "different": reference.distinct}
    if not reference.values:
        yield Finding("suggest_reference_found", {**facts, "column": column.name}, evidence)
        return
    kwargs = {"column": column.name, "value_set": list(reference.values)}
    yield make_proposal(REFERENCE_PREFIX.removeprefix("learned_"), IN_SET, kwargs, ("suggest_reference", facts), evidence)


def _evidence(history: History, column: ColumnHistory) -> Evidence:
    own = identifier(column.name)
    return history.evidence(f"count({own}) AS value, count(DISTINCT {own}) AS different", column.count)
