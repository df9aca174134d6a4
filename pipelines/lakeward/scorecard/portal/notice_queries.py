"""The queries of subscriptions: what became of their notices, without what the notices say."""

from lakeward.scorecard.portal.page_query import PageQuery
from lakeward.scorecard.portal.queries import seconds

# Each notice once: it was sent if any of its entries says so.
_NOTICES = """notices AS MATERIALIZED (
  SELECT subscription, notice, any_value(kind) AS kind, bool_or(is_sent) AS is_sent, max(recorded_at) AS recorded_at
  FROM governance.notices GROUP BY subscription, notice)"""
NOTICE_QUERIES = {
    "deliveries": PageQuery(
        f"""WITH {_NOTICES}
SELECT subscription, count(*) FILTER (WHERE is_sent) AS sent, count(*) FILTER (WHERE NOT is_sent) AS unsent,
  {seconds("max(recorded_at) FILTER (WHERE is_sent)")} AS last_sent, {seconds("max(recorded_at) FILTER (WHERE NOT is_sent)")} AS last_unsent,
  max_by(kind, recorded_at) AS last_kind
FROM notices GROUP BY subscription ORDER BY subscription""",
        ("subscription",),
    ),
}
