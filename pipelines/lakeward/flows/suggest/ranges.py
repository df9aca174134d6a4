"""Proposes ranges of numbers: overall, or per state if the states explain most of the spread."""

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
# With fewer values the bounds are not reliable.
ENOUGH_VALUES = 100
# Maximum number of states that a person can read.
MAX_STATES = 12
# If states leave a larger share of the spread, they explain too little for a rule each.
MAX_RESIDUAL = Decimal("0.6")
# Maximum share of values in states with too few values; these states get no range.
MAX_STATELESS_SHARE = Decimal("0.05")
# One fall in fifty rises is a reset or a roll-over; fewer rises prove nothing.
RISES, FALLS = 20, 50
# Maximum number of state columns to test; each costs a scan.
MAX_STATE_COLUMNS = 4

_STATE = re.compile(
    r"(^|_)(state|status|mode|phase|unit|type|kind|class|quality|recipe|product)($|_)|状态|模式|工况|单位|类型|配方|产品"
)
_IDENTIFIER = re.compile(r"(^|_)(id|no|nr|number|code|key|serial)($|_)|编号|单号|序号")


def range_columns(columns: Sequence[ColumnHistory], keys: Sequence[str]) -> list[ColumnHistory]:
    """The columns with a meaningful range: numbers that are not codes, identifiers or personal data."""
    return [
        column
        for column in columns
        if column.column.type.kind in NUMBERS
        and column.count >= ENOUGH_VALUES
        and not (column.sensitive or is_list(column) or column.name in keys)
        and not (column.column.type.kind is Kind.INTEGER and _IDENTIFIER.search(column.name))
    ]


def is_list(column: ColumnHistory) -> bool:
    """Whether the few numbers of the column are codes: their gaps are larger than those of counted numbers."""
    numbers = [value_count.value for value_count in column.values if isinstance(value_count.value, int)]
    return 1 < len(numbers) * MAX_STATES < max(numbers) - min(numbers) if numbers else False


def state_columns(columns: Sequence[ColumnHistory]) -> list[ColumnHistory]:
    """Candidate state columns, the most likely first."""
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
    """Propose a range, or one for each state.

    Args:
        spreads: The spread in each state, or over all rows if `state`, a column's name, is None.
        residual: Share of the whole spread that the states do not explain.
    """
    for spread in spreads:
        if spread.count >= ENOUGH_VALUES and not is_counter(spread):
            yield _range_rule(history, column, spread, state, explained=round(100 * (1 - residual)))


def best_state_column(whole: Spread, by_state: Mapping[str, Sequence[Spread]]) -> tuple[str | None, Decimal]:
    """The state column that leaves the smallest share of the spread, and this share; None if all leave too much."""
    residuals = {name: rest for name, spreads in by_state.items() if (rest := residual_spread(whole, spreads)) is not None}
    best = min(residuals, key=lambda name: residuals[name], default=None)
    return (best, residuals[best]) if best is not None and residuals[best] <= MAX_RESIDUAL else (None, Decimal(1))


def residual_spread(whole: Spread, spreads: Sequence[Spread]) -> Decimal | None:
    """The mean width of the states' ranges as a share of the whole range; None if the states do not cover the values."""
    enough = [spread for spread in spreads if spread.count >= ENOUGH_VALUES]
    covered = sum(spread.count for spread in enough)
    if len(enough) < 2 or whole.high == whole.low or covered < whole.count * (1 - MAX_STATELESS_SHARE):
        return None
    widths = sum((spread.high - spread.low) * spread.count for spread in enough)
    return Decimal(widths) / (covered * (whole.high - whole.low))


def is_counter(spread: Spread) -> bool:
    """Whether the column is a counter, whose next value exceeds any range."""
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
