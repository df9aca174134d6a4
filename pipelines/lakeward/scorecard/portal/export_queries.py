"""The queries of the static scorecard, over a reading of its own: lists whole or up to a limit, where the portal turns pages."""

from lakeward.scorecard.portal.page_query import PageQuery
from lakeward.scorecard.portal.queries import CELLS, DATASETS, URGENCY

_CHOSEN = "dataset IN (SELECT unnest(string_split($datasets, chr(10))))"
_OUTCOME = "CASE outcome WHEN 'FAIL' THEN 0 WHEN 'UNKNOWN' THEN 1 ELSE 2 END"
EXPORT_QUERIES = {
    "all_datasets": PageQuery(
        f"WITH {DATASETS} SELECT {CELLS} FROM states ORDER BY {URGENCY}, per_million DESC NULLS LAST, dataset LIMIT $most",
        ("dataset",),
    ),
    "chosen_rules": PageQuery(
        f"""SELECT dataset, rule, rule_version, expectation, columns, severity, dimension, outcome, evaluated, failed, reason
FROM figures.rules WHERE {_CHOSEN} AND ($passed OR outcome <> 'PASS') ORDER BY {_OUTCOME}, coalesce(failed, 0) DESC, dataset, rule
LIMIT $most""",
        ("dataset", "rule"),
    ),
    "rule_counts": PageQuery(
        f"""SELECT count(*) AS rules, count(*) FILTER (WHERE outcome <> 'PASS') AS not_passed
FROM figures.rules WHERE {_CHOSEN}"""
    ),
    "chosen_history": PageQuery(
        f"""SELECT dataset, batch, score FROM figures.history WHERE {_CHOSEN} ORDER BY dataset, CAST(batch AS BIGINT)""",
        ("dataset", "batch"),
    ),
    "grades_by_dataset": PageQuery(
        "SELECT * FROM figures.dataset_grades ORDER BY core DESC, important DESC, ungraded DESC, provisional DESC, dataset LIMIT $most",
        ("dataset",),
    ),
    "graded_datasets": PageQuery("SELECT count(*) AS datasets FROM figures.dataset_grades"),
    "main_reasons": PageQuery(
        "SELECT dataset, rule, rows, batches, oldest FROM figures.reasons ORDER BY rows DESC, dataset, rule LIMIT $most",
        ("dataset", "rule"),
    ),
    "main_arrows": PageQuery(
        "SELECT source, target, columns FROM figures.lineage ORDER BY source, target LIMIT $most", ("source", "target")
    ),
}
