"""The arithmetic of `score.py` as SQL over verdicts, so that every score has a query that reproduces it to the last digit.

A query here is a chain of common tables: `judged` (which verdicts count), then `rules`, `dimensions`, `datasets`, `estate` and
`estate_dimensions`, each with its `cents` (the score in hundredths; NULL if not measured) and its display columns.
Reads only verdicts, which contain counts and no values.
"""

from lakeward.core.sql import literal
from lakeward.quality.rule import RECEIVED, Outcome
from lakeward.quality.score import FULL_SCORE, GUARD_DIGITS, RATIO_UNIT, SUM_UNIT
from lakeward.quality.weights import EQUAL_WEIGHTS, UNIT_WEIGHT, Weights

# Flows whose rows were already judged and counted when received.
REWORK_FLOWS = ("replay", "release")
# Flows whose rows came before, so that they say nothing of a delivery: of the others, one reads rejects again.
LATE_FLOWS = (*REWORK_FLOWS, "decode")
RECEIVED_ONLY = f"flow NOT IN ({', '.join(map(literal, LATE_FLOWS))})"
_NO_RECORD = f"CASE WHEN expectation = {literal(RECEIVED)} AND evaluated = 0 THEN 1 END"
_SAME_BATCH = "USING (dataset, generation, batch_seq)"


def newest_batches_sql(batches: int | None = 1, *, dataset: str | None = None, runs: bool = True) -> str:
    """SQL: `judged`, the verdicts of each dataset's newest received batches in its latest generation.

    Halted batches count, replayed ones do not, since their rows belong to batches that count already. Batches without a record
    do not count.

    Args:
        batches: Number of batches; None for all of the generation.
        dataset: SQL literal; None for all datasets.
        runs: Whether `governance.runs` exists.
    """
    own = f" WHERE dataset = {dataset}" if dataset else ""
    few = (
        f" AND row_number() OVER (PARTITION BY dataset ORDER BY generation DESC, batch_seq DESC) <= {batches}" if batches else ""
    )
    anti = received_batches_join(runs=runs)
    return f"""batches AS (
  SELECT dataset, generation, batch_seq
  FROM (
    SELECT dataset, generation, batch_seq FROM governance.verdicts{own}
    GROUP BY dataset, generation, batch_seq HAVING coalesce(max({_NO_RECORD}), 0) = 0
  ) AS judgements{anti}
  QUALIFY generation = max(generation) OVER (PARTITION BY dataset){few}
),
judged AS (SELECT * FROM governance.verdicts SEMI JOIN batches {_SAME_BATCH}{own})"""


def single_batch_sql(table: str, dataset: str, generation: int, seq: int, condition: str = "TRUE") -> str:
    """SQL: `judged`, the verdicts of one batch in `table`.

    Args:
        dataset: SQL literal.
        condition: Condition that selects one judgement of the batch in `table`.
    """
    where = f"dataset = {dataset} AND generation = {generation} AND batch_seq = {seq} AND {condition}"
    return f"judged AS (SELECT * FROM {table} WHERE {where})"


def received_batches_join(*, runs: bool = True) -> str:
    """SQL: join that limits verdicts to received batches."""
    reworked = ", ".join(map(literal, LATE_FLOWS))
    return (
        f"""
  ANTI JOIN (SELECT * FROM governance.runs WHERE flow IN ({reworked})) AS reworked {_SAME_BATCH}"""
        if runs
        else ""
    )


def score_tables_sql(judged: str, weights: Weights = EQUAL_WEIGHTS, *, split_by: str = "") -> str:
    """SQL: `judged`, and from it all levels of scores, as the tables of a WITH clause.

    Args:
        split_by: A column of `judged` that splits scores further, such as `day`.
    """
    own = f"dataset, {split_by}" if split_by else "dataset"
    each = f"{split_by}, " if split_by else ""
    return ",\n".join((judged, _rules(own, weights), _dimensions(own, weights), _datasets(own, weights), _estate(each, weights)))


def estate_tables_sql(weights: Weights = EQUAL_WEIGHTS) -> str:
    """SQL: the last tables of `score_tables_sql`, from `datasets` and `dimensions` that the caller names."""
    return _estate("", weights)


def _rules(group_columns: str, weights: Weights) -> str:
    unknown = f"outcome = {literal(Outcome.UNKNOWN)} OR evaluated = 0"
    return f"""elements AS (
  SELECT *, evaluated IS NULL OR failed IS NULL AS whole,
    CASE WHEN {unknown} THEN NULL WHEN whole THEN CAST(outcome = {literal(Outcome.PASS)} AS BIGINT) ELSE evaluated - failed END AS passed,
    CASE WHEN {unknown} THEN NULL WHEN whole THEN 1 ELSE evaluated END AS seen
  FROM judged
),
counted AS (
  SELECT {group_columns}, dimension, rule_id AS rule, sum(passed) AS numerator, sum(seen) AS denominator,
    max_by(rule_version, batch_seq) AS rule_version, max_by(expectation, batch_seq) AS expectation,
    count(*) AS batches, count(passed) AS measured, max(CAST(outcome = {literal(Outcome.FAIL)} AS INTEGER)) AS has_failed,
    max(CAST(outcome = {literal(Outcome.UNKNOWN)} AS INTEGER)) AS has_unknown
  FROM elements GROUP BY {group_columns}, dimension, rule_id
),
rated AS (
  SELECT *, {_half_up(f"{RATIO_UNIT} * numerator", "denominator")} AS ratio, {weights.rule_sql()} AS weight,
    sum(CASE WHEN expectation = {literal(RECEIVED)} THEN numerator END) OVER (PARTITION BY {group_columns}) AS accepted,
    sum(CASE WHEN expectation = {literal(RECEIVED)} THEN denominator END) OVER (PARTITION BY {group_columns}) AS received
  FROM counted
),
rules AS (
  SELECT *, {_cents("ratio")} AS cents, {_score_decimal_sql("cents")} AS score,
    {_score_decimal_sql(_half_up(f"{FULL_SCORE} * measured", "batches"))} AS coverage
  FROM rated
)"""


def _dimensions(group_columns: str, weights: Weights) -> str:
    return f"""by_dimension AS (
  SELECT {group_columns}, dimension, {_WEIGHTED_SUMS}, count(*) AS rules, count(ratio) AS measured, {_JUDGED} AS judged,
    sum(has_failed) AS failed_rules, sum(has_unknown) AS unknown_rules
  FROM rules GROUP BY {group_columns}, dimension
),
rated_dimensions AS (
  SELECT *, {_half_up("total", "weights")} AS ratio, {weights.dimension_sql()} AS weight FROM by_dimension
),
dimensions AS (
  SELECT *, {_cents("ratio")} AS cents, {_score_decimal_sql("cents")} AS score, {_DISPLAY_OF_RATIOS} FROM rated_dimensions
)"""


def _datasets(group_columns: str, weights: Weights) -> str:
    return f"""by_dataset AS (
  SELECT {group_columns}, {_WEIGHTED_SUMS}, {_RULE_SUMS} FROM dimensions GROUP BY {group_columns}
),
rated_datasets AS (
  SELECT *, {_half_up("total", "weights")} AS ratio, {weights.dataset_sql()} AS weight FROM by_dataset
),
datasets AS (
  SELECT *, {_cents("ratio")} AS cents, {_score_decimal_sql("cents")} AS score, {_DISPLAY_OF_RATIOS} FROM rated_datasets
)"""


def _estate(split_prefix: str, weights: Weights) -> str:
    counted = f"{_WEIGHTED_SUMS_OF_CENTS}, count(*) AS datasets, count(cents) AS scored, {_RULE_SUMS}"
    mean = _below_full_if(f"total < {FULL_SCORE} * weights", _half_up("total", "weights"))
    rated = f"""{mean} AS cents, {_score_decimal_sql("cents")} AS score, {_DISPLAY_OF_CENTS}"""
    whole = f" GROUP BY {split_prefix.rstrip(', ')}" if split_prefix else " HAVING count(*) > 0"
    return f"""by_estate AS (
  SELECT {split_prefix}{counted} FROM datasets{whole}
),
estate AS (SELECT *, {rated} FROM by_estate),
weighed AS (SELECT * REPLACE ({weights.dataset_sql()} AS weight) FROM dimensions),
by_estate_dimension AS (
  SELECT {split_prefix}dimension, {counted} FROM weighed GROUP BY {split_prefix}dimension
),
estate_dimensions AS (SELECT *, {rated} FROM by_estate_dimension)"""


def weight_decimal_sql(column: str = "weight") -> str:
    """SQL: a weight as a decimal."""
    return f"CAST(CAST({column} AS DECIMAL(14, 0)) * 0.0001 AS DECIMAL(18, 4))"


def _half_up(part: str, whole: str) -> str:
    return f"(2 * CAST({part} AS HUGEINT) + {whole}) // nullif(2 * {whole}, 0)"


def _cents(ratio: str) -> str:
    rounded = _half_up(_half_up(ratio, str(GUARD_DIGITS)), str(RATIO_UNIT // GUARD_DIGITS // FULL_SCORE))
    return _below_full_if(f"{ratio} < {RATIO_UNIT}", rounded)


def _below_full_if(condition: str, cents: str) -> str:
    """SQL: no full score if the condition is true, for some failures must not look like none; NULL remains."""
    return f"CASE WHEN {condition} AND {cents} >= {FULL_SCORE} THEN {FULL_SCORE - 1} ELSE {cents} END"


def _score_decimal_sql(cents: str) -> str:
    return f"CAST(CAST({cents} AS DECIMAL(16, 0)) * 0.01 AS DECIMAL(5, 2))"


def _display_columns(scale: int) -> str:
    """The sums of a mean of ratios in `1 / scale`, and the coverage, as decimals."""
    total = _half_up("total", str(UNIT_WEIGHT * scale // SUM_UNIT))
    return f"""CAST(CAST(coalesce({total}, 0) AS DECIMAL(24, 0)) * 0.000001 AS DECIMAL(30, 6)) AS numerator,
    {weight_decimal_sql("coalesce(weights, 0)")} AS denominator,
    {_score_decimal_sql(_half_up(f"{FULL_SCORE} * judged", f"({RATIO_UNIT} * rules)"))} AS coverage"""


# Rules measured, in trillionths, by the share of the received records that they could look at: a reject is a record that none judged.
_JUDGED = _half_up(
    f"CAST(coalesce(max(accepted), 1) AS HUGEINT) * count(ratio) * {RATIO_UNIT}", "CAST(coalesce(max(received), 1) AS HUGEINT)"
)
_WEIGHTED_SUMS = "sum(weight * ratio) AS total, sum(CASE WHEN ratio IS NOT NULL THEN weight END) AS weights"
_WEIGHTED_SUMS_OF_CENTS = "sum(weight * cents) AS total, sum(CASE WHEN cents IS NOT NULL THEN weight END) AS weights"
_RULE_SUMS = "sum(rules) AS rules, sum(measured) AS measured, sum(judged) AS judged, sum(failed_rules) AS failed_rules, sum(unknown_rules) AS unknown_rules"
_DISPLAY_OF_RATIOS = _display_columns(RATIO_UNIT)
_DISPLAY_OF_CENTS = _display_columns(FULL_SCORE)
