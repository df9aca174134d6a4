"""Proposes ranges for long telemetry per tag, and per state if another series holds the machine's state.

The last part of a series' path is its tag, the rest its machine.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Kind
from lakeward.core.evidence import Evidence
from lakeward.core.sql import identifier, literal
from lakeward.flows.suggest.column_history import ColumnHistory, Spread
from lakeward.flows.suggest.columns import finite_value
from lakeward.flows.suggest.history import History
from lakeward.flows.suggest.proposal import FiringRates, RuleProposal, make_proposal, trial_result
from lakeward.flows.suggest.ranges import ENOUGH_VALUES, MAX_RESIDUAL, MAX_STATES, is_counter, residual_spread
from lakeward.flows.suggest.spreads import add_step_counts, measure_spreads
from lakeward.profiling.suite_text import MARGIN, widen_range

RANGE_BY_STATE = "expect_series_range_by_state"
ANY_STATE = "*"
# Maximum number of tags: more rules are not readable.
MAX_TAGS = 60
# Separator of tag and state, which occurs in no name.
TAG_STATE_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class StateSeries:
    """The series that hold the states of machines.

    Args:
        series, time: Columns of the history.
        state_column: The column of the state.
        tag: Last part of the path of the state series.
    """

    series: str
    time: str
    state_column: str
    tag: str

    @property
    def tag_sql(self) -> str:
        """SQL of a row's tag."""
        return f"regexp_extract({identifier(self.series)}, '[^/]*$')"

    def rows_with_state(self, history: History) -> str:
        """The rows of the history with the state of their machine at that time, as `_word`."""
        series, time, word = identifier(self.series), identifier(self.time), identifier(self.state_column)
        machine = "regexp_extract({}, '^(.*)/[^/]*$', 1)"
        is_state = f"ends_with({series}, {literal('/' + self.tag)}) AND {word} IS NOT NULL"
        words = (
            f"SELECT {machine.format(series)} AS machine, {time} AS since, {word} AS word FROM {history.table} WHERE {is_state}"
        )
        same = f"{machine.format('rws.' + series)} = words.machine AND rws.{time} >= words.since"
        return f"(SELECT rws.*, words.word AS _word FROM {history.table} AS rws ASOF LEFT JOIN ({words}) AS words ON {same})"


def find_state_series(history: History, columns: Sequence[ColumnHistory]) -> StateSeries | None:
    """The tag of the state series: the only ones with text in a column of few values; None if there is no such tag."""
    time = history.contract.time_column
    series = next((column for column in columns if history.contract.series == (column.name,)), None)
    if time is None or series is None or series.sensitive or series.column.type.kind is not Kind.STRING:
        return None
    for column in columns:
        if (
            column.column.type.kind is Kind.STRING
            and 1 < len(column.values) <= MAX_STATES
            and 2 * column.count < history.row_count
        ):
            tag = f"regexp_extract({identifier(series.name)}, '/([^/]+)$', 1)"
            where = f"{history.training_filter} AND {identifier(column.name)} IS NOT NULL"
            found = history.fetch(f"SELECT DISTINCT {tag} AS tag FROM {history.table} WHERE {where} LIMIT 2")
            if len(found) == 1 and found[0]["tag"]:
                return StateSeries(series.name, time, column.name, found[0]["tag"])
    return None


def propose_tags(
    history: History, column: ColumnHistory, whole: Spread, state_series: StateSeries, other_residual: Decimal
) -> Iterator[RuleProposal]:
    """A rule for each tag, if tags explain the spread of the column better than other columns.

    Args:
        whole: The column's spread over all rows.
        other_residual: Share of it that the best other column does not explain.
    """
    tags = measure_spreads(history, [column], state_series.tag_sql)[column.name]
    residual = residual_spread(whole, tags)
    if residual is None or residual > min(MAX_RESIDUAL, other_residual) or len(tags) > MAX_TAGS:
        return
    tags = add_step_counts(history, [column], state_series.tag_sql, {column.name: tags})[column.name]
    tag_and_state = f"{state_series.tag_sql} || chr({ord(TAG_STATE_SEPARATOR)}) || _word"
    in_states = measure_spreads(history, [column], tag_and_state, state_series.rows_with_state(history))[column.name]
    chosen = [
        (
            tag,
            _ranges_by_state(
                tag, [spread for spread in in_states if str(spread.state).startswith(f"{tag.state}{TAG_STATE_SEPARATOR}")]
            ),
        )
        for tag in tags
        if tag.state != state_series.tag and tag.count >= ENOUGH_VALUES and not is_counter(tag)
    ]
    found = _trial_counts(history, column, state_series, chosen)
    for index, (tag, ranges) in enumerate(chosen):
        proposal = _tag_rule(history, column, state_series, (tag, ranges), round(100 * (1 - residual)))
        counts = {row["batch"]: {"rows": row[f"e{index}"], "failed": row[f"f{index}"]} for row in found}
        yield proposal.with_firing(
            FiringRates(
                trial_result(counts, history.training_batches),
                trial_result(counts, history.holdout_batches) if history.holdout_batches else None,
            )
        )


def _ranges_by_state(tag: Spread, in_states: Sequence[Spread]) -> Mapping[str, list[float]]:
    """Bounds by state if states explain the spread of the tag; else for all states."""
    residual = residual_spread(tag, in_states)
    if residual is None or residual > MAX_RESIDUAL:
        return {ANY_STATE: _widened_bounds(tag)}
    return {
        str(spread.state).partition(TAG_STATE_SEPARATOR)[2]: _widened_bounds(spread)
        for spread in in_states
        if spread.count >= ENOUGH_VALUES
    }


def _widened_bounds(spread: Spread) -> list[float]:
    low, high = widen_range(spread.low, spread.high)
    return [float(low), float(high)]


def _tag_rule(
    history: History,
    column: ColumnHistory,
    state_series: StateSeries,
    chosen: tuple[Spread, Mapping[str, list[float]]],
    explained: int,
) -> RuleProposal:
    tag, ranges = chosen
    kwargs: dict[str, Any] = {
        "column": column.name,
        "series_regex": f"/{re.escape(str(tag.state))}$",
        "state_series": state_series.tag,
        "state_column": state_series.state_column,
        "ranges": dict(ranges),
    }
    facts: dict[str, object] = {"values": tag.count, "margin": f"{MARGIN:.0%}", "explained": explained, "states": len(ranges)}
    why = "suggest_tag" if ANY_STATE in ranges else "suggest_tag_by_state"
    own = identifier(column.name)
    sql = (
        f"SELECT count({own}) AS value, min({own}) AS low, max({own}) AS high FROM {history.table} "
        f"WHERE {history.training_filter} AND {state_series.tag_sql} = {literal(str(tag.state))}"
    )
    return make_proposal(
        "range", RANGE_BY_STATE, kwargs, (why, facts), Evidence(sql, {str(history.table): history.version}, tag.count)
    )


def _trial_counts(
    history: History, column: ColumnHistory, state_series: StateSeries, chosen: Sequence[tuple[Spread, Mapping[str, list[float]]]]
) -> list[dict[str, Any]]:
    """Per batch, the readings that each rule evaluates and that fail it, in one query for all rules."""
    items = [
        item
        for index, (tag, ranges) in enumerate(chosen)
        for item in _count_items(index, column, state_series, str(tag.state), ranges)
    ]
    if not items:
        return []
    return history.fetch(
        f"SELECT _batch_seq AS batch, {', '.join(items)} FROM {state_series.rows_with_state(history)} GROUP BY 1"
    )


def _count_items(
    index: int, column: ColumnHistory, state_series: StateSeries, tag: str, ranges: Mapping[str, list[float]]
) -> tuple[str, str]:
    value = finite_value(column.column)
    outside = {state: f"{value} NOT BETWEEN {low!r} AND {high!r}" for state, (low, high) in ranges.items()}
    has_state = "TRUE" if ANY_STATE in ranges else f"_word IN ({', '.join(map(literal, ranges))})"
    fails = " ".join(
        f"WHEN _word = {literal(state)} THEN {outside_sql}" for state, outside_sql in outside.items() if state != ANY_STATE
    )
    failed = f"CASE {fails} END" if fails else outside[ANY_STATE]
    judged = f"{state_series.tag_sql} = {literal(tag)} AND _word IS NOT NULL AND {has_state} AND {value} IS NOT NULL"
    return f"count_if({judged}) AS e{index}", f"count_if({judged} AND {failed}) AS f{index}"
