"""Numbers of single rows of governance tables as families: a run of a batch, and a verdict of a rule."""

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
# Families of which the read model keeps no result: each of their rows is a row of a table that it has.
ROW_FAMILIES = {family.name: family for family in (RUNS, VERDICTS)}
