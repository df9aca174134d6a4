"""The queries of the portal's pages over the read model, by name. Their numbers are figures of families, joined with the words of contracts.

Times are texts in UTC to the second. Parameters are `$name`; `$now` is the time of the request in microseconds since 1970.
"""

from lakeward.scorecard.portal.lineage_queries import LINEAGE_QUERIES
from lakeward.scorecard.portal.page_query import PAGE_ROWS, TOTAL, PageQuery
from lakeward.scorecard.portal.word_queries import WORD_QUERIES


def seconds(column: str) -> str:
    """SQL of a time as text."""
    return f"strftime(make_timestamp(epoch_us({column})), '%Y-%m-%d %H:%M:%S')"


# Every dataset of the project or the lake, with its words, its figures and its state.
DATASETS = """
failed_checks AS (
  SELECT dataset, CAST(sum(checks) AS BIGINT) AS checks, CAST(sum(failed) AS BIGINT) AS failed_checks FROM figures.failures GROUP BY dataset
),
last_runs AS (SELECT dataset, max(epoch_us(finished_at)) AS last_us FROM governance.runs GROUP BY dataset),
joined AS (
  SELECT coalesce(c.dataset, f.dataset) AS dataset, c.dataset IS NULL AS retired, c.* EXCLUDE (dataset), f.* EXCLUDE (dataset),
    checks, failed_checks, (failed_checks * 1000000 + checks - 1) // nullif(checks, 0) AS per_million,
    o.open, o.oldest, h.batch AS halted, g.columns AS graded_columns, g.provisional, g.stale, g.ungraded, g.core, g.important, g.general,
    coalesce($now - last_us > 1000000 * allowed_seconds, FALSE) AS late, last_us IS NULL AS never_ran
  FROM catalogue.datasets AS c FULL JOIN figures.datasets AS f ON f.dataset = c.dataset
  LEFT JOIN failed_checks ON failed_checks.dataset = coalesce(c.dataset, f.dataset)
  LEFT JOIN last_runs ON last_runs.dataset = coalesce(c.dataset, f.dataset)
  LEFT JOIN figures.open_rows AS o ON o.dataset = coalesce(c.dataset, f.dataset)
  LEFT JOIN figures.halted AS h ON h.dataset = coalesce(c.dataset, f.dataset)
  LEFT JOIN figures.dataset_grades AS g ON g.dataset = coalesce(c.dataset, f.dataset)
),
states AS (
  SELECT *, CASE WHEN core > 0 THEN 'core' WHEN important > 0 THEN 'important' WHEN general > 0 THEN 'general' END AS grade,
    CASE WHEN retired THEN 'retired' WHEN fault IS NOT NULL THEN 'invalid' WHEN halted IS NOT NULL THEN 'halted' WHEN never_ran THEN 'never'
      WHEN failed_rules > 0 THEN 'failing' WHEN late THEN 'late' WHEN unknown_rules > 0 THEN 'unknown' ELSE 'passing' END AS state
  FROM joined
)"""
# What a person should look at, the most urgent first.
URGENCY = "CASE state WHEN 'halted' THEN 0 WHEN 'invalid' THEN 1 WHEN 'failing' THEN 2 WHEN 'late' THEN 3 ELSE 4 END"
_NEEDED = "state IN ('halted', 'invalid', 'failing', 'late')"
CELLS = """dataset, layer, owner, domain, domain_en, domain_zh, version, name_en, name_zh, about_en, about_zh, proposed_key, data_class, fault, state, CAST(late AS BIGINT) AS late,
  score, coverage, failed_rules, unknown_rules, rows_in, bronze, silver, quarantine, duplicates, corrections, rejects, batches, balanced, last_run,
  checks, failed_checks, per_million, open, oldest, halted, grade, provisional, stale, ungraded, graded_columns, columns"""
_FILTER = """($domain IS NULL OR domain = $domain) AND ($owner IS NULL OR owner = $owner) AND ($state IS NULL OR state = $state)
  AND ($layer IS NULL OR layer = $layer) AND ($grade IS NULL OR grade = $grade)
  AND ($dimension IS NULL OR dataset IN (SELECT dataset FROM figures.failures WHERE dimension = $dimension))"""
_SEEN = """coalesce(domain, '') AS domain, domain_en, domain_zh, dimension, CAST(sum(checks) AS BIGINT) AS checks, CAST(sum(failed) AS BIGINT) AS failed,
  (CAST(sum(failed) AS BIGINT) * 1000000 + CAST(sum(checks) AS BIGINT) - 1) // nullif(CAST(sum(checks) AS BIGINT), 0) AS per_million,
  CAST(sum(rules) AS BIGINT) AS rules, CAST(sum(unknown_rules) AS BIGINT) AS unknown_rules, count(DISTINCT dataset) AS datasets"""
# Corrections are not in lakes of the first version.
_RUNS = "(SELECT * FROM governance.runs UNION ALL BY NAME SELECT CAST(NULL AS BIGINT) AS corrections WHERE FALSE)"
# Columns that a lake of an older version does not have.
_LATER = (
    "principal",
    "purpose",
    "consumer",
    "versions",
    "columns",
    "policy_version",
    "answer_digest",
    "export_id",
    "prev",
    "hash",
    "event",
)
_LATER_TEXTS = ", ".join(f"CAST(NULL AS VARCHAR) AS {name}" for name in (*_LATER, "subject", "address"))
_LATER_NUMBERS = ", ".join(f"CAST(NULL AS BIGINT) AS {name}" for name in ("bytes_out", "elapsed_us", "rows_charged"))
LOG = f"""(SELECT * FROM governance.access_log UNION ALL BY NAME
  SELECT {_LATER_TEXTS}, {_LATER_NUMBERS}, CAST(NULL AS BOOLEAN) AS verified WHERE FALSE)"""
_RUN_CELLS = f"""run_id, dataset, flow, batch_seq, generation, rows_in, bronze, rejects, silver, quarantine, duplicates, corrections, score,
  coverage, failed_rules, unknown_rules, warnings, contract_version, contract_sha256, suite_sha256, engine,
  {seconds("started_at")} AS started_at, {seconds("finished_at")} AS finished_at,
  CAST(rows_in = bronze + rejects AND bronze = silver + quarantine + duplicates AS BIGINT) AS balanced"""
_VERDICT_CELLS = f"""dataset, batch_seq, generation, rule_id AS rule, rule_version, expectation, columns, severity, dimension, outcome,
  evaluated, failed, reason, run_id, {seconds("judged_at")} AS judged_at"""
_OUTCOME = "CASE outcome WHEN 'FAIL' THEN 0 WHEN 'UNKNOWN' THEN 1 ELSE 2 END"

QUERIES = {
    **WORD_QUERIES,
    **LINEAGE_QUERIES,
    "attention": PageQuery(
        f"WITH {DATASETS} SELECT {CELLS} FROM states WHERE {_NEEDED} ORDER BY {URGENCY}, per_million DESC NULLS LAST, dataset LIMIT 12",
        ("dataset",),
    ),
    "estate_counts": PageQuery(
        f"""WITH {DATASETS} SELECT count(*) AS datasets, count(*) FILTER (WHERE {_NEEDED}) AS needed,
  count(*) FILTER (WHERE state = 'halted') AS halted, count(*) FILTER (WHERE state = 'never') AS never_ran FROM states"""
    ),
    "domains": PageQuery(
        f"""SELECT {_SEEN} FROM figures.failures LEFT JOIN (SELECT dataset, domain, domain_en, domain_zh FROM catalogue.datasets) USING (dataset)
GROUP BY ALL ORDER BY domain, dimension""",
        ("domain", "dimension"),
    ),
    "datasets": PageQuery(
        f"""WITH {DATASETS} SELECT {CELLS}, {TOTAL} FROM states WHERE {_FILTER}
ORDER BY {URGENCY}, per_million DESC NULLS LAST, dataset LIMIT {PAGE_ROWS} OFFSET $skip""",
        ("dataset",),
    ),
    "facets": PageQuery(
        f"""WITH {DATASETS}, chosen AS (SELECT * FROM states WHERE {_FILTER})
SELECT * FROM (
  SELECT 'domain' AS facet, domain AS value, domain_en AS name_en, domain_zh AS name_zh, count(*) AS datasets FROM chosen GROUP BY ALL
  UNION ALL SELECT 'owner', owner, NULL, NULL, count(*) FROM chosen GROUP BY ALL
  UNION ALL SELECT 'state', state, NULL, NULL, count(*) FROM chosen GROUP BY ALL
  UNION ALL SELECT 'layer', layer, NULL, NULL, count(*) FROM chosen GROUP BY ALL
  UNION ALL SELECT 'grade', grade, NULL, NULL, count(*) FROM chosen GROUP BY ALL
) WHERE value IS NOT NULL ORDER BY facet, datasets DESC, value""",
        ("facet", "value"),
    ),
    "dataset": PageQuery(f"WITH {DATASETS} SELECT {CELLS} FROM states WHERE dataset = $dataset", ("dataset",)),
    "failures": PageQuery(
        """SELECT f.dataset, f.dimension, checks, failed, per_million, rules, unknown_rules, d.score FROM figures.failures AS f
LEFT JOIN figures.dataset_dimensions AS d ON d.dataset = f.dataset AND d.dimension = f.dimension WHERE f.dataset = $dataset""",
        ("dataset", "dimension"),
    ),
    "columns": PageQuery(
        """SELECT c.dataset, c."column", type, unit, source_name, name_en, name_zh, about_en, about_zh, required, key_position,
  grade, category, state, detector
FROM catalogue.columns AS c LEFT JOIN figures.column_grades AS g ON g.dataset = c.dataset AND g."column" = c."column"
WHERE c.dataset = $dataset ORDER BY position""",
        ("dataset", "column"),
    ),
    "open_datasets": PageQuery(
        """SELECT coalesce(o.dataset, h.dataset) AS dataset, o.open, o.oldest, h.batch AS halted, c.name_en, c.name_zh, c.about_en, c.about_zh, c.owner
FROM figures.open_rows AS o FULL JOIN figures.halted AS h ON h.dataset = o.dataset
LEFT JOIN catalogue.datasets AS c ON c.dataset = coalesce(o.dataset, h.dataset) ORDER BY h.batch IS NULL, o.open DESC NULLS LAST, dataset""",
        ("dataset",),
    ),
    "waiting_grades": PageQuery(
        f"""SELECT g.dataset, g."column", grade, category, state, detector, c.source_name, c.name_en, c.name_zh, c.about_en, c.about_zh, d.owner,
  {TOTAL} FROM figures.column_grades AS g
LEFT JOIN catalogue.columns AS c ON c.dataset = g.dataset AND c."column" = g."column"
LEFT JOIN catalogue.datasets AS d ON d.dataset = g.dataset
WHERE state IN ('provisional', 'stale', 'ungraded') AND ($dataset IS NULL OR g.dataset = $dataset)
ORDER BY CASE grade WHEN 'core' THEN 0 WHEN 'important' THEN 1 WHEN 'general' THEN 3 ELSE 2 END, category IS NULL, g.dataset, position
LIMIT {PAGE_ROWS} OFFSET $skip""",
        ("dataset", "column"),
    ),
    "rules": PageQuery(
        f"""SELECT dataset, rule, rule_version, expectation, columns, severity, dimension, outcome, evaluated, failed, reason
FROM figures.rules WHERE dataset = $dataset ORDER BY {_OUTCOME}, coalesce(failed, 0) DESC, rule""",
        ("dataset", "rule"),
    ),
    "runs": PageQuery(
        f"""SELECT {_RUN_CELLS}, {TOTAL} FROM {_RUNS} WHERE dataset = $dataset
ORDER BY epoch_us(finished_at) DESC, batch_seq DESC LIMIT {PAGE_ROWS} OFFSET $skip""",
        ("run_id", "batch_seq"),
    ),
    "newest_runs": PageQuery(
        f"SELECT {_RUN_CELLS} FROM {_RUNS} ORDER BY epoch_us(finished_at) DESC, dataset LIMIT 10", ("run_id", "batch_seq")
    ),
    "run": PageQuery(
        f"SELECT {_RUN_CELLS} FROM {_RUNS} WHERE run_id = $run ORDER BY dataset, batch_seq", ("run_id", "dataset", "batch_seq")
    ),
    "run_verdicts": PageQuery(
        f"""SELECT {_VERDICT_CELLS} FROM governance.verdicts WHERE run_id = $run
ORDER BY dataset, batch_seq, {_OUTCOME}, coalesce(failed, 0) DESC, rule_id LIMIT 500""",
        ("dataset", "batch_seq", "rule"),
    ),
    "rule_verdicts": PageQuery(
        f"""SELECT {_VERDICT_CELLS} FROM governance.verdicts WHERE dataset = $dataset AND rule_id = $rule
ORDER BY generation DESC, batch_seq DESC, epoch_us(judged_at) DESC LIMIT {PAGE_ROWS}""",
        ("batch_seq",),
    ),
    "reasons": PageQuery(
        "SELECT dataset, rule, rows, batches, oldest FROM figures.reasons WHERE dataset = $dataset ORDER BY rows DESC, rule",
        ("dataset", "rule"),
    ),
}
