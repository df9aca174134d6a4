"""Numbers of single rows of governance tables as families: a run of a batch, a verdict, an indicator, an entry of a filing."""

from lakeward.scorecard.figures import Family

RUNS = Family(
    name="runs",
    tables=("governance.runs",),
    keys=("dataset", "run", "batch"),
    numbers=(
        "rows_in",
        "bronze",
        "rejects",
        "silver",
        "quarantine",
        "duplicates",
        "score",
        "coverage",
        "failed_rules",
        "unknown_rules",
    ),
    sql="""SELECT dataset, run_id AS run, CAST(batch_seq AS VARCHAR) AS batch, rows_in, bronze, rejects, silver, quarantine, duplicates,
  score, coverage, failed_rules, unknown_rules FROM governance.runs""",
)
VERDICTS = Family(
    name="verdicts",
    tables=("governance.verdicts",),
    keys=("dataset", "run", "batch", "rule"),
    numbers=("evaluated", "failed"),
    sql="""SELECT dataset, run_id AS run, CAST(batch_seq AS VARCHAR) AS batch, rule_id AS rule, evaluated, failed
FROM governance.verdicts""",
)
INDICATORS = Family(
    name="indicators",
    tables=("governance.maturity",),
    keys=("edition", "indicator"),
    numbers=("value", "numerator", "denominator", "level"),
    sql="""SELECT edition, indicator, value, numerator, denominator, level FROM (
  SELECT *, max(seq) OVER (PARTITION BY edition) AS newest FROM governance.maturity
) WHERE kind = 'indicator' AND seq = newest""",
)
FILED = Family(
    name="filed",
    tables=("governance.filings",),
    keys=("filing", "dataset"),
    numbers=("rows", "bytes"),
    sql="""SELECT CAST(filing AS VARCHAR) AS filing, dataset, CAST(json_extract(entries, '$."' || dataset || '".rows') AS BIGINT) AS rows,
  CAST(json_extract(entries, '$."' || dataset || '".bytes') AS BIGINT) AS bytes
FROM (SELECT filing, entries, unnest(json_keys(entries)) AS dataset FROM governance.filings WHERE event = 'submitted')""",
)
# Families of which the read model keeps no result: each of their rows is a row of a table that it has.
ROW_FAMILIES = {family.name: family for family in (RUNS, VERDICTS, INDICATORS, FILED)}
