"""The access audit: who read what, with which verdict, who logged in, and what the watch found; a finding is answered by another person."""

import json
from collections.abc import Mapping
from datetime import timedelta

from lakeward.core.errors import UsageError
from lakeward.core.messages import text
from lakeward.flows import FindingState, ModelReading, close_finding, verify_logs
from lakeward.portal.csv_file import MOST_ROWS, check_rows, csv_file
from lakeward.portal.form_steps import take_step
from lakeward.portal.page import Page, PageAnswer, Visit
from lakeward.portal.paging import paging

ROLES = frozenset({"auditor", "cdo"})
DAYS, USUAL_DAYS = ("1", "7", "30", "90", "366"), "30"
VERDICTS = ("allowed", "refused", "failed", "started")
# Columns of the file of reads.
READ_COLUMNS = (
    *("asked_at", "reader", "verified", "role", "purpose", "consumer", "objects", "columns", "verdict", "code", "rows_out"),
    *("policy_version", "versions", "export_id", "session_id", "seq", "hash"),
)
# Fields of the answer to a finding that are shown again where it fails.
TYPED = ("reason",)


def show_access(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The findings, the readers, and the newest reads."""
    return PageAnswer(template="access.html", facts=_facts(visit, reading))


def act_on_access(visit: Visit) -> PageAnswer:
    """Answer a finding, or verify the logs, signed by the session."""
    return take_step(visit, "access.html", _facts, _act)


def give_reads(visit: Visit, reading: ModelReading) -> PageAnswer:
    """The reads of the chosen filters as a file, whole: what the page lists, and each read's place in the chain. No value of a row is in it.

    Raises:
        UsageError: There are more rows than a file takes.
    """
    chosen = _chosen(visit)
    given = {name: chosen[name] for name in ("account", "table", "verdict")}
    since = _since(reading, chosen)
    check_rows(int(reading.rows("count_reads", **given, since=since)[0].number("total") or 0))
    rows = reading.rows("all_reads", **given, since=since, most=MOST_ROWS)
    head = [text(f"csv_{name}", visit.lang) for name in READ_COLUMNS]
    return PageAnswer(download=csv_file("reads.csv", head, ([row[name] for name in READ_COLUMNS] for row in rows)))


def show_entry(visit: Visit, reading: ModelReading) -> PageAnswer:
    """One read: columns with what was shown of them, versions, policy, and its place in the chain.

    Raises:
        UsageError: The log has no such entry.
    """
    session, number = visit.place["session"], visit.place["seq"]
    seq = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
    rows = reading.rows("entry", session=session, seq=seq)
    if not rows:
        raise UsageError("portal_no_entry", entry=f"{session}/{number}")
    row = rows[0]
    columns = {name: str(shown).split() for name, shown in _mapping(row["columns"]).items()}
    return PageAnswer(
        template="access_entry.html",
        facts={"entry": row, "columns": columns, "table_versions": _mapping(row["versions"])},
    )


def show_logins(visit: Visit, reading: ModelReading) -> PageAnswer:
    """Log-ins, log-outs, changed passwords and ended sessions."""
    number, chosen = visit.page_number(), _chosen(visit)
    skip = paging(number, 0).skip
    rows = reading.rows("logins", account=chosen["account"], since=_since(reading, chosen), skip=skip)
    total = int(rows[0].number("total") or 0) if rows else 0
    facts = {"rows": rows, "total": total, "paging": paging(number, total), "chosen": chosen, "all_days": DAYS}
    return PageAnswer(template="access_logins.html", facts=facts)


def _act(visit: Visit) -> Mapping[str, object]:
    form = visit.form
    match form.get("step"):
        case "justified" | "misuse":
            with visit.portal.actions.act(visit.session_id) as settings:
                found = close_finding(settings, form.get("finding", ""), FindingState(form["step"]), form.get("reason", ""))
            return {"closed": found.finding}
        case "verify":
            return {
                "verified": visit.portal.actions.read_alone(
                    lambda: verify_logs(visit.portal.actions.session_settings(visit.session_id))
                )
            }
        case _:
            raise UsageError("portal_form_incomplete")


def _facts(visit: Visit, reading: ModelReading) -> dict[str, object]:
    number, chosen = visit.page_number(), _chosen(visit)
    given = {name: chosen[name] for name in ("account", "table", "verdict")}
    since = _since(reading, chosen)
    rows = reading.rows("reads", **given, since=since, skip=paging(number, 0).skip)
    by_role = reading.family("access")
    total = int(rows[0].number("total") or 0) if rows else 0
    return {
        "findings": reading.rows("findings"),
        "by_role": by_role.rows if by_role else (),
        "readers": reading.rows("readers", **given, since=since),
        "rows": [(row, _names(row["objects"])) for row in rows],
        "total": total,
        "paging": paging(number, total),
        "chosen": chosen,
        "all_days": DAYS,
        "all_verdicts": VERDICTS,
        "typed": {name: visit.form.get(name, "") for name in (*TYPED, "finding")},
        "fault": "",
        "closed": None,
        "verified": None,
    }


def _chosen(visit: Visit) -> dict[str, str | None]:
    """The filters of the address; what is none of theirs is left out."""
    days, verdict = visit.query.get("days", USUAL_DAYS), visit.query.get("verdict")
    return {
        "account": visit.query.get("account") or None,
        "table": visit.query.get("table") or None,
        "verdict": verdict if verdict in VERDICTS else None,
        "days": days if days in DAYS else USUAL_DAYS,
    }


def _since(reading: ModelReading, chosen: Mapping[str, str | None]) -> int:
    """Microseconds since 1970 of the begin of the chosen days."""
    return int((reading.now - timedelta(days=int(chosen["days"] or USUAL_DAYS))).timestamp() * 1_000_000)


def _names(listed: object) -> list[str]:
    return [str(name) for name in json.loads(str(listed or "[]"))]


def _mapping(stored: object) -> dict[str, object]:
    return dict(json.loads(str(stored or "{}")))


PAGES = (
    Page(path="/access", roles=ROLES, show=show_access, act=act_on_access, nav="portal_nav_access", typed=TYPED),
    Page(path="/access/reads.csv", roles=ROLES, show=give_reads),
    Page(path="/access/logins", roles=ROLES, show=show_logins),
    Page(path="/access/{session}/{seq}", roles=ROLES, show=show_entry),
)
