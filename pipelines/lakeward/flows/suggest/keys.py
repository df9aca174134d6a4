"""Proposes what tells rows apart, beside the contract's key: proven on all rows, those kept back left for the trial."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from lakeward.contracts.model import Kind
from lakeward.core.sql import identifier
from lakeward.flows.suggest.measured import ColumnPast
from lakeward.flows.suggest.past import Past
from lakeward.flows.suggest.proposal import Proposal, proposed
from lakeward.flows.suggest.ranges import ENOUGH_VALUES

UNIQUE, COMPOUND = "expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"
# Kinds whose values are the same or not, without rounding, and that name things.
NAMING = frozenset({Kind.STRING, Kind.INTEGER})
# The estimate of different values may be so far off.
NEARLY = 0.9
# Columns to pair, those with the fewest values first: series are few, readings are many.
PAIRED = 8
# With so few rows only a name that says so makes an accident unlikely.
FEWEST = 5

_IDENTIFIER = re.compile(r"(^|_)(id|no|nr|number|code|key|uid|uuid|udi|serial)($|_)|编号|单号|序号|工单")


def propose_keys(past: Past, columns: Sequence[ColumnPast]) -> Iterator[Proposal]:
    """Single columns that are unique; pairs too where the contract has no key and no column is one.

    Never what may be about a person: a key travels everywhere. A pair beside a key is an accident more often than a rule.
    """
    whole = [column for column in columns if column.count == past.total and not column.sensitive]
    likely = [(column,) for column in whole if _may_be_key(past, column)]
    found = [group for group in likely if group[0].name not in past.contract.primary_key[:1]]
    single = _proven(past, found)
    for group in single or (() if past.contract.primary_key else _proven(past, _pairs(past, whole))[:1]):
        names = [column.name for column in group]
        kwargs = {"column": names[0]} if len(names) == 1 else {"column_list": names}
        evidence = past.evidence(f"count(*) AS value, {_different(group)} AS different", past.total)
        yield proposed("unique", UNIQUE if len(names) == 1 else COMPOUND, kwargs, ("suggest_key", {"rows": past.total}), evidence)


def _may_be_key(past: Past, column: ColumnPast) -> bool:
    enough = past.total >= (FEWEST if _IDENTIFIER.search(column.name) else ENOUGH_VALUES)
    return enough and column.column.type.kind in NAMING and column.distinct >= NEARLY * past.total


def _pairs(past: Past, whole: Sequence[ColumnPast]) -> list[tuple[ColumnPast, ...]]:
    """Pairs whose columns together could have enough values, a pair with the time first."""
    time = past.contract.time_column
    kinds = NAMING | {Kind.DATE}
    some = sorted((c for c in whole if c.column.type.kind in kinds and c.distinct > 1), key=lambda column: column.distinct)[
        :PAIRED
    ]
    timed = [(column, *(c for c in whole if c.name == time)) for column in some if column.name != time]
    pairs = [group for group in timed if len(group) == 2] + list(combinations(some, 2))
    return [group for group in pairs if group[0].distinct * group[1].distinct >= past.total >= ENOUGH_VALUES]


def _proven(past: Past, groups: Sequence[tuple[ColumnPast, ...]]) -> list[tuple[ColumnPast, ...]]:
    if not groups:
        return []
    items = ", ".join(f"{_different(group)} AS d{place}" for place, group in enumerate(groups))
    found = past.fetch(f"SELECT {items} FROM {past.table} WHERE {past.taught}")[0]
    return [group for place, group in enumerate(groups) if found[f"d{place}"] == past.total]


def _different(group: Sequence[ColumnPast]) -> str:
    return f"count(DISTINCT ({', '.join(identifier(column.name) for column in group)}))"
