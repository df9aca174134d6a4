"""Proposes the list of a column's values, where it has stopped growing, and the values of another dataset's key, where it refers to one."""

from collections.abc import Iterator

from lakeward.contracts.model import Kind
from lakeward.core.evidence import Evidence
from lakeward.core.sql import identifier
from lakeward.flows.suggest.measured import ColumnPast
from lakeward.flows.suggest.past import KEPT_BACK, Past
from lakeward.flows.suggest.proposal import Finding, Proposal, proposed
from lakeward.flows.suggest.ranges import is_list
from lakeward.flows.suggest.references import Reference
from lakeward.profiling.columns import REPEATED

IN_SET = "expect_column_values_to_be_in_set"
# How ids of rules begin that list another dataset's key.
REFERS = "learned_refers"


def propose_list(past: Past, column: ColumnPast) -> Iterator[Proposal | Finding]:
    """The list, if the column is one; a finding where it still grows."""
    if not column.values or column.sensitive or column.count < REPEATED * len(column.values):
        return
    if column.column.type.kind is not Kind.STRING and not is_list(column):
        return
    evidence = _evidence(past, column)
    facts: dict[str, object] = {"values": column.count, "different": len(column.values)}
    if grows(past, column):
        yield Finding("suggest_list_grows", {**facts, "column": column.name}, evidence)
        return
    listed = [seen.value for seen in column.values]
    yield proposed("values", IN_SET, {"column": column.name, "value_set": listed}, ("suggest_list", facts), evidence)


def grows(past: Past, column: ColumnPast) -> bool:
    """Whether there will be new values: some were seen only once (Good and Turing), or first in the newer half of the batches."""
    if any(seen.count == 1 for seen in column.values):
        return True
    middle = past.learned[(len(past.learned) - 1) // 2]
    return len(past.learned) >= KEPT_BACK and any(seen.first > middle for seen in column.values)


def propose_reference(past: Past, column: ColumnPast, reference: Reference) -> Iterator[Proposal | Finding]:
    """That the column refers to another dataset; as a rule, the values of that key, where they are few and may be told.

    Great Expectations has no rule over two tables that a batch could be judged by, so a long list is a finding only.
    """
    sql = (
        f"SELECT count(DISTINCT {identifier(column.name)}) AS value FROM {past.table} WHERE {past.taught} "
        f"AND {identifier(column.name)} IN (SELECT {identifier(reference.key)} FROM {reference.table})"
    )
    evidence = Evidence(sql, {str(past.table): past.version, str(reference.table): reference.version}, reference.different)
    facts = {"table": str(reference.table), "key": reference.key, "version": reference.version, "different": reference.different}
    if not reference.values:
        yield Finding("suggest_reference_found", {**facts, "column": column.name}, evidence)
        return
    kwargs = {"column": column.name, "value_set": list(reference.values)}
    yield proposed(REFERS.removeprefix("learned_"), IN_SET, kwargs, ("suggest_reference", facts), evidence)


def _evidence(past: Past, column: ColumnPast) -> Evidence:
    own = identifier(column.name)
    return past.evidence(f"count({own}) AS value, count(DISTINCT {own}) AS different", column.count)
