"""Proposes ranges for long telemetry: tag by tag, and, where another series tells the machine's state, state by state.

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
from lakeward.flows.suggest.columns import present
from lakeward.flows.suggest.measured import ColumnPast, Spread
from lakeward.flows.suggest.past import Past
from lakeward.flows.suggest.proposal import Firing, Proposal, proposed, tried_of
from lakeward.flows.suggest.ranges import ENOUGH_VALUES, LEFT, STATES, counts_up, unexplained
from lakeward.flows.suggest.spreads import measure_spreads, with_steps
from lakeward.profiling.suite_text import MARGIN, widened

RANGE_BY_STATE = "expect_series_range_by_state"
ANY_STATE = "*"
# More tags are more rules than a person reads.
TAGS = 60
# Between a tag and a state: in no name.
BETWEEN = "\x1f"


@dataclass(frozen=True, slots=True)
class Teller:
    """The series that tell their machines' states.

    Args:
        series, time: Columns of the past.
        word: The column of the state.
        tag: Last part of the path of the series that tell it.
    """

    series: str
    time: str
    word: str
    tag: str

    @property
    def tag_of(self) -> str:
        """SQL of a row's tag."""
        return f"regexp_extract({identifier(self.series)}, '[^/]*$')"

    def rows(self, past: Past) -> str:
        """The past's rows, each with what its machine's state was by then, as `_word`."""
        series, time, word = identifier(self.series), identifier(self.time), identifier(self.word)
        machine = "regexp_extract({}, '^(.*)/[^/]*$', 1)"
        told = f"ends_with({series}, {literal('/' + self.tag)}) AND {word} IS NOT NULL"
        words = f"SELECT {machine.format(series)} AS machine, {time} AS since, {word} AS word FROM {past.table} WHERE {told}"
        same = f"{machine.format('rws.' + series)} = words.machine AND rws.{time} >= words.since"
        return f"(SELECT rws.*, words.word AS _word FROM {past.table} AS rws ASOF LEFT JOIN ({words}) AS words ON {same})"


def find_teller(past: Past, columns: Sequence[ColumnPast]) -> Teller | None:
    """The tag whose series alone have words in a column of few words; None where the table is not long, or no tag tells states."""
    time = past.contract.time_column
    series = next((column for column in columns if past.contract.series == (column.name,)), None)
    if time is None or series is None or series.sensitive or series.column.type.kind is not Kind.STRING:
        return None
    for column in columns:
        if column.column.type.kind is Kind.STRING and 1 < len(column.values) <= STATES and 2 * column.count < past.total:
            tag = f"regexp_extract({identifier(series.name)}, '/([^/]+)$', 1)"
            where = f"{past.taught} AND {identifier(column.name)} IS NOT NULL"
            found = past.fetch(f"SELECT DISTINCT {tag} AS tag FROM {past.table} WHERE {where} LIMIT 2")
            if len(found) == 1 and found[0]["tag"]:
                return Teller(series.name, time, column.name, found[0]["tag"])
    return None


def propose_tags(past: Past, column: ColumnPast, whole: Spread, teller: Teller, others: Decimal) -> Iterator[Proposal]:
    """A rule for each tag, if tags explain how the column spreads better than all else does.

    Args:
        whole: The column's spread over all rows.
        others: What the best of the other columns leaves of it.
    """
    tags = measure_spreads(past, [column], teller.tag_of)[column.name]
    left = unexplained(whole, tags)
    if left is None or left > min(LEFT, others) or len(tags) > TAGS:
        return
    tags = with_steps(past, [column], teller.tag_of, {column.name: tags})[column.name]
    both = f"{teller.tag_of} || chr({ord(BETWEEN)}) || _word"
    in_states = measure_spreads(past, [column], both, teller.rows(past))[column.name]
    chosen = [
        (tag, _ranges(tag, [one for one in in_states if str(one.state).startswith(f"{tag.state}{BETWEEN}")]))
        for tag in tags
        if tag.state != teller.tag and tag.count >= ENOUGH_VALUES and not counts_up(tag)
    ]
    found = _tried(past, column, teller, chosen)
    for place, (tag, ranges) in enumerate(chosen):
        proposal = _proposal(past, column, teller, (tag, ranges), round(100 * (1 - left)))
        counts = {row["batch"]: {"rows": row[f"e{place}"], "failed": row[f"f{place}"]} for row in found}
        yield proposal.tried(Firing(tried_of(counts, past.learned), tried_of(counts, past.held) if past.held else None))


def _ranges(tag: Spread, in_states: Sequence[Spread]) -> Mapping[str, list[float]]:
    """Bounds by state where states explain how the tag spreads; else for any state."""
    left = unexplained(tag, in_states)
    if left is None or left > LEFT:
        return {ANY_STATE: _bounds(tag)}
    return {str(one.state).partition(BETWEEN)[2]: _bounds(one) for one in in_states if one.count >= ENOUGH_VALUES}


def _bounds(spread: Spread) -> list[float]:
    low, high = widened(spread.low, spread.high)
    return [float(low), float(high)]


def _proposal(
    past: Past, column: ColumnPast, teller: Teller, chosen: tuple[Spread, Mapping[str, list[float]]], explained: int
) -> Proposal:
    tag, ranges = chosen
    kwargs: dict[str, Any] = {
        "column": column.name,
        "series_regex": f"/{re.escape(str(tag.state))}$",
        "state_series": teller.tag,
        "state_column": teller.word,
        "ranges": dict(ranges),
    }
    facts: dict[str, object] = {"values": tag.count, "margin": f"{MARGIN:.0%}", "explained": explained, "states": len(ranges)}
    why = "suggest_tag" if ANY_STATE in ranges else "suggest_tag_by_state"
    own = identifier(column.name)
    sql = (
        f"SELECT count({own}) AS value, min({own}) AS low, max({own}) AS high FROM {past.table} "
        f"WHERE {past.taught} AND {teller.tag_of} = {literal(str(tag.state))}"
    )
    return proposed("range", RANGE_BY_STATE, kwargs, (why, facts), Evidence(sql, {str(past.table): past.version}, tag.count))


def _tried(
    past: Past, column: ColumnPast, teller: Teller, chosen: Sequence[tuple[Spread, Mapping[str, list[float]]]]
) -> list[dict[str, Any]]:
    """Per batch, how many readings each rule evaluates, and how many fail it: its own meaning, for all rules in one query."""
    items = [
        item for place, (tag, ranges) in enumerate(chosen) for item in _counts(place, column, teller, str(tag.state), ranges)
    ]
    if not items:
        return []
    return past.fetch(f"SELECT _batch_seq AS batch, {', '.join(items)} FROM {teller.rows(past)} GROUP BY 1")


def _counts(place: int, column: ColumnPast, teller: Teller, tag: str, ranges: Mapping[str, list[float]]) -> tuple[str, str]:
    value = present(column.column)
    outside = {state: f"{value} NOT BETWEEN {low!r} AND {high!r}" for state, (low, high) in ranges.items()}
    known = "TRUE" if ANY_STATE in ranges else f"_word IN ({', '.join(map(literal, ranges))})"
    fails = " ".join(f"WHEN _word = {literal(state)} THEN {one}" for state, one in outside.items() if state != ANY_STATE)
    failed = f"CASE {fails} END" if fails else outside[ANY_STATE]
    judged = f"{teller.tag_of} = {literal(tag)} AND _word IS NOT NULL AND {known} AND {value} IS NOT NULL"
    return f"count_if({judged}) AS e{place}", f"count_if({judged} AND {failed}) AS f{place}"
