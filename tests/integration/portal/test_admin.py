"""The own password, the page of admins, and log-ins in the chain of the access log."""

import json
import os
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from lakeward.core.errors import UsageError
from lakeward.flows import (
    AccessFilter,
    list_access,
    list_accounts,
    list_decisions,
    list_logins,
    read_scorecard,
    report_access,
    verify_logs,
    watch_access,
)
from lakeward.portal.app import make_app
from lakeward.portal.security import SESSION_COOKIE, TrustedProxy
from lakeward.portal.server import Door, serve_portal
from lakeward.portal.site import Site
from support.plant import Plant, make_plant
from support.portal_site import LOGINS, SeenPage, Visitor, account_name, log_in, make_logins, new_client, open_site

NEW = "four unrelated words"


def make_office(root):
    settings = make_plant(root).settings
    (root / LOGINS).write_text(json.dumps(make_logins(settings)))


@pytest.fixture
def office(copy_of, tmp_path):
    """A small plant with accounts: its settings, portal and passwords."""
    settings = Plant(copy_of(make_office, tmp_path / "plant")).settings
    passwords = json.loads((settings.start / LOGINS).read_text())
    with open_site(settings) as (portal, _):
        yield settings, portal, passwords


def on_disk(settings):
    """The entries that are on the disk and not committed yet, by event, subject and code."""
    files = (settings.start / "lake" / ".access").glob("*.jsonl")
    rows = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return [(row["event"], row["subject"], row["principal"], row["code"]) for row in sorted(rows, key=lambda row: row["seq"])]


def commit(portal):
    portal._log.commit_waiting(seconds=0)
    portal.refresh()


def change(visitor, old, new=NEW, again=None):
    fields = {"form_token": visitor.form_token(), "old": old, "new": new, "again": new if again is None else again}
    return visitor.post("/account", **fields)


def test_the_own_password_is_changed_and_other_sessions_end(office):
    settings, portal, passwords = office
    here, there = (log_in(portal, "steward", passwords["steward"]) for _ in range(2))
    answer = change(here, passwords["steward"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?changed=")
    assert "The password is changed" in here.page("/account?changed=").text
    assert there.get("/").status_code == 303
    assert Visitor(new_client(portal)).post("/login", account="steward.one", password=passwords["steward"]).status_code == 403
    log_in(portal, "steward", NEW)
    assert ("password", "steward.one", "steward.one", None) in on_disk(settings)


@pytest.mark.parametrize(
    ("old", "new", "again"), [("wrong", NEW, NEW), (None, NEW, "other words again"), (None, "short", "short"), (None, "", "")]
)
def test_a_password_that_can_not_be_changed_stays(office, old, new, again):
    _, portal, passwords = office
    visitor = log_in(portal, "analyst", passwords["analyst"])
    answer = change(visitor, old or passwords["analyst"], new, again)
    assert answer.status_code == 409
    assert "Next" in answer.text or "下一步" in answer.text
    assert all(text not in answer.text for text in (passwords["analyst"], NEW, "other words again"))
    assert visitor.get("/").status_code == 200
    log_in(portal, "analyst", passwords["analyst"])


def test_guessing_the_old_password_ends_after_five_tries(office):
    _, portal, passwords = office
    visitor = log_in(portal, "analyst", passwords["analyst"])
    assert [change(visitor, "guess").status_code for _ in range(6)] == [409] * 5 + [429]


def test_each_event_is_on_disk_before_its_answer_and_names_no_typed_text(office):
    settings, portal, passwords = office
    visitor = Visitor(new_client(portal))
    assert visitor.post("/login", account="steward.one", password="the typed secret").status_code == 403
    assert visitor.post("/login", account="a password in the wrong box", password="x").status_code == 403
    steward = log_in(portal, "steward", passwords["steward"])
    steward.post("/logout", form_token=steward.form_token())
    assert on_disk(settings) == [
        ("login", "steward.one", None, "login_wrong"),
        ("login", None, None, "login_wrong"),
        ("login", "steward.one", "steward.one", None),
        ("logout", "steward.one", "steward.one", None),
    ]
    files = [file.read_text() for file in (settings.start / "lake" / ".access").glob("*.jsonl")]
    assert not any("typed secret" in text or "wrong box" in text for text in files)


def test_ten_thousand_tries_leave_few_entries(office):
    settings, portal, _ = office
    visitor = Visitor(new_client(portal))
    codes = [visitor.post("/login", account="steward.one", password="x").status_code for _ in range(30)]
    assert codes == [403] * 5 + [429] * 25
    assert [code for *_, code in on_disk(settings)] == ["login_wrong"] * 5 + ["login_limited"]


def test_log_ins_are_in_the_chain_and_no_reads(office):
    settings, portal, passwords = office
    log_in(portal, "auditor", passwords["auditor"])
    Visitor(new_client(portal)).post("/login", account="cdo.one", password="wrong")
    commit(portal)
    assert on_disk(settings) == []
    found = list_logins(settings)
    assert [(each.event, each.account, each.by, each.verdict, each.code) for each in found] == [
        ("login", "cdo.one", None, "refused", "login_wrong"),
        ("login", "auditor.one", "auditor.one", "allowed", None),
    ]
    assert [each.account for each in list_logins(settings, "auditor.one")] == ["auditor.one"]
    assert (list_access(settings, AccessFilter()), report_access(settings), watch_access(settings)) == ([], [], [])
    assert [each for each in list_decisions(settings) if each.kind == "policy"] == []
    assert not [figure for figure in read_scorecard(settings).figures() if figure.id.startswith("access/") and figure.value]
    verified = verify_logs(settings)
    assert verified.faults == ()
    assert {log.log: log.entries for log in verified.logs}["access_log"] == 2


def test_a_portal_that_is_killed_loses_no_log_in(office):
    settings, portal, passwords = office
    log_in(portal, "auditor", passwords["auditor"])
    log = portal._log
    os.close(log.file)  # as the end of the process does: the lock is gone, the file stays
    log.file = None
    assert [each.account for each in list_logins(settings)] == ["auditor.one"]
    assert verify_logs(settings).faults == ()


def test_a_lake_that_can_not_be_written_lets_nobody_in(office):
    settings, portal, passwords = office
    folder = settings.start / "lake" / ".access"
    folder.mkdir(exist_ok=True)
    folder.rename(folder.with_name("gone"))
    folder.write_text("in the way")
    visitor = Visitor(new_client(portal))
    answer = visitor.post("/login", account="steward.one", password=passwords["steward"], next="/")
    assert answer.status_code == 503
    assert SESSION_COOKIE not in answer.cookies
    folder.unlink()


def test_an_admin_sees_accounts_and_sessions_without_secrets(office):
    settings, portal, passwords = office
    admin, steward = log_in(portal, "admin", passwords["admin"]), log_in(portal, "steward", passwords["steward"])
    page = admin.get("/admin")
    seen = SeenPage.of(page.text)
    assert all(account.account in page.text for account in list_accounts(settings))
    assert "1 sessions open" in seen.text
    cookies = [one.client.cookies[SESSION_COOKIE] for one in (admin, steward)]
    assert not any(secret in page.text for secret in (*cookies, *passwords.values(), "argon2"))


def test_an_admin_ends_a_session_and_revokes_an_account(office):
    settings, portal, passwords = office
    admin, steward = log_in(portal, "admin", passwords["admin"]), log_in(portal, "steward", passwords["steward"])
    token = admin.form_token()
    number = next(each.number for each in portal.logins.open_sessions() if each.account == "steward.one")
    assert admin.post("/admin", form_token=token, step="end", session=number).status_code == 200
    assert steward.get("/").status_code == 303
    assert admin.post("/admin", form_token=token, step="end", session=number).status_code == 409
    asked = admin.post("/admin", form_token=token, step="ask", account="analyst.one")
    assert "analyst.one" in asked.text
    assert {each.account: each.state for each in list_accounts(settings)}["analyst.one"] == "active"
    analyst = log_in(portal, "analyst", passwords["analyst"])
    assert admin.post("/admin", form_token=token, step="revoke", account="analyst.one").status_code == 200
    assert {each.account: each.changed_by for each in list_accounts(settings)}["analyst.one"] == account_name("admin")
    assert analyst.get("/").status_code == 303
    assert ("session_end", "steward.one", account_name("admin"), None) in on_disk(settings)


@pytest.mark.parametrize(
    "fields", [{"step": "revoke", "account": "zhou.min"}, {"step": "revoke", "account": "no.one"}, {"step": "x"}]
)
def test_what_an_admin_can_not_do_changes_nothing(office, fields):
    settings, portal, passwords = office
    admin = log_in(portal, "admin", passwords["admin"])
    before = list_accounts(settings)
    assert admin.post("/admin", form_token=admin.form_token(), **fields).status_code == 409
    assert list_accounts(settings) == before


@pytest.mark.parametrize("role", ["analyst", "engineer", "steward", "cdo", "auditor"])
def test_no_other_role_administers(office, role):
    settings, portal, passwords = office
    visitor, before = log_in(portal, role, passwords[role]), list_accounts(settings)
    token = visitor.form_token()
    assert visitor.get("/admin").status_code == 403
    for step in ("revoke", "end", "ask"):
        assert visitor.post("/admin", form_token=token, step=step, account="analyst.one", session="x").status_code == 403
    assert list_accounts(settings) == before


@pytest.mark.parametrize(("name", "length"), [("reason", 2_001), ("account", 64), ("unknown", 1_001)])
def test_a_field_is_bounded_by_the_server(office, name, length):
    _, portal, passwords = office
    visitor = log_in(portal, "analyst", passwords["analyst"])
    assert visitor.post("/logout", form_token=visitor.form_token(), **{name: "x" * length}).status_code == 413


SECRET = "s" * 32
PROXY = {"x-forwarded-user": "steward.one", "x-lakeward-proxy-secret": SECRET}


@pytest.fixture
def behind(office):
    """A browser behind a proxy that logs people in."""
    _, portal, _ = office
    site = Site(portal=portal, trusted=TrustedProxy("x-forwarded-user", SECRET))
    return TestClient(make_app(site), base_url="http://127.0.0.1:8420")


def test_a_proxy_with_the_secret_logs_in_and_the_log_says_so(office, behind):
    settings, _, _ = office
    answer = behind.get("/work", headers=PROXY, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/work")
    page = behind.get("/work", headers={**PROXY, "accept-language": "en"})
    assert page.status_code == 200
    assert "steward one" in page.text
    assert on_disk(settings) == [("login", "steward.one", "steward.one", None)]
    other = {**PROXY, "x-forwarded-user": "analyst.one"}
    assert "analyst one" in behind.get("/", headers={**other, "accept-language": "en"}).text
    assert "steward one" not in behind.get("/", headers=other).text


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-user": "steward.one"},
        {"x-forwarded-user": "steward.one", "x-lakeward-proxy-secret": ""},
        {"x-forwarded-user": "steward.one", "x-lakeward-proxy-secret": SECRET[1:]},
        {"remote-user": "steward.one", "x-lakeward-proxy-secret": SECRET},
        {**PROXY, "remote-user": "cdo.one"},
        {**PROXY, "x-remote-user": "steward.one"},
    ],
)
def test_a_header_without_its_secret_is_refused_and_not_ignored(office, behind, headers):
    settings, portal, _ = office
    for client in (behind, new_client(portal)):
        assert client.get("/login", headers=headers, follow_redirects=False).status_code == 403
    assert on_disk(settings) == []


@pytest.mark.parametrize("name", ["no.one", "", "steward.one; cdo.one", "Steward.One"])
def test_a_proxy_makes_no_account(office, behind, name):
    answer = behind.get("/", headers={**PROXY, "x-forwarded-user": name}, follow_redirects=False)
    assert answer.status_code in {303, 403}
    assert SESSION_COOKIE not in answer.cookies


@pytest.mark.parametrize(("behind_proxy", "secret"), [(True, ""), (True, "short"), (False, SECRET)])
def test_a_portal_trusts_no_header_without_a_proxy_and_a_secret(office, behind_proxy, secret):
    settings, _, _ = office
    door = Door(behind_proxy=behind_proxy, user_header="X-Forwarded-User")
    with pytest.raises(UsageError, match="LAKEWARD_SECRET_PORTAL_PROXY"):
        serve_portal(replace(settings, secrets={"PORTAL_PROXY": secret}), door, print)
