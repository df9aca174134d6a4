"""The queries of grade coverage, important data and readiness, which use catalogues."""

from lakeward.core.sql import OVER_ALL_ROWS, literal
from lakeward.maturity.catalogue import Catalogue
from lakeward.scorecard.families import mean
from lakeward.scorecard.figures import Family

_NEWEST = """newest AS (
  SELECT * FROM governance.grade_proposals QUALIFY seq = max(seq) OVER (PARTITION BY dataset)
)"""
_DECIDED = """decided AS (
  SELECT * FROM governance.grade_decisions
  QUALIFY row_number() OVER (PARTITION BY dataset, "column" ORDER BY seq DESC) = 1
)"""
# Stands for the table of decisions before the first one: the same columns without rows.
_UNDECIDED = """decided AS (
  SELECT dataset, seq, "column", column_type, '' AS action, grade, level, category, grade AS seen_grade, level AS seen_level,
    category AS seen_category, '' AS approved_by, FALSE AS verified, '' AS transform FROM newest WHERE FALSE
)"""
# A table of decisions from before there were accounts has no column `verified`.
_UNVERIFIED = """decided AS (
  SELECT *, CAST(NULL AS BOOLEAN) AS verified FROM governance.grade_decisions
  QUALIFY row_number() OVER (PARTITION BY dataset, "column" ORDER BY seq DESC) = 1
)"""
_CHECKED = """checks AS (
  SELECT *, max(CASE WHEN NOT passed THEN decision END) OVER (PARTITION BY dataset, "column") AS failed
  FROM governance.transform_checks QUALIFY row_number() OVER (PARTITION BY dataset, "column" ORDER BY seq DESC) = 1
)"""
_UNCHECKED = """checks AS (SELECT dataset, "column", '' AS transform, FALSE AS passed, 0 AS failed FROM newest WHERE FALSE)"""
_RANK = "CASE {0}grade WHEN 'core' THEN 30 WHEN 'important' THEN 20 WHEN 'general' THEN 10 ELSE 0 END + coalesce({0}level, 0)"
# As `grading.decision.current_grade`: a decision is valid while type and proposal are unchanged, or the rules propose no more.
_CURRENT_GRADES = f"""ranked AS (
  SELECT n.dataset, n."column", n.category, n.detector, n.why, d.action, n.grade AS found, d.grade AS said,
    {_RANK.format("n.")} AS proposed, {_RANK.format("d.")} AS given, {_RANK.format("d.seen_")} AS seen,
    coalesce(d.approved_by, '') <> '' AS approved, d.verified, d.category AS given_category, d.seen_category, d.column_type <> n.column_type AS stale,
    coalesce(d.transform LIKE '%@%' AND NOT coalesce(c.passed AND c.transform = d.transform AND coalesce(c.failed, -1) < d.seq, FALSE), FALSE)
      AS withdrawn
  FROM newest n LEFT JOIN decided d ON d.dataset = n.dataset AND d."column" = n."column"
  LEFT JOIN checks c ON c.dataset = n.dataset AND c."column" = n."column"
),
compared AS (
  SELECT *, coalesce(found IS NOT NULL AND (proposed > seen OR category IS DISTINCT FROM seen_category AND category IS NOT NULL)
      AND (proposed > given OR category IS DISTINCT FROM given_category AND category IS NOT NULL), FALSE) AS exceeds,
    action = 'restore' OR said <> 'general' AND verified IS NOT NULL AND NOT (verified AND approved) AS unsigned
  FROM ranked
),
standing AS (
  SELECT *, CASE WHEN action IS NULL THEN CASE WHEN found IS NULL THEN 'ungraded' ELSE 'provisional' END
      WHEN withdrawn THEN CASE WHEN found IS NULL THEN 'ungraded' ELSE 'provisional' END
      WHEN stale THEN 'stale'
      WHEN why = 'grade_source_ungraded' AND (seen > 0 OR said <> 'core' AND NOT approved) THEN 'ungraded'
      WHEN exceeds OR unsigned THEN 'provisional'
      WHEN action = 'confirm' THEN 'confirmed' ELSE 'overridden' END AS state
  FROM compared
),
graded AS (
  SELECT dataset, "column", detector, state, CASE WHEN action IS NULL THEN category WHEN state = 'ungraded' THEN NULL
      WHEN exceeds OR withdrawn THEN coalesce(category, given_category) WHEN state = 'stale' THEN coalesce(given_category, category)
      ELSE given_category END AS category,
    CASE WHEN state = 'ungraded' THEN NULL WHEN action IS NULL THEN found
      WHEN (exceeds OR stale OR withdrawn) AND proposed > given THEN found ELSE said END AS grade
  FROM standing
)"""
_GRADES = ("core", "important", "general", "ungraded")
_STATES = ("confirmed", "overridden", "provisional", "stale")
_COUNT_ITEMS = ", ".join(
    [f"count(*) FILTER (WHERE grade = {literal(grade)}) AS {grade}" for grade in _GRADES[:-1]]
    + [f"count(*) FILTER (WHERE state = {literal(state)}) AS {state}" for state in ("ungraded", *_STATES)]
)
_NUMBERS = ("columns", "graded", "share", *_GRADES, *_STATES, "personal")
_SHARE = "CAST(CAST((20000 * count(grade) + count(*)) // nullif(2 * count(*), 0) AS DECIMAL(16, 0)) * 0.01 AS DECIMAL(5, 2))"
_SUMMARY = f"""count(*) AS columns, count(grade) AS graded, {_SHARE} AS share, {_COUNT_ITEMS},
  count(*) FILTER (WHERE category LIKE 'personal%') AS personal"""


def graded_columns(*, decided: bool, verified: bool = True, checked: bool = False) -> str:
    """WITH that names `graded`: each column's `state`, `category` and `grade` as in `grading.decision.current_grade`."""
    decisions = (_DECIDED if verified else _UNVERIFIED) if decided else _UNDECIDED
    return f"WITH {_NEWEST}, {decisions}, {_CHECKED if checked else _UNCHECKED}, {_CURRENT_GRADES}"


def grade_families(*, has_decisions: bool, has_accounts: bool = True, has_checks: bool = False) -> tuple[Family, ...]:
    """Grade coverage and the important-data list.

    Args:
        has_decisions: Whether there is a decision already.
        has_accounts: Whether decisions say if tokens verified them.
        has_checks: Whether there is a check of a transform already.
    """
    tables = _grade_tables(has_decisions=has_decisions, has_checks=has_checks)
    graded = graded_columns(decided=has_decisions, verified=has_accounts, checked=has_checks)
    return (
        Family(
            name="grades",
            tables=tables,
            keys=(),
            numbers=_NUMBERS,
            sql=f"{graded}\nSELECT {_SUMMARY} FROM graded HAVING count(*) > 0",
        ),
        Family(
            name="dataset_grades",
            tables=tables,
            keys=("dataset",),
            numbers=_NUMBERS,
            sql=f"{graded}\nSELECT dataset, {_SUMMARY} FROM graded GROUP BY dataset ORDER BY dataset",
        ),
        Family(
            name="important_data",
            tables=tables,
            keys=("dataset",),
            numbers=("columns",),
            sql=f"""{graded}
SELECT dataset, count(*) AS columns,
  string_agg("column", ', ' ORDER BY "column") AS names, string_agg(DISTINCT grade, ', ' ORDER BY grade) AS grades,
  string_agg(DISTINCT state, ', ' ORDER BY state) AS states
FROM graded WHERE grade IN ('core', 'important') GROUP BY dataset ORDER BY dataset""",
        ),
    )


def _grade_tables(*, has_decisions: bool, has_checks: bool) -> tuple[str, ...]:
    named = {"governance.grade_decisions": has_decisions, "governance.transform_checks": has_checks}
    return ("governance.grade_proposals", *(name for name, exists in named.items() if exists))


def column_grades(*, has_decisions: bool, has_accounts: bool = True, has_checks: bool = False) -> Family:
    """The grade of each column, with its state; the arguments are those of `grade_families`."""
    graded = graded_columns(decided=has_decisions, verified=has_accounts, checked=has_checks)
    return Family(
        name="column_grades",
        tables=_grade_tables(has_decisions=has_decisions, has_checks=has_checks),
        keys=("dataset", "column"),
        numbers=(),
        sql=f'{graded}\nSELECT dataset, "column", grade, category, state, detector FROM graded ORDER BY dataset, "column"',
    )


def readiness_families(catalogue: Catalogue) -> tuple[Family, ...]:
    """Items, domains and the total of the newest assessment by this edition."""
    tables = ("governance.maturity",)
    items = f"""WITH items AS (
  SELECT item, split_part(item, '.', 1) AS domain, level, proposal, ceiling, coverage, reason, missing
  FROM governance.maturity WHERE kind = 'item' AND edition = {literal(catalogue.edition)}
  QUALIFY seq = max(seq) {OVER_ALL_ROWS}
)"""
    domains = f"""{items},
domains AS (SELECT domain, {mean("level")} AS score, count(level) AS measured, count(*) AS items FROM items GROUP BY domain)"""
    apart = int(catalogue.limits["apart"])
    return (
        Family(
            name="items",
            tables=tables,
            keys=("item",),
            numbers=("level", "proposal", "ceiling", "coverage"),
            sql=f"{items}\nSELECT item, level, proposal, ceiling, coverage, reason, missing FROM items ORDER BY CAST(domain AS INTEGER), item",
        ),
        Family(
            name="domains",
            tables=tables,
            keys=("domain",),
            numbers=("score", "measured", "items"),
            sql=f"{domains}\nSELECT * FROM domains ORDER BY CAST(domain AS INTEGER)",
        ),
        Family(
            name="readiness",
            tables=tables,
            keys=(),
            numbers=("score", "measured", "items", "level"),
            sql=f"""{domains},
whole AS (
  SELECT {mean("score")} AS score, sum(measured) AS measured, sum(items) AS items, min({_band_sql(catalogue, "score")}) AS lowest,
    count(score) AS known, count(*) AS domains FROM domains
)
SELECT score, measured, items, CASE WHEN known = domains AND measured >= {catalogue.limits["coverage"]} * items
  THEN least({_band_sql(catalogue, "score")}, lowest + {apart}) END AS level FROM whole WHERE items > 0""",
        ),
    )


def _band_sql(catalogue: Catalogue, score: str) -> str:
    return " + ".join(["1", *(f"CAST({score} >= {least} AS INTEGER)" for least in catalogue.bands)])
