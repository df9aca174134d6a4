"""My work by role, and the access audit: what waits leads to where it is done, and each read opens to its columns and its place in the chain."""

import csv
import io
import json
import re

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import AccessFilter, lineage_impact, list_access, list_findings, list_grades
from lakeward.flows.audit.access_findings import AccessFinding, FindingState, append_findings
from lakeward.flows.base.workspace import open_workspace
from lakeward.protection.access_rules import AccessRuleKind
from support.portal_site import SeenPage, log_in

WAITING = {"provisional", "stale", "ungraded"}


@pytest.fixture(scope="module")
def found(site, plant):
    """An open finding about the one read of this lake, as the watch records it."""
    read = list_access(plant, AccessFilter())[0]
    workspace = open_workspace(plant)
    with workspace.engine() as engine:
        finding = AccessFinding(
            finding="0123456789ab",
            state=FindingState.OPEN,
            rule=AccessRuleKind.OFF_HOURS,
            rules="access_rules@1",
            parameters={"least": 1},
            account=read.account,
            subject="<b>silver.equipment</b>",
            on_day="2026-03-01",
            observed=7,
            usual=None,
            entries=(read.entry,),
            owner="zhou.min",
            due="2026-03-05",
            recorded_at=workspace.clock.now(),
        )
        assert append_findings(engine, [finding], 1)
    site.refresh()
    return finding


def kinds(page):
    return set(re.findall(r'<section class="card" id="([a-z]+)"', page))


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("analyst", set()),
        ("admin", set()),
        ("auditor", {"finding"}),
        ("engineer", {"failing"}),
        ("steward", {"failing", "quarantine", "grades"}),
        ("cdo", {"finding", "grades"}),
    ],
)
def test_each_role_sees_its_own_tasks(visitors, found, role, expected):
    page = visitors[role].get("/work")
    assert page.status_code == 200
    seen = kinds(page.text) - {"filing", "late", "regrading"}
    assert seen == expected


def test_every_task_leads_to_a_page_that_its_role_may_see(visitors, found):
    for role in ("auditor", "engineer", "steward", "cdo"):
        links = [link for link in visitors[role].page("/work").links if re.match(r"/(quarantine|grades|access|d)[/?#]", link)]
        assert links
        for link in sorted(set(links)):
            assert visitors[role].get(link.partition("#")[0]).status_code == 200, (role, link)


def test_the_numbers_of_the_list_are_those_of_the_grades(visitors, plant):
    page = visitors["steward"].get("/work").text
    for dataset in {each.dataset for each in list_grades(plant)}:
        waiting = sum(each.grade.state in WAITING for each in list_grades(plant, dataset))
        assert (f'<a class="n" href="/grades?dataset={dataset}">{waiting}</a>' in page) == bool(waiting)


def test_a_filter_of_the_queue_is_the_dataset_of_the_task(visitors, plant):
    page = visitors["steward"].page("/grades?dataset=equipment")
    listed = {link for link in page.links if re.match(r"/grades/[^/]+/", link)}
    assert listed
    assert all(link.startswith("/grades/equipment/") for link in listed)
    assert visitors["steward"].get("/grades?dataset=%27%20OR%201=1").status_code == 200


def test_a_read_opens_to_its_columns_and_its_place_in_the_chain(visitors, plant, found):
    read = list_access(plant, AccessFilter())[0]
    assert f"/access/{read.entry}" in visitors["auditor"].page("/access").links
    page = visitors["auditor"].get(f"/access/{read.entry}")
    text = SeenPage.of(page.text).text
    assert all(column in page.text for column in read.columns)
    assert all(f"{table}@{version}" in page.text for table, version in read.versions.items())
    assert "Follows the entry before it" in text
    assert json.dumps(read.rows) in text


@pytest.mark.parametrize("query", ["account=no.one", "table=silver.none", "verdict=refused", "days=1&p=9"])
def test_filters_that_fit_nothing_show_nothing(visitors, found, query):
    page = visitors["auditor"].page(f"/access?{query}")
    assert not [link for link in page.links if re.match(r"/access/[^/]+/\d+", link) and not link.endswith(found.entries[0])]


@pytest.mark.parametrize("query", ["days=x", "verdict=%27", "p=-1", "account=%27%3B--", "table=%3Cscript%3E", "days=99999999"])
def test_filters_of_no_sense_do_no_harm(visitors, query):
    answer = visitors["auditor"].get(f"/access?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.text.replace('<script type="module"', "")


@pytest.mark.parametrize("address", ["/access/none/1", "/access/none/x", "/access/%27/1", "/access/none/99999999999999999999"])
def test_an_entry_that_is_not_there_says_so(visitors, address):
    assert visitors["auditor"].get(address).status_code == 404


def test_what_a_finding_names_is_text_and_its_answer_takes_a_reason(visitors, plant, found):
    page = visitors["auditor"].get("/access")
    assert "<b>silver" not in page.text
    assert "&lt;b&gt;silver" in page.text
    fields = {"form_token": visitors["auditor"].form_token(), "finding": found.finding, "step": "justified"}
    assert visitors["auditor"].post("/access", **fields, reason=" ").status_code == 409
    assert visitors["auditor"].post("/access", **{**fields, "step": "open"}, reason="x").status_code == 409
    assert visitors["auditor"].post("/access", **{**fields, "finding": "none"}, reason="kept text").status_code == 409
    assert [each.finding for each in list_findings(plant)] == [found.finding]


def test_a_finding_is_answered_once_and_signed_by_the_session(visitors, plant, found):
    fields = {"form_token": visitors["auditor"].form_token(), "finding": found.finding, "reason": "a planned night shift"}
    assert visitors["auditor"].post("/access", **fields, step="justified").status_code == 200
    closed = list_findings(plant, include_closed=True)[0]
    assert (closed.state, closed.decided_by, closed.verified, closed.reason) == (
        "justified",
        "auditor.one",
        True,
        "a planned night shift",
    )
    assert "Justified" in visitors["auditor"].page("/access").text


def test_the_logs_are_verified_from_the_page(visitors):
    answer = visitors["cdo"].post("/access", form_token=visitors["cdo"].form_token(), step="verify")
    assert answer.status_code == 200
    assert 'id="verified"' in answer.text
    assert "access_log" in answer.text


def test_log_ins_are_listed_for_auditors(site, visitors, passwords):
    log_in(site, "analyst", passwords["analyst"])
    site._log.commit_waiting(seconds=0)
    site.refresh()
    page = visitors["auditor"].page("/access/logins?account=analyst.one")
    assert "Log in" in page.text
    assert "analyst.one" in visitors["auditor"].get("/access/logins?account=analyst.one").text


@pytest.mark.parametrize("role", ["analyst", "engineer", "steward", "admin"])
def test_no_other_role_sees_who_read(visitors, found, role):
    token = visitors[role].form_token()
    for address in ("/access", "/access/logins", f"/access/{found.entries[0]}"):
        assert visitors[role].get(address).status_code == 403
    assert visitors[role].post("/access", form_token=token, step="misuse", finding=found.finding, reason="x").status_code == 403


def test_a_lake_without_a_log_has_an_empty_audit(tmp_path):
    from support.plant import make_plant
    from support.portal_site import make_logins, open_site

    settings: Settings = make_plant(tmp_path / "plant").settings
    passwords = make_logins(settings)
    with open_site(settings) as (portal, _):
        auditor = log_in(portal, "auditor", passwords["auditor"])
        for address in ("/work", "/access", "/access/logins", "/admin"):
            assert auditor.get(address).status_code in {200, 403}


def rows_of(answer):
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_the_reads_come_as_a_file_whole(visitors, plant, found):
    link = next(link for link in visitors["auditor"].page("/access").links if link.startswith("/access/reads.csv"))
    head, *rows = rows_of(visitors["auditor"].get(link))
    assert (head[0], len(head)) == ("Time (UTC)", 17)
    assert sorted((row[14], row[15]) for row in rows) == sorted(
        tuple(one.entry.split("/")) for one in list_access(plant, AccessFilter())
    )
    assert rows_of(visitors["auditor"].get("/access/reads.csv?account=no.one")) == [head]
    assert rows_of(visitors["cdo"].get("/access/reads.csv", "zh"))[0][0] == "时间（UTC）"


def test_what_a_change_touches_comes_as_a_file_whole(visitors, plant):
    start = "silver.plant_telemetry.value"
    link = next(link for link in visitors["analyst"].page(f"/impact?c={start}").links if link.startswith("/impact.csv"))
    head, *rows = rows_of(visitors["analyst"].get(link))
    hops = lineage_impact(plant, start)
    assert [(row[0], row[1], row[6]) for row in rows] == [(hop.field, str(hop.depth), hop.owner or "") for hop in hops]
    assert (head[-1], "analyst: " in "".join(row[-1] for row in rows)) == ("Seen by", True)
    assert visitors["analyst"].get("/impact.csv").status_code == 404
