"""The queries behind the scorecard's figures: portable SQL over governance tables, each answering for all datasets at once."""

from lakeward.scorecard.figures import Family

# The last run of each batch: a rebuild makes a batch anew in a later generation.
_FINISHED = """finished AS (
  SELECT * FROM governance.runs
  QUALIFY row_number() OVER (PARTITION BY dataset, batch_seq ORDER BY generation DESC, finished_at DESC) = 1
)"""
_LATEST = """latest AS (
  SELECT * FROM finished
  QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY generation DESC, batch_seq DESC) = 1
)"""
# X = A / B of GB/T 36344-2018 per rule; an aggregate is one element; UNKNOWN has no ratio (law 2).
_RATIO = """CASE WHEN outcome = 'UNKNOWN' OR evaluated = 0 THEN NULL
    WHEN evaluated IS NULL OR failed IS NULL THEN CAST(outcome = 'PASS' AS INTEGER)
    ELSE (evaluated - failed) / evaluated END AS ratio"""
_NEWEST = f"""newest AS (
  SELECT *, {_RATIO} FROM governance.verdicts
  QUALIFY rank() OVER (PARTITION BY dataset ORDER BY generation DESC, batch_seq DESC) = 1
)"""
_BALANCED = "rows_in = bronze + rejects AND bronze = silver + quarantine + duplicates"
# Instants are shown in UTC, to the minute.
_MINUTE = "strftime(make_timestamp(epoch_us(max({0}))), '%Y-%m-%d %H:%M')"
_DAY = "strftime(make_timestamp(epoch_us({0})), '%Y-%m-%d')"


def mean(column: str) -> str:
    """SQL: the mean of a DECIMAL column with two digits, by whole numbers, so that every engine rounds the half up; NULL of nothing."""
    cents = f"sum(CAST(100 * {column} AS BIGINT))"
    return (
        f"CAST(CAST((2 * {cents} + count({column})) // nullif(2 * count({column}), 0) AS DECIMAL(16, 0)) * 0.01 AS DECIMAL(5, 2))"
    )


_COUNTS = ("batches", "rows_in", "bronze", "rejects", "silver", "quarantine", "duplicates")
_SUMS = ", ".join(f"sum({name}) AS {name}" for name in _COUNTS[1:])

TOTALS = Family(
    "totals",
    ("governance.runs",),
    (),
    ("datasets", *_COUNTS, "balanced", "last_run", "score", "scored", "coverage", "failed_rules", "unknown_rules"),
    f"""WITH {_FINISHED}, {_LATEST},
sums AS (
  SELECT count(DISTINCT dataset) AS datasets, count(*) AS batches, {_SUMS},
    count(*) FILTER (WHERE {_BALANCED}) AS balanced, {_MINUTE.format("finished_at")} AS last_run
  FROM finished
),
scores AS (
  SELECT {mean("score")} AS score, count(score) AS scored, {mean("coverage")} AS coverage,
    sum(failed_rules) AS failed_rules, sum(unknown_rules) AS unknown_rules
  FROM latest
)
SELECT * FROM sums, scores WHERE batches > 0""",
)
DATASETS = Family(
    "datasets",
    ("governance.runs",),
    ("dataset",),
    (*_COUNTS, "balanced", "score", "coverage", "failed_rules", "unknown_rules", "last_run"),
    f"""WITH {_FINISHED}, {_LATEST},
sums AS (
  SELECT dataset, count(*) AS batches, {_SUMS}, count(*) FILTER (WHERE {_BALANCED}) AS balanced,
    {_MINUTE.format("finished_at")} AS last_run
  FROM finished GROUP BY dataset
)
SELECT sums.*, latest.score, latest.coverage, latest.failed_rules, latest.unknown_rules, latest.contract_version, latest.flow
FROM sums JOIN latest ON latest.dataset = sums.dataset ORDER BY sums.dataset""",
)
HISTORY = Family(
    "history",
    ("governance.runs",),
    ("dataset", "batch"),
    ("score",),
    f"""WITH {_FINISHED}
SELECT dataset, CAST(batch_seq AS VARCHAR) AS batch, score FROM finished
QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY batch_seq DESC) <= 30
ORDER BY dataset, batch_seq""",
)
DIMENSIONS = Family(
    "dimensions",
    ("governance.verdicts",),
    ("dimension",),
    ("score", "rules", "measured", "failed_rules", "unknown_rules"),
    f"""WITH {_NEWEST},
means AS (SELECT dimension, dataset, avg(ratio) AS ratio FROM newest GROUP BY dimension, dataset),
scores AS (SELECT dimension, CAST(100 * avg(ratio) AS DECIMAL(5, 2)) AS score FROM means GROUP BY dimension),
counts AS (
  SELECT dimension, count(*) AS rules, count(ratio) AS measured,
    count(*) FILTER (WHERE outcome = 'FAIL') AS failed_rules, count(*) FILTER (WHERE outcome = 'UNKNOWN') AS unknown_rules
  FROM newest GROUP BY dimension
)
SELECT counts.*, scores.score FROM counts JOIN scores ON scores.dimension = counts.dimension ORDER BY counts.dimension""",
)
TREND = Family(
    "trend",
    ("governance.verdicts",),
    ("dimension", "day"),
    ("score",),
    f"""WITH judged AS (SELECT dimension, dataset, {_DAY.format("judged_at")} AS day, {_RATIO} FROM governance.verdicts),
means AS (SELECT dimension, day, dataset, avg(ratio) AS ratio FROM judged GROUP BY dimension, day, dataset)
SELECT dimension, day, CAST(100 * avg(ratio) AS DECIMAL(5, 2)) AS score FROM means GROUP BY dimension, day
QUALIFY row_number() OVER (PARTITION BY dimension ORDER BY day DESC) <= 30
ORDER BY dimension, day""",
)
DATASET_DIMENSIONS = Family(
    "dataset_dimensions",
    ("governance.verdicts",),
    ("dataset", "dimension"),
    ("score",),
    f"""WITH {_NEWEST}
SELECT dataset, dimension, CAST(100 * avg(ratio) AS DECIMAL(5, 2)) AS score FROM newest
GROUP BY dataset, dimension ORDER BY dataset, dimension""",
)
RULES = Family(
    "rules",
    ("governance.verdicts",),
    ("dataset", "rule"),
    ("evaluated", "failed"),
    f"""WITH {_NEWEST}
SELECT dataset, rule_id AS rule, rule_version, expectation, columns, severity, dimension, outcome, evaluated, failed, reason
FROM newest
ORDER BY dataset, CASE outcome WHEN 'FAIL' THEN 0 WHEN 'UNKNOWN' THEN 1 ELSE 2 END, coalesce(failed, 0) DESC, rule_id""",
)
REASONS = Family(
    "reasons",
    ("governance.verdicts",),
    ("dataset", "rule"),
    ("rows", "batches"),
    f"""WITH last AS (
  SELECT * FROM governance.verdicts
  QUALIFY row_number() OVER (PARTITION BY dataset, batch_seq, rule_id ORDER BY generation DESC) = 1
)
SELECT dataset, rule_id AS rule, sum(failed) AS rows, count(*) AS batches, {_DAY.format("min(judged_at)")} AS oldest
FROM last WHERE severity = 'quarantine' AND failed > 0 GROUP BY dataset, rule_id ORDER BY rows DESC, dataset, rule""",
)
LINEAGE = Family(
    "lineage",
    ("governance.lineage_edges",),
    ("source", "target"),
    ("columns",),
    """SELECT from_table AS source, to_table AS target, count(DISTINCT to_column) AS columns
FROM governance.lineage_edges GROUP BY from_table, to_table ORDER BY from_table, to_table""",
)
LINEAGE_TOTALS = Family(
    "lineage_totals",
    ("governance.lineage_edges",),
    (),
    ("tables", "arrows", "columns"),
    """WITH edges AS (SELECT DISTINCT from_table, from_column, to_table, to_column FROM governance.lineage_edges)
SELECT (SELECT count(*) FROM (SELECT from_table FROM edges UNION SELECT to_table FROM edges)) AS tables,
  (SELECT count(*) FROM (SELECT DISTINCT from_table, to_table FROM edges)) AS arrows,
  (SELECT count(*) FROM edges WHERE from_column IS NOT NULL AND to_column IS NOT NULL) AS columns""",
)
ACCESS = Family(
    "access",
    ("governance.access_log",),
    ("role",),
    ("queries", "allowed", "refused", "failed", "rows_out", "last_asked"),
    f"""SELECT role, count(*) AS queries, count(*) FILTER (WHERE verdict = 'allowed') AS allowed,
  count(*) FILTER (WHERE verdict = 'refused') AS refused, count(*) FILTER (WHERE verdict = 'failed') AS failed,
  sum(rows_out) AS rows_out, {_MINUTE.format("asked_at")} AS last_asked
FROM governance.access_log GROUP BY role ORDER BY queries DESC, role""",
)


def ageing(as_of: str) -> Family:
    """Rows in quarantine by the age of their batch; `as_of` is an instant in ISO 8601."""
    age = f"(epoch_us(TIMESTAMPTZ '{as_of}') - epoch_us(finished_at)) / 86400000000"
    return Family(
        "ageing",
        ("governance.runs",),
        (),
        ("day", "week", "month", "older"),
        f"""WITH {_FINISHED}, aged AS (SELECT quarantine, {age} AS days FROM finished)
SELECT coalesce(sum(quarantine) FILTER (WHERE days < 1), 0) AS day,
  coalesce(sum(quarantine) FILTER (WHERE days >= 1 AND days < 7), 0) AS week,
  coalesce(sum(quarantine) FILTER (WHERE days >= 7 AND days < 30), 0) AS month,
  coalesce(sum(quarantine) FILTER (WHERE days >= 30), 0) AS older
FROM aged HAVING count(*) > 0""",
    )


ALWAYS = (TOTALS, DATASETS, HISTORY, DIMENSIONS, TREND, DATASET_DIMENSIONS, RULES, REASONS, LINEAGE, LINEAGE_TOTALS, ACCESS)
