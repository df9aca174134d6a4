"""The queries of the scorecard's figures: portable SQL over governance tables, each for all datasets."""

from lakeward.core.sql import literal
from lakeward.quality.score_sql import REWORK_FLOWS
from lakeward.scorecard.figures import Family

_REWORKED = ", ".join(map(literal, REWORK_FLOWS))
# The last run of each batch: a rebuild repeats a batch in a later generation. A replay receives nothing: its rows leave
# quarantine. A lake of an earlier version has no column `corrections` yet.
FINISHED = f"""finished AS (
  SELECT run_id, dataset, flow, batch_seq, generation, rejects, silver, duplicates, corrections, score, coverage, failed_rules, unknown_rules,
    contract_version, finished_at,
    CASE WHEN flow IN ({_REWORKED}) THEN 0 ELSE rows_in END AS rows_in,
    CASE WHEN flow IN ({_REWORKED}) THEN 0 ELSE bronze END AS bronze,
    CASE WHEN flow IN ({_REWORKED}) THEN quarantine - rows_in ELSE quarantine END AS quarantine
  FROM (SELECT * FROM governance.runs UNION ALL BY NAME SELECT CAST(NULL AS BIGINT) AS corrections WHERE FALSE)
  QUALIFY row_number() OVER (PARTITION BY dataset, batch_seq ORDER BY generation DESC, finished_at DESC) = 1
)"""
# Times are shown in UTC, to the minute.
MINUTE = "strftime(make_timestamp(epoch_us(max({0}))), '%Y-%m-%d %H:%M')"
_FIRST_MINUTE = "strftime(make_timestamp(epoch_us(min({0}))), '%Y-%m-%d %H:%M')"
_DAY = "strftime(make_timestamp(epoch_us({0})), '%Y-%m-%d')"


def mean(column: str) -> str:
    """SQL: the mean of a DECIMAL column with two digits, by integers, so that every engine rounds half up; 100 only if each is; else NULL."""
    cents = f"sum(CAST(100 * {column} AS BIGINT))"
    rounded = f"(2 * {cents} + count({column})) // nullif(2 * count({column}), 0)"
    shown = f"CASE WHEN {cents} < 10000 * count({column}) AND {rounded} >= 10000 THEN 9999 ELSE {rounded} END"
    return f"CAST(CAST({shown} AS DECIMAL(16, 0)) * 0.01 AS DECIMAL(5, 2))"


REASONS = Family(
    name="reasons",
    tables=("governance.verdicts",),
    keys=("dataset", "rule"),
    numbers=("rows", "batches"),
    sql=f"""WITH last AS (
  SELECT * FROM governance.verdicts
  QUALIFY row_number() OVER (PARTITION BY dataset, batch_seq, rule_id ORDER BY generation DESC) = 1
)
SELECT dataset, rule_id AS rule, sum(failed) AS rows, count(*) AS batches, {_DAY.format("min(judged_at)")} AS oldest
FROM last WHERE severity = 'quarantine' AND failed > 0 GROUP BY dataset, rule_id ORDER BY rows DESC, dataset, rule""",
)
LINEAGE = Family(
    name="lineage",
    tables=("governance.lineage_edges",),
    keys=("source", "target"),
    numbers=("columns",),
    sql="""SELECT from_table AS source, to_table AS target, count(DISTINCT to_column) AS columns
FROM governance.lineage_edges GROUP BY from_table, to_table ORDER BY from_table, to_table""",
)
LINEAGE_TOTALS = Family(
    name="lineage_totals",
    tables=("governance.lineage_edges",),
    keys=(),
    numbers=("tables", "arrows", "columns"),
    sql="""WITH edges AS (SELECT DISTINCT from_table, from_column, to_table, to_column FROM governance.lineage_edges)
SELECT (SELECT count(*) FROM (SELECT from_table FROM edges UNION SELECT to_table FROM edges)) AS tables,
  (SELECT count(*) FROM (SELECT DISTINCT from_table, to_table FROM edges)) AS arrows,
  (SELECT count(*) FROM edges WHERE from_column IS NOT NULL AND to_column IS NOT NULL) AS columns""",
)
# A log-in to the portal is no read, and has no role.
ACCESS = Family(
    name="access",
    tables=("governance.access_log",),
    keys=("role",),
    numbers=("queries", "allowed", "refused", "failed", "rows_out", "last_asked"),
    sql=f"""SELECT role, count(*) FILTER (WHERE verdict <> 'started') AS queries, count(*) FILTER (WHERE verdict = 'allowed') AS allowed,
  count(*) FILTER (WHERE verdict = 'refused') AS refused, count(*) FILTER (WHERE verdict = 'failed') AS failed,
  sum(rows_out) AS rows_out, {MINUTE.format("asked_at")} AS last_asked
FROM governance.access_log WHERE role <> '' GROUP BY role ORDER BY queries DESC, role""",
)


_CLOSED = """, closed AS (
  SELECT dataset, from_seq AS batch_seq, count(*) AS gone FROM governance.quarantine_events
  WHERE event <> 'repair' AND from_seq IS NOT NULL GROUP BY dataset, from_seq
)"""
_JOIN_CLOSED = " LEFT JOIN closed USING (dataset, batch_seq)"


def ageing(as_of: str, *, has_events: bool) -> Family:
    """Open rows in quarantine by the age of their batch; `as_of` is a time in ISO 8601.

    Args:
        has_events: Whether rows were closed, so that `governance.quarantine_events` exists.
    """
    age = f"(epoch_us(TIMESTAMPTZ {literal(as_of)}) - epoch_us(finished_at)) / 86400000000"
    events = ("governance.quarantine_events",) if has_events else ()
    return Family(
        name="ageing",
        tables=("governance.runs", *events),
        keys=(),
        numbers=("day", "week", "month", "older", "open"),
        sql=f"""WITH {_open_batches(has_events=has_events)}, aged AS (SELECT quarantine, {age} AS days FROM open_batches)
SELECT coalesce(sum(quarantine) FILTER (WHERE days < 1), 0) AS day,
  coalesce(sum(quarantine) FILTER (WHERE days >= 1 AND days < 7), 0) AS week,
  coalesce(sum(quarantine) FILTER (WHERE days >= 7 AND days < 30), 0) AS month,
  coalesce(sum(quarantine) FILTER (WHERE days >= 30), 0) AS older, coalesce(sum(quarantine), 0) AS open
FROM aged HAVING count(*) > 0""",
    )


def open_rows(*, has_events: bool) -> Family:
    """Open rows in quarantine by dataset, with the time of the oldest batch that has one; sums and arguments are those of `ageing`."""
    events = ("governance.quarantine_events",) if has_events else ()
    return Family(
        name="open_rows",
        tables=("governance.runs", *events),
        keys=("dataset",),
        numbers=("open", "batches", "oldest"),
        sql=f"""WITH {_open_batches(has_events=has_events)}
SELECT dataset, CAST(sum(quarantine) AS BIGINT) AS open, count(*) AS batches, {_FIRST_MINUTE.format("finished_at")} AS oldest
FROM open_batches WHERE quarantine > 0 GROUP BY dataset ORDER BY dataset""",
    )


def _open_batches(*, has_events: bool) -> str:
    """SQL: `open_batches`, each batch with the rows that it left open in quarantine."""
    # After a rebuild by other rules fewer rows can be quarantined than were closed since.
    open_count = "greatest(aside - coalesce(gone, 0), 0)" if has_events else "aside"
    return f"""last AS (
  SELECT dataset, batch_seq, quarantine AS aside, finished_at FROM governance.runs
  QUALIFY row_number() OVER (PARTITION BY dataset, batch_seq ORDER BY generation DESC, finished_at DESC) = 1
){_CLOSED if has_events else ""}, open_batches AS (
  SELECT dataset, batch_seq, {open_count} AS quarantine, finished_at FROM last{_JOIN_CLOSED if has_events else ""}
)"""


COMMON_FAMILIES = (REASONS, LINEAGE, LINEAGE_TOTALS, ACCESS)
