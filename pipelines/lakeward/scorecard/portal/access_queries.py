"""The queries of the access audit, over the copy of the access log: who read what, with which verdict, and who logged in."""

from lakeward.scorecard.portal.page_query import PAGE_ROWS, TOTAL, PageQuery
from lakeward.scorecard.portal.queries import LOG, seconds

_READER = "coalesce(principal, account)"
_CELLS = f"""session_id, seq, {seconds("asked_at")} AS asked_at, {_READER} AS reader, CAST(verified AS BIGINT) AS verified, role, purpose, consumer,
  objects, columns, versions, verdict, code, rows_out, rows_charged, bytes_out, elapsed_us, policy_version, policy_sha256, answer_digest,
  export_id, prev, hash"""
# Reads only: a log-in has no role.
_CHOSEN = f"""role <> '' AND epoch_us(asked_at) >= $since AND ($account IS NULL OR {_READER} = $account) AND ($verdict IS NULL OR verdict = $verdict)
  AND ($table IS NULL OR list_contains(CAST(objects AS VARCHAR[]), $table))"""
ACCESS_QUERIES = {
    "reads": PageQuery(
        f"""SELECT {_CELLS}, {TOTAL} FROM {LOG} WHERE {_CHOSEN}
ORDER BY epoch_us(asked_at) DESC, session_id, seq DESC LIMIT {PAGE_ROWS} OFFSET $skip""",
        ("session_id", "seq"),
    ),
    "all_reads": PageQuery(
        f"""SELECT {_CELLS} FROM {LOG} WHERE {_CHOSEN} ORDER BY epoch_us(asked_at) DESC, session_id, seq DESC LIMIT $most""",
        ("session_id", "seq"),
    ),
    "count_reads": PageQuery(f"SELECT 'reads' AS what, count(*) AS total FROM {LOG} WHERE {_CHOSEN}", ("what",)),
    "readers": PageQuery(
        f"""SELECT {_READER} AS reader, count(*) FILTER (WHERE verdict = 'allowed') AS allowed,
  count(*) FILTER (WHERE verdict = 'refused') AS refused, count(*) FILTER (WHERE verdict = 'failed') AS failed,
  CAST(sum(rows_out) AS BIGINT) AS rows_out, {seconds("max(asked_at)")} AS last_asked, {TOTAL}
FROM {LOG} WHERE {_CHOSEN} GROUP BY reader ORDER BY rows_out DESC, reader LIMIT {PAGE_ROWS}""",
        ("reader",),
    ),
    "entry": PageQuery(
        f"""SELECT {_CELLS}, prev IS NOT DISTINCT FROM before AS follows FROM (
  SELECT *, lag(hash, 1, repeat('0', 64)) OVER (ORDER BY seq) AS before FROM {LOG} WHERE session_id = $session)
WHERE seq = $seq AND role <> ''""",
        ("session_id", "seq"),
    ),
    "logins": PageQuery(
        f"""SELECT session_id, seq, {seconds("asked_at")} AS asked_at, event, subject, principal, verdict, code, address,
  {TOTAL} FROM {LOG} WHERE role = '' AND epoch_us(asked_at) >= $since AND ($account IS NULL OR subject = $account)
ORDER BY epoch_us(asked_at) DESC, session_id, seq DESC LIMIT {PAGE_ROWS} OFFSET $skip""",
        ("session_id", "seq"),
    ),
    "last_logins": PageQuery(
        f"""SELECT subject AS account, {seconds("max(asked_at)")} AS last_login FROM {LOG}
WHERE event = 'login' AND verdict = 'allowed' GROUP BY subject""",
        ("account",),
    ),
}
