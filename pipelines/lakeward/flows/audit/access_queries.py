"""SQL of the rules over the access log: one SELECT per rule, of `account, subject, on_day, observed, usual, entries`.

All are over the relation of `reads_query`, in DuckDB's dialect. A day is one of the plant's clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time

from lakeward.core.names import Relation
from lakeward.core.sql import literal
from lakeward.protection.access_rules import AccessRule, AccessRuleKind

# Entries that a finding names.
SHOWN_ENTRIES = 5
_ENTRIES = f"list(entry ORDER BY asked_at, entry)[:{SHOWN_ENTRIES}]"
# Grades whose reads and exports are looked at one by one.
_SENSITIVE = "('important', 'core')"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedDays:
    """What is looked at.

    Args:
        first, last: The days, both included.
        free: Days off.
        hours: Begin and end of the working time.
    """

    first: date
    last: date
    free: tuple[date, ...]
    hours: tuple[time, time]

    @property
    def condition(self) -> str:
        """SQL: whether `on_day` is one of them."""
        return f"on_day BETWEEN {_day(self.first)} AND {_day(self.last)}"

    @property
    def off_hours(self) -> str:
        """SQL: whether `local_at` is outside of the working time."""
        begin, end = (f"TIME {literal(each.isoformat())}" for each in self.hours)
        free = ", ".join(map(_day, self.free))
        outside = f"(CAST(local_at AS TIME) < {begin} OR CAST(local_at AS TIME) >= {end})"
        return f"({outside} OR on_day IN ({free}))" if free else outside


def reads_query(entries: Relation, zone: str) -> str:
    """SELECT of every entry, with its account, name and day."""
    local = f"asked_at AT TIME ZONE {literal(zone)}"
    return f"""SELECT reader AS account, role, verdict, asked_at, rows_out, query_hmac, code, columns, export_id,
        CAST(objects AS VARCHAR[]) AS tables, session_id || '/' || seq AS entry, {local} AS local_at, CAST({local} AS DATE) AS on_day
      FROM {entries}"""


def rule_query(rule: AccessRule, reads: Relation, days: WatchedDays) -> str:
    """The findings of a rule on these days."""
    return _QUERIES[rule.kind](reads, days, rule.parameters)


def _volume(reads: Relation, days: WatchedDays, limits: Mapping[str, int]) -> str:
    """Rows of a day, against the highest day of before; of an account without enough days, of any account of its role."""
    daily = f"""SELECT account, max(role) AS role, on_day, CAST(sum(rows_out) AS BIGINT) AS observed, {_ENTRIES} AS entries
      FROM {reads} WHERE verdict = 'allowed' GROUP BY account, on_day"""
    own, peers = (_before(part, limits["history_days"]) for part in ("account", "role"))
    usual = f"CASE WHEN days >= {limits['least_days']} THEN own ELSE peers END"
    return f"""SELECT account, '' AS subject, on_day, observed, {usual} AS usual, entries FROM (
        SELECT *, max(observed) OVER ({own}) AS own, count(*) OVER ({own}) AS days, max(observed) OVER ({peers}) AS peers FROM ({daily}))
      WHERE {days.condition} AND observed >= {limits["least"]} AND observed > {limits["factor"]} * {usual}"""


def _new_column(reads: Relation, days: WatchedDays, limits: Mapping[str, int]) -> str:
    """Columns of important or core data that are read in clear, and were not in the days before."""
    one = f"""SELECT account, on_day, asked_at, entry, unnest(map_entries(CAST(CAST(columns AS JSON) AS MAP(VARCHAR, VARCHAR)))) AS pair
      FROM {reads} WHERE verdict = 'allowed' AND columns IS NOT NULL"""
    named = f"""SELECT account, on_day, asked_at, entry, pair.key AS name FROM ({one})
      WHERE split_part(pair.value, ' ', 1) = 'clear' AND split_part(pair.value, ' ', 2) IN {_SENSITIVE}"""
    by_day = (
        f"SELECT account, on_day, name, min(asked_at) AS asked_at, min_by(entry, asked_at) AS entry FROM ({named}) GROUP BY ALL"
    )
    dated = f"SELECT *, lag(on_day) OVER (PARTITION BY account, name ORDER BY on_day) AS before FROM ({by_day})"
    active = _active_days(reads, limits["history_days"])
    fresh = f"before IS NULL OR before < on_day - {limits['history_days']}"
    table = "array_to_string(string_split(name, '.')[:2], '.')"
    return f"""SELECT account, {table} AS subject, on_day, count(*) AS observed, CAST(NULL AS BIGINT) AS usual, {_ENTRIES} AS entries
      FROM ({dated}) JOIN ({active}) USING (account, on_day)
      WHERE {days.condition} AND ({fresh}) AND days >= {limits["least_days"]}
      GROUP BY ALL HAVING count(*) >= {limits["least"]}"""


def _off_hours(reads: Relation, days: WatchedDays, limits: Mapping[str, int]) -> str:
    """Rows outside of working time, of accounts that have no habit of it."""
    daily = f"""SELECT account, on_day, CAST(sum(rows_out) AS BIGINT) AS observed, {_ENTRIES} AS entries
      FROM {reads} WHERE verdict = 'allowed' AND {days.off_hours} GROUP BY account, on_day"""
    before = _before("account", limits["history_days"])
    return f"""SELECT account, '' AS subject, on_day, observed, usual, entries FROM (
        SELECT *, max(observed) OVER ({before}) AS usual, count(*) OVER ({before}) AS days FROM ({daily}))
      WHERE {days.condition} AND observed >= {limits["least"]} AND days < {limits["regular_days"]}"""


def _enumeration(reads: Relation, days: WatchedDays, limits: Mapping[str, int]) -> str:
    """Reads of single rows of one table in an hour, against the highest hour of the days before."""
    hourly = f"""SELECT account, subject, on_day, date_trunc('hour', local_at) AS hour, count(*) AS observed, {_ENTRIES} AS entries
      FROM (SELECT *, unnest(tables) AS subject FROM {reads} WHERE verdict = 'allowed' AND rows_out <= {limits["rows"]}) GROUP BY ALL"""
    daily = f"""SELECT account, subject, on_day, max(observed) AS observed, max_by(entries, observed) AS entries
      FROM ({hourly}) GROUP BY account, subject, on_day"""
    return _above_before(daily, "account, subject", days, limits)


def _refusals(reads: Relation, days: WatchedDays, limits: Mapping[str, int]) -> str:
    """Refused statements of a day, of several texts: one that is repeated is a program with a fault."""
    daily = f"""SELECT account, '' AS subject, on_day, count(*) AS observed, {_ENTRIES} AS entries
      FROM {reads} WHERE verdict = 'refused' GROUP BY account, on_day
      HAVING count(DISTINCT coalesce(query_hmac, entry)) >= {limits["texts"]}"""
    return _above_before(daily, "account", days, limits)


def _export_important(reads: Relation, days: WatchedDays, limits: Mapping[str, int]) -> str:
    """Exports with columns of important or core data, in any form."""
    facts = "map_values(CAST(CAST(columns AS JSON) AS MAP(VARCHAR, VARCHAR)))"
    sensitive = f"len(list_filter({facts}, lambda fact: split_part(fact, ' ', 2) IN {_SENSITIVE}))"
    return f"""SELECT account, export_id AS subject, on_day, CAST({sensitive} AS BIGINT) AS observed, CAST(NULL AS BIGINT) AS usual,
        [entry] AS entries FROM {reads} WHERE {days.condition} AND verdict = 'allowed' AND export_id IS NOT NULL AND columns IS NOT NULL
        AND {sensitive} >= {limits["least"]}"""


def _dormant(reads: Relation, days: WatchedDays, limits: Mapping[str, int]) -> str:
    """Days of silence before a read; of an account that never read before, nothing is known."""
    daily = f"SELECT account, on_day, {_ENTRIES} AS entries FROM {reads} GROUP BY account, on_day"
    return f"""SELECT account, '' AS subject, on_day, silent AS observed, CAST(NULL AS BIGINT) AS usual, entries FROM (
        SELECT *, on_day - lag(on_day) OVER (PARTITION BY account ORDER BY on_day) AS silent FROM ({daily}))
      WHERE {days.condition} AND silent >= {limits["dormant_days"]}"""


def _above_before(daily: str, by: str, days: WatchedDays, limits: Mapping[str, int]) -> str:
    """Days whose count is at least `least`, and more than `factor` times the highest of the days before, if there is one."""
    before = _before(by, limits["history_days"])
    return f"""SELECT account, subject, on_day, observed, usual, entries FROM (
        SELECT *, max(observed) OVER ({before}) AS usual FROM ({daily}))
      WHERE {days.condition} AND observed >= {limits["least"]} AND observed > {limits["factor"]} * coalesce(usual, 0)"""


def _active_days(reads: Relation, history_days: int) -> str:
    """Per account and day, the days with reads before it."""
    daily = f"SELECT DISTINCT account, on_day FROM {reads} WHERE verdict = 'allowed'"
    return f"SELECT account, on_day, count(*) OVER ({_before('account', history_days)}) AS days FROM ({daily})"


def _before(by: str, history_days: int) -> str:
    """Window of the days before a day."""
    span = f"BETWEEN INTERVAL {history_days} DAYS PRECEDING AND INTERVAL 1 DAYS PRECEDING"
    return f"PARTITION BY {by} ORDER BY on_day RANGE {span}"


def _day(day: date) -> str:
    return f"DATE {literal(day.isoformat())}"


_QUERIES: Mapping[AccessRuleKind, Callable[[Relation, WatchedDays, Mapping[str, int]], str]] = {
    AccessRuleKind.VOLUME: _volume,
    AccessRuleKind.NEW_COLUMN: _new_column,
    AccessRuleKind.OFF_HOURS: _off_hours,
    AccessRuleKind.ENUMERATION: _enumeration,
    AccessRuleKind.REFUSALS: _refusals,
    AccessRuleKind.EXPORT_IMPORTANT: _export_important,
    AccessRuleKind.DORMANT: _dormant,
}
