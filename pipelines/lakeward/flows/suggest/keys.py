"""Proposes unique keys beside the contract's: proven on all training rows, tested on the holdout."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from lakeward.contracts.model import Kind
from lakeward.core.sql import identifier
from lakeward.flows.suggest.column_history import ColumnHistory
from lakeward.flows.suggest.history import History
from lakeward.flows.suggest.proposal import RuleProposal, make_proposal
from lakeward.flows.suggest.ranges import ENOUGH_VALUES

UNIQUE, COMPOUND = "expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"
# Types with exact equality whose values identify things.
NAMING = frozenset({Kind.STRING, Kind.INTEGER})
# Least share of distinct values, by an estimate that can be off this far.
MIN_DISTINCT_SHARE = 0.9
# Columns to pair, those with the fewest values first.
MAX_PAIRED_COLUMNS = 8
# With fewer rows only a column named as a key is proposed, since uniqueness can be chance.
FEWEST = 5

_IDENTIFIER = re.compile(r"(^|_)(id|no|nr|number|code|key|uid|uuid|udi|serial)($|_)|编号|单号|序号|工单")


def propose_keys(history: History, columns: Sequence[ColumnHistory]) -> Iterator[RuleProposal]:
    """Unique single columns; also pairs if the contract has no key and no column is unique.

    Never personal data, since a key is copied everywhere. A unique pair beside a key is more often chance than a rule.
    """
    whole = [column for column in columns if column.count == history.row_count and not column.sensitive]
    likely = [(column,) for column in whole if _is_likely_key(history, column)]
    found = [group for group in likely if group[0].name not in history.contract.primary_key[:1]]
    single = _unique_groups(history, found)
    for group in single or (
        () if history.contract.primary_key else _unique_groups(history, _candidate_pairs(history, whole))[:1]
    ):
        names = [column.name for column in group]
        kwargs = {"column": names[0]} if len(names) == 1 else {"column_list": names}
        evidence = history.evidence(f"count(*) AS value, {_distinct_count(group)} AS different", history.row_count)
        yield make_proposal(
            "unique", UNIQUE if len(names) == 1 else COMPOUND, kwargs, ("suggest_key", {"rows": history.row_count}), evidence
        )


def _is_likely_key(history: History, column: ColumnHistory) -> bool:
    enough = history.row_count >= (FEWEST if _IDENTIFIER.search(column.name) else ENOUGH_VALUES)
    return enough and column.column.type.kind in NAMING and column.distinct >= MIN_DISTINCT_SHARE * history.row_count


def _candidate_pairs(history: History, whole: Sequence[ColumnHistory]) -> list[tuple[ColumnHistory, ...]]:
    """Pairs whose columns have enough distinct values together, pairs with the time column first."""
    time = history.contract.time_column
    kinds = NAMING | {Kind.DATE}
    candidates = sorted((c for c in whole if c.column.type.kind in kinds and c.distinct > 1), key=lambda column: column.distinct)[
        :MAX_PAIRED_COLUMNS
    ]
    timed = [(column, *(c for c in whole if c.name == time)) for column in candidates if column.name != time]
    pairs = [group for group in timed if len(group) == 2] + list(combinations(candidates, 2))
    return [group for group in pairs if group[0].distinct * group[1].distinct >= history.row_count >= ENOUGH_VALUES]


def _unique_groups(history: History, groups: Sequence[tuple[ColumnHistory, ...]]) -> list[tuple[ColumnHistory, ...]]:
    if not groups:
        return []
    items = ", ".join(f"{_distinct_count(group)} AS d{index}" for index, group in enumerate(groups))
    found = history.fetch(f"SELECT {items} FROM {history.table} WHERE {history.training_filter}")[0]
    return [group for index, group in enumerate(groups) if found[f"d{index}"] == history.row_count]


def _distinct_count(group: Sequence[ColumnHistory]) -> str:
    return f"count(DISTINCT ({', '.join(identifier(column.name) for column in group)}))"
