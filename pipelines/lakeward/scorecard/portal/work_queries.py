"""The queries of the to-do list: what waits for a person, from the decisions, the states of datasets and the findings of the read model."""

from lakeward.core.sql import literal
from lakeward.scorecard.portal.page_query import PageQuery
from lakeward.scorecard.portal.queries import DATASETS, seconds

# Rows of one kind that the list shows, the most urgent first; all are counted.
KIND_ROWS = 20
_NEWEST_DECISIONS = """
newest_decisions AS (SELECT dataset, max_by(seq, seq) AS seq FROM governance.grade_decisions GROUP BY dataset)"""
_FINDINGS = """
findings AS (SELECT * FROM governance.access_findings QUALIFY row_number() OVER (PARTITION BY finding ORDER BY seq DESC) = 1)"""
_NOTHING = "CAST(NULL AS VARCHAR)"


def _of_state(kind: str, number: str, since: str) -> str:
    """The datasets in a state."""
    own = literal(kind)
    return f"SELECT {own}, dataset, dataset, {number}, {since}, {_NOTHING}, {_NOTHING} FROM states WHERE state = {own}"


_PARTS = (
    f"""SELECT 'halted' AS kind, dataset AS object, dataset, halted AS number,
  (SELECT {seconds("max(judged_at)")} FROM governance.verdicts AS v WHERE v.dataset = s.dataset AND v.batch_seq = s.halted) AS since,
  {_NOTHING} AS due, {_NOTHING} AS detail FROM states AS s WHERE halted IS NOT NULL""",
    f"SELECT 'quarantine', dataset, dataset, open, oldest, {_NOTHING}, {_NOTHING} FROM figures.open_rows WHERE open > 0",
    f"""SELECT 'grades', dataset, dataset, count(*), {_NOTHING}, {_NOTHING},
  CAST(count(*) FILTER (WHERE grade IN ('core', 'important')) AS VARCHAR) FROM figures.column_grades
WHERE state IN ('provisional', 'stale', 'ungraded') GROUP BY dataset""",
    f"""SELECT 'regrading', t.dataset, t.dataset, CAST(NULL AS BIGINT), {seconds("opened_at")}, {_NOTHING}, trigger
FROM governance.regrading_tasks AS t LEFT JOIN newest_decisions AS n ON n.dataset = t.dataset WHERE t.decision = coalesce(n.seq, 0)""",
    _of_state("invalid", "CAST(NULL AS BIGINT)", _NOTHING),
    _of_state("failing", "failed_rules", "last_run"),
    _of_state("late", "CAST(NULL AS BIGINT)", "last_run"),
    f"""SELECT 'finding', finding, {_NOTHING}, observed, {seconds("recorded_at")}, due, rule FROM findings WHERE event = 'open'""",
    f"""SELECT 'incident', incident, {_NOTHING}, CAST(NULL AS BIGINT), {seconds("min(recorded_at)")}, {_NOTHING},
  max(json_extract_string(facts, '$.title')) FILTER (WHERE step = 'opened') FROM governance.incidents
GROUP BY incident HAVING NOT bool_or(step = 'closed')""",
    f"""SELECT 'purpose', CAST(request AS VARCHAR), {_NOTHING}, max(days), {seconds("min(decided_at)")}, {_NOTHING}, max(purpose)
FROM governance.purpose_requests GROUP BY request HAVING bool_and(event = 'request')""",
)
WORK_QUERIES = {
    "work": PageQuery(
        f"""WITH {DATASETS}, {_NEWEST_DECISIONS}, {_FINDINGS}, tasks AS ({" UNION ALL ".join(_PARTS)}),
counted AS (
  SELECT t.*, c.owner, c.about_en, c.about_zh, count(*) OVER (PARTITION BY kind) AS total,
    row_number() OVER (PARTITION BY kind ORDER BY due NULLS LAST, coalesce(c.owner = $owner, FALSE) DESC, since NULLS LAST, number DESC, object) AS place
  FROM tasks AS t LEFT JOIN catalogue.datasets AS c ON c.dataset = t.dataset
  WHERE list_contains(string_split($kinds, ','), kind)
)
SELECT * FROM counted WHERE place <= {KIND_ROWS} ORDER BY kind, place""",
        ("kind", "object"),
    ),
    "metrics": PageQuery(
        f"""WITH {DATASETS}, newest AS (
  SELECT dataset, epoch_us(finished_at) AS ended, (epoch_us(finished_at) - epoch_us(started_at)) / 1000000 AS seconds FROM governance.runs
  QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY epoch_us(finished_at) DESC, batch_seq DESC) = 1)
SELECT s.dataset, CAST(($now - ended) // 1000000 AS BIGINT) AS age, CAST(late AS BIGINT) AS late, coalesce(open, 0) AS open,
  CAST(round(seconds, 3) AS DECIMAL(18, 3)) AS seconds, failed_rules, unknown_rules
FROM states AS s LEFT JOIN newest AS n ON n.dataset = s.dataset ORDER BY s.dataset""",
        ("dataset",),
    ),
    "important_columns": PageQuery(
        "SELECT dataset FROM figures.column_grades WHERE grade IN ('core', 'important') LIMIT 1", ("dataset",)
    ),
    "findings": PageQuery(
        f"""WITH {_FINDINGS} SELECT finding, event AS state, rule, account, subject, on_day, observed, usual, entries, owner, due, reason,
  decided_by, {seconds("recorded_at")} AS recorded_at FROM findings ORDER BY event = 'open' DESC, due, finding LIMIT 100""",
        ("finding",),
    ),
}
