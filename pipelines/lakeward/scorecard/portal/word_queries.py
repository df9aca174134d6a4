"""The queries of search and of the glossary, over the words of contracts."""

from lakeward.scorecard.portal.page_query import PAGE_ROWS, TOTAL, PageQuery

# Every word of the question is in the text.
_FOUND = "list_bool_and([contains(hay, word) FOR word IN string_split($q, ' ')])"
_NAMED = "(lower(s.name) = $q OR lower(coalesce(name_en, '')) = $q OR coalesce(name_zh, '') = $q)"
_WORDS = ", ".join(
    f"CASE s.kind WHEN 'column' THEN c.{word} WHEN 'term' THEN t.{word} ELSE d.{word} END AS {word}"
    for word in ("name_en", "name_zh", "about_en", "about_zh")
)
_TERMS = """SELECT t.term, t.name_en, t.name_zh, t.about_en, t.about_zh, t.owner, t.state, t.synonyms, count(u.term) AS columns
FROM catalogue.terms AS t LEFT JOIN catalogue.column_terms AS u ON u.term = t.term"""
_TERM_GROUP = "GROUP BY ALL"

WORD_QUERIES = {
    # Kinds are joined as equal columns: a condition of one side alone makes DuckDB compare every row with every row.
    "search": PageQuery(
        f"""SELECT * FROM (SELECT s.kind, s.dataset, s.name, {_WORDS}, c.source_name, c.type, coalesce(t.owner, d.owner) AS owner, d.domain,
  {TOTAL}
FROM catalogue.search AS s LEFT JOIN catalogue.datasets AS d ON d.dataset = s.dataset
LEFT JOIN (SELECT *, 'column' AS kind FROM catalogue.columns) AS c ON c.kind = s.kind AND c.dataset = s.dataset AND c."column" = s.name
LEFT JOIN (SELECT *, 'term' AS kind FROM catalogue.terms) AS t ON t.kind = s.kind AND t.term = s.name
WHERE {_FOUND}) AS s ORDER BY {_NAMED} DESC, starts_with(lower(s.name), $q) DESC, s.kind = 'term' DESC, s.kind DESC, s.dataset, s.name
LIMIT {PAGE_ROWS} OFFSET $skip""",
        ("kind", "dataset", "name"),
    ),
    "terms": PageQuery(
        f"""SELECT *, {TOTAL} FROM ({_TERMS}
WHERE t.term IN (SELECT name FROM catalogue.search WHERE kind = 'term' AND {_FOUND}) AND ($state IS NULL OR t.state = $state) {_TERM_GROUP})
ORDER BY term LIMIT {PAGE_ROWS} OFFSET $skip""",
        ("term",),
    ),
    "term": PageQuery(f"{_TERMS} WHERE t.term = $term {_TERM_GROUP}", ("term",)),
    "term_states": PageQuery("SELECT state, count(*) AS terms FROM catalogue.terms GROUP BY state ORDER BY state", ("state",)),
    "term_columns": PageQuery(
        """SELECT u.dataset, u."column", c.name_en, c.name_zh, c.about_en, c.about_zh, d.owner, d.name_en AS dataset_name_en,
  d.name_zh AS dataset_name_zh, g.grade, g.state
FROM catalogue.column_terms AS u LEFT JOIN catalogue.columns AS c ON c.dataset = u.dataset AND c."column" = u."column"
LEFT JOIN catalogue.datasets AS d ON d.dataset = u.dataset
LEFT JOIN figures.column_grades AS g ON g.dataset = u.dataset AND g."column" = u."column"
WHERE u.term = $term ORDER BY u.dataset, c.position LIMIT 500""",
        ("dataset", "column"),
    ),
    "column_terms": PageQuery(
        """SELECT u."column", u.term, t.name_en, t.name_zh, t.state FROM catalogue.column_terms AS u
LEFT JOIN catalogue.terms AS t ON t.term = u.term WHERE u.dataset = $dataset ORDER BY u."column", u.term""",
        ("column", "term"),
    ),
    "glossary_fault": PageQuery("SELECT code, facts FROM catalogue.faults"),
}
