"""The queries of the pages of lineage, beside the walk over its edges."""

from lakeward.scorecard.families import LINEAGE
from lakeward.scorecard.portal.page_query import PAGE_ROWS, TOTAL, PageQuery

_NAMES = "SELECT unnest(string_split($datasets, chr(10)))"
_PAIRS = "pairs AS MATERIALIZED (SELECT DISTINCT from_table, to_table FROM governance.lineage_edges)"
_ENDS = """SELECT from_table AS "table", FALSE AS up FROM pairs UNION ALL SELECT to_table, TRUE FROM pairs"""

LINEAGE_QUERIES = {
    "lineage_tables": PageQuery(
        f"""WITH {_PAIRS}, ends AS ({_ENDS})
SELECT "table", d.dataset, d.name_en, d.name_zh, d.about_en, d.about_zh, d.owner, count(*) FILTER (WHERE up) AS sources,
  count(*) FILTER (WHERE NOT up) AS targets, {TOTAL}
FROM ends LEFT JOIN catalogue.datasets AS d ON d.dataset = split_part("table", '.', 2) AND NOT contains("table", '/')
GROUP BY ALL ORDER BY targets = 0 DESC, "table" LIMIT {PAGE_ROWS} OFFSET $skip""",
        ("table",),
    ),
    "lineage_counts": PageQuery(
        f"""WITH shown AS (SELECT unnest(string_split($tables, chr(10))) AS name)
SELECT source, target, columns FROM ({LINEAGE.sql})
WHERE source IN (SELECT name FROM shown) AND target IN (SELECT name FROM shown)""",
        ("source", "target"),
    ),
    "dataset_words": PageQuery(
        f"SELECT dataset, name_en, name_zh, about_en, about_zh, owner FROM catalogue.datasets WHERE dataset IN ({_NAMES})",
        ("dataset",),
    ),
    "field_words": PageQuery(
        f"""SELECT dataset, "column", name_en, name_zh, about_en, about_zh FROM catalogue.columns WHERE dataset IN ({_NAMES})""",
        ("dataset", "column"),
    ),
}
