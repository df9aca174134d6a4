"""The queries of every score: all levels for `lakeward score`, and the families of the page.

Both use one chain of tables (`quality.score_sql`), so that a score is the same number everywhere.
"""

from collections.abc import Mapping

from lakeward.core.sql import literal
from lakeward.quality.rule_scope import SCOPE_EDITION
from lakeward.quality.score_sql import (
    LATE_FLOWS,
    estate_tables_sql,
    newest_batches_sql,
    received_batches_join,
    score_tables_sql,
    weight_decimal_sql,
)
from lakeward.quality.weights import Weights
from lakeward.scorecard.families import FINISHED, MINUTE
from lakeward.scorecard.figures import Family

VERDICTS, RUNS = "governance.verdicts", "governance.runs"
_MEAN = ("score", "numerator", "denominator", "coverage", "rules", "measured", "failed_rules", "unknown_rules")
_DAY = "strftime(make_timestamp(epoch_us(judged_at)), '%Y-%m-%d')"
_WHOLE = "CAST({0} AS BIGINT) AS {0}"
_ITEMS = ", ".join((*_MEAN[:4], *(_WHOLE.format(name) for name in _MEAN[4:])))
_BALANCED = "rows_in = bronze + rejects AND bronze = silver + quarantine + duplicates"
_COUNTS = ("batches", "rows_in", "bronze", "rejects", "silver", "quarantine", "duplicates", "corrections")
_SUMS = f"""count(*) AS batches, {", ".join(f"sum({name}) AS {name}" for name in _COUNTS[1:])},
    count(*) FILTER (WHERE {_BALANCED}) AS balanced, {MINUTE.format("finished_at")} AS last_run"""


def level_families(judged: str, tables: tuple[str, ...], weights: Weights) -> dict[str, Family]:
    """Estate, datasets, dimensions and rules over the verdicts of `judged` (see `quality.score_sql`), by name.

    Args:
        tables: Tables that `judged` reads.
    """
    chain = f"WITH {score_tables_sql(judged, weights)}\n"
    rule = f"SELECT dataset, dimension, rule, rule_version, expectation, score, {weight_decimal_sql()} AS weight, "
    families = (
        Family(
            name="estate",
            tables=tables,
            keys=(),
            numbers=(*_MEAN, "datasets", "scored"),
            sql=f"{chain}SELECT {_ITEMS}, datasets, scored FROM estate",
        ),
        Family(
            name="estate_dimensions",
            tables=tables,
            keys=("dimension",),
            numbers=(*_MEAN, "datasets", "scored"),
            sql=f"{chain}SELECT dimension, {_ITEMS}, datasets, scored FROM estate_dimensions ORDER BY dimension",
        ),
        Family(
            name="datasets",
            tables=tables,
            keys=("dataset",),
            numbers=(*_MEAN, "weight"),
            sql=f"{chain}SELECT dataset, {_ITEMS}, {weight_decimal_sql()} AS weight FROM datasets ORDER BY dataset",
        ),
        Family(
            name="dimensions",
            tables=tables,
            keys=("dataset", "dimension"),
            numbers=(*_MEAN, "weight"),
            sql=f"{chain}SELECT dataset, dimension, {_ITEMS}, {weight_decimal_sql()} AS weight FROM dimensions ORDER BY dataset, dimension",
        ),
        Family(
            name="rules",
            tables=tables,
            keys=("dataset", "dimension", "rule"),
            numbers=("score", "weight", "numerator", "denominator", "coverage", "batches", "measured"),
            sql=f"{chain}{rule}numerator, denominator, coverage, batches, measured FROM rules ORDER BY dataset, dimension, rule",
        ),
    )
    return {family.name: family for family in families}


def quality_families(weights: Weights) -> tuple[Family, ...]:
    """Families of the page's scores: the newest received batch of every dataset, its history and the trend."""
    chain = f"WITH {score_tables_sql(newest_batches_sql(), weights)}"
    own = Family(
        name="dataset_dimensions",
        tables=(RUNS, VERDICTS),
        keys=("dataset", "dimension"),
        numbers=("score",),
        sql=f"{chain}\nSELECT dataset, dimension, score FROM dimensions ORDER BY dataset, dimension",
    )
    return (
        _totals(chain),
        _datasets(chain),
        _history(),
        _estate_dimensions(chain),
        _trend(weights),
        _scope_changes(),
        own,
        _rules(),
    )


def level_queries(weights: Weights) -> Mapping[str, str]:
    """Level -> the query of its scores, row by row of a dataset: what the estate's scores are made of."""
    chain = f"WITH {score_tables_sql(newest_batches_sql(), weights)}"
    return {level: f"{chain}\nSELECT * FROM {level}" for level in ("datasets", "dimensions")}


def estate_queries(weights: Weights, levels: str) -> Mapping[str, str]:
    """Family of the estate -> a query of the same rows from stored levels, in a hundredth of the time.

    Args:
        levels: Schema of the tables that hold the results of `level_queries`.
    """
    chain = f"""WITH datasets AS (SELECT * FROM {levels}.datasets),
dimensions AS (SELECT * FROM {levels}.dimensions),
{estate_tables_sql(weights)}"""
    return {family.name: family.sql for family in (_totals(chain), _estate_dimensions(chain))}


def failures(weights: Weights) -> Family:
    """Failed checks of the newest received batch by dataset and dimension, also per million, so that few of many are seen.

    A check is one rule on one row; a rule on a whole batch is one check. Rules that could not be judged are counted apart.
    """
    return Family(
        name="failures",
        tables=(RUNS, VERDICTS),
        keys=("dataset", "dimension"),
        numbers=("checks", "failed", "per_million", "rules", "unknown_rules"),
        sql=f"""WITH {score_tables_sql(newest_batches_sql(), weights)},
sums AS (
  SELECT dataset, dimension, CAST(coalesce(sum(denominator), 0) AS BIGINT) AS checks,
    CAST(coalesce(sum(denominator - numerator), 0) AS BIGINT) AS failed, count(*) AS rules, count(*) - count(ratio) AS unknown_rules
  FROM rules GROUP BY dataset, dimension
)
SELECT dataset, dimension, checks, failed, {per_million_sql("failed", "checks")} AS per_million, rules, unknown_rules
FROM sums ORDER BY dataset, dimension""",
    )


def per_million_sql(part: str, whole: str) -> str:
    """SQL: `part` per million of `whole`, rounded up, so that some are never none; NULL of nothing."""
    return f"({part} * 1000000 + {whole} - 1) // nullif({whole}, 0)"


def _totals(chain: str) -> Family:
    return Family(
        name="totals",
        tables=(RUNS, VERDICTS),
        keys=(),
        numbers=("datasets", *_COUNTS, "balanced", "last_run", "score", "scored", "coverage", "failed_rules", "unknown_rules"),
        sql=f"""{chain},
{FINISHED},
sums AS (SELECT count(DISTINCT dataset) AS datasets, {_SUMS} FROM finished)
SELECT sums.*, score, scored, coverage, failed_rules, unknown_rules FROM sums, estate WHERE batches > 0""",
    )


def _estate_dimensions(chain: str) -> Family:
    return Family(
        name="dimensions",
        tables=(RUNS, VERDICTS),
        keys=("dimension",),
        numbers=("score", "rules", "measured", "failed_rules", "unknown_rules"),
        sql=f"{chain}\nSELECT dimension, score, rules, measured, failed_rules, unknown_rules FROM estate_dimensions ORDER BY dimension",
    )


def _datasets(chain: str) -> Family:
    return Family(
        name="datasets",
        tables=(RUNS, VERDICTS),
        keys=("dataset",),
        numbers=(*_COUNTS, "balanced", "score", "coverage", "failed_rules", "unknown_rules", "last_run"),
        sql=f"""{chain},
{FINISHED},
sums AS (
  SELECT dataset, {_SUMS}, arg_max(contract_version, (generation, batch_seq)) AS contract_version,
    arg_max(flow, (generation, batch_seq)) AS flow
  FROM finished GROUP BY dataset
)
SELECT sums.*, score, coverage, failed_rules, unknown_rules
FROM sums LEFT JOIN datasets ON datasets.dataset = sums.dataset ORDER BY sums.dataset""",
    )


def _history() -> Family:
    """The scores that runs gave their batches, by the weights of their time."""
    reworked = ", ".join(map(literal, LATE_FLOWS))
    return Family(
        name="history",
        tables=(RUNS,),
        keys=("dataset", "batch"),
        numbers=("score",),
        sql=f"""WITH {FINISHED}
SELECT dataset, CAST(batch_seq AS VARCHAR) AS batch, score FROM finished WHERE flow NOT IN ({reworked})
QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY batch_seq DESC) <= 30
ORDER BY dataset, batch_seq""",
    )


def _trend(weights: Weights) -> Family:
    judged = f"judged AS (SELECT *, {_DAY} AS day FROM governance.verdicts{received_batches_join()})"
    return Family(
        name="trend",
        tables=(RUNS, VERDICTS),
        keys=("dimension", "day"),
        numbers=("score",),
        sql=f"""WITH {score_tables_sql(judged, weights, split_by="day")}
SELECT dimension, day, score FROM estate_dimensions
QUALIFY row_number() OVER (PARTITION BY dimension ORDER BY day DESC) <= 30
ORDER BY dimension, day""",
    )


def _scope_changes() -> Family:
    """Per gold table the first batch, and its day, that was scored by another scope of rules than the ones before.

    A lake of an earlier version has no column `scope` yet, and none in its rows.
    """
    return Family(
        name="scope_changes",
        tables=("governance.scores", RUNS),
        keys=("dataset",),
        numbers=("batch",),
        sql=f"""WITH scored AS (
  SELECT dataset, seq, {_DAY.replace("judged_at", "scored_at")} AS day, coalesce(scope, 1) AS scope
  FROM (SELECT * FROM governance.scores UNION ALL BY NAME SELECT CAST(NULL AS BIGINT) AS scope WHERE FALSE)
  SEMI JOIN (SELECT dataset FROM governance.runs WHERE flow = 'curate') AS gold USING (dataset) WHERE level = 'dataset'
),
before AS (SELECT dataset FROM scored WHERE scope < {SCOPE_EDITION})
SELECT dataset, min(seq) AS batch, min(day) AS day FROM scored SEMI JOIN before USING (dataset)
WHERE scope = {SCOPE_EDITION} GROUP BY dataset ORDER BY dataset""",
    )


def _rules() -> Family:
    return Family(
        name="rules",
        tables=(RUNS, VERDICTS),
        keys=("dataset", "rule"),
        numbers=("evaluated", "failed"),
        sql=f"""WITH {newest_batches_sql()}
SELECT dataset, rule_id AS rule, rule_version, expectation, columns, severity, dimension, outcome, evaluated, failed, reason
FROM judged
ORDER BY dataset, CASE outcome WHEN 'FAIL' THEN 0 WHEN 'UNKNOWN' THEN 1 ELSE 2 END, coalesce(failed, 0) DESC, rule_id""",
    )
