"""Proposes ranges from spreads: of a number as it is, or state by state where the states explain most of how it spreads."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Kind
from lakeward.core.sql import identifier, literal
from lakeward.flows.suggest.column_history import ColumnHistory, Spread
from lakeward.flows.suggest.history import History
from lakeward.flows.suggest.proposal import RuleProposal, make_proposal
from lakeward.profiling.findings import NUMBERS
from lakeward.profiling.suite_text import MARGIN, widen_range

RANGE = "expect_column_values_to_be_between"
# Fewer values say little of how far the next will be out: the bounds would move with the first of them.
ENOUGH_VALUES = 100
# As many states a person can read; more is no state.
MAX_STATES = 12
# States that leave more than this share of the spread explain too little to be worth a rule each.
MAX_RESIDUAL = Decimal("0.6")
# States without enough values of their own may hold so many of all values; they get no range.
MAX_STATELESS_SHARE = Decimal("0.05")
# One fall in fifty rises is a reset or a roll-over; so few rises prove nothing.
RISES, FALLS = 20, 50
# States to try; each costs a scan.
MAX_STATE_COLUMNS = 4

_STATE = re.compile(
    r"(^|_)(state|status|mode|phase|unit|type|kind|class|quality|recipe|product)($|_)|状态|模式|工况|单位|类型|配方|产品"
)
_IDENTIFIER = re.compile(r"(^|_)(id|no|nr|number|code|key|serial)($|_)|编号|单号|序号")


def range_columns(columns: Sequence[ColumnHistory], keys: Sequence[str]) -> list[ColumnHistory]:
    """The columns whose range would mean something: numbers that are no list, no identifier and nobody's."""
    return [
        column
        for column in columns
        if column.column.type.kind in NUMBERS
        and column.count >= ENOUGH_VALUES
        and not (column.sensitive or is_list(column) or column.name in keys)
        and not (column.column.type.kind is Kind.INTEGER and _IDENTIFIER.search(column.name))
    ]


def is_list(column: ColumnHistory) -> bool:
    """Whether the few numbers of the column are codes: they lie further apart than numbers that were counted."""
    numbers = [value_count.value for value_count in column.values if isinstance(value_count.value, int)]
    return 1 < len(numbers) * MAX_STATES < max(numbers) - min(numbers) if numbers else False


def state_columns(columns: Sequence[ColumnHistory]) -> list[ColumnHistory]:
    """The columns that may tell states, the likeliest first."""
    found = [
        column
        for column in columns
        if 1 < len(column.values) <= MAX_STATES and not column.sensitive and (column.shapes is None) and _can_hold_states(column)
    ]
    return sorted(found, key=lambda column: (not _STATE.search(column.name), len(column.values)))[:MAX_STATE_COLUMNS]


def _can_hold_states(column: ColumnHistory) -> bool:
    return column.column.type.kind is Kind.STRING or is_list(column) or bool(_STATE.search(column.name))


def propose_ranges(
    history: History, column: ColumnHistory, spreads: Sequence[Spread], state: str | None, residual: Decimal
) -> Iterator[RuleProposal]:
    """A range, or one for each state.

    Args:
        spreads: The spread in each state, or the one over all rows where `state`, a column's name, is None.
        left: What the states leave of the whole spread.
    """
    for spread in spreads:
        if spread.count >= ENOUGH_VALUES and not is_counter(spread):
            yield _range_rule(history, column, spread, state, explained=round(100 * (1 - residual)))


def best_state_column(whole: Spread, by_state: Mapping[str, Sequence[Spread]]) -> tuple[str | None, Decimal]:
    """The states that leave least of the spread, and how much; None where all leave too much."""
    residuals = {name: rest for name, spreads in by_state.items() if (rest := residual_spread(whole, spreads)) is not None}
    best = min(residuals, key=lambda name: residuals[name], default=None)
    return (best, residuals[best]) if best is not None and residuals[best] <= MAX_RESIDUAL else (None, Decimal(1))


def residual_spread(whole: Spread, spreads: Sequence[Spread]) -> Decimal | None:
    """The mean width of the states' ranges, as a share of the whole one; None where the states do not cover the values."""
    enough = [spread for spread in spreads if spread.count >= ENOUGH_VALUES]
    covered = sum(spread.count for spread in enough)
    if len(enough) < 2 or whole.high == whole.low or covered < whole.count * (1 - MAX_STATELESS_SHARE):
        return None
    widths = sum((spread.high - spread.low) * spread.count for spread in enough)
    return Decimal(widths) / (covered * (whole.high - whole.low))


def is_counter(spread: Spread) -> bool:
    """Whether it is a counter: its next value will be out of any range."""
    return spread.up >= RISES and spread.down * FALLS <= spread.up


def _range_rule(history: History, column: ColumnHistory, spread: Spread, state: str | None, *, explained: int) -> RuleProposal:
    low, high = widen_range(spread.low, spread.high)
    number = int if column.column.type.kind is Kind.INTEGER else float
    kwargs: dict[str, Any] = {"column": column.name, "min_value": number(low), "max_value": number(high)}
    facts: dict[str, object] = {"values": spread.count, "margin": f"{MARGIN:.0%}"}
    condition, why = None, "suggest_range"
    if state is not None:
        condition, why = f"{identifier(state)} = {_sql_literal(spread.state)}", "suggest_range_by_state"
        kwargs["row_condition"] = {"type": "comparison", "column": {"name": state}, "operator": "==", "parameter": spread.state}
        facts |= {"state": state, "explained": explained}
    own = identifier(column.name)
    evidence = history.evidence(f"count({own}) AS value, min({own}) AS low, max({own}) AS high", spread.count, condition)
    return make_proposal("range", RANGE, kwargs, (why, facts), evidence)


def _sql_literal(value: object) -> str:
    return literal(value) if isinstance(value, str) else repr(value)
