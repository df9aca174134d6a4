"""Who may see the portal: passwords, sessions, roles, forms, and the headers of every answer."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from lakeward.core.errors import MachineError, ProtectionError, UsageError
from lakeward.flows import MigrationOptions, list_accounts, list_logins, migrate, revoke_account, rotate_token, set_password
from lakeward.flows.base.sessions import FAILURES_OF_ADDRESS, FAILURES_OF_NAME, IDLE_SECONDS, LIFE_SECONDS, SessionStore
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.portal.logins import Logins
from lakeward.flows.serving.login_log import LoginLog
from lakeward.portal.page import EVERYONE, PUBLIC
from lakeward.portal.page_list import PAGES
from lakeward.portal.security import SESSION_COOKIE
from support import source_tree
from support.accounts import ANALYST, STEWARD, make_accounts
from support.plant import make_plant
from support.portal_site import SAME_SITE, Visitor, account_name, log_in, new_client, open_site


class FixedClock:
    """A clock that a test sets."""

    def __init__(self, at):
        self.at = at

    def now(self):
        return self.at


@pytest.fixture
def doors(tmp_path):
    """Log-ins of a project with a steward and an analyst, by a clock of the test; and the settings of their owners."""
    plant = make_plant(tmp_path / "plant")
    owners = make_accounts(plant.settings, STEWARD, ANALYST)
    workspace = open_workspace(plant.settings)
    clock = FixedClock(workspace.clock.now())
    sessions = SessionStore(tmp_path)
    login_log = LoginLog(replace(workspace, clock=clock))
    yield Logins(replace(workspace, clock=clock), sessions, login_log), owners, clock, tmp_path
    login_log.close()
    sessions.close()


def test_a_password_starts_a_session_of_its_account(doors):
    logins, owners, _, _ = doors
    password = set_password(owners["wang.fang"], "wang.fang").password
    user = logins.user_of(logins.log_in("wang.fang", password, "a"))
    assert (user.account, user.person, user.roles) == ("wang.fang", "Wang Fang", ("steward",))
    assert password not in repr(user)


def entries_in(lake):
    return b"".join(file.read_bytes() for file in (lake / ".access").glob("*.jsonl"))


@pytest.mark.sampled(1)
@pytest.mark.parametrize("is_named_by_project", [True, False])
def test_no_one_logs_in_through_a_portal_whose_lake_was_moved(tmp_path, is_named_by_project):
    plant = make_plant(tmp_path / "plant")
    owners = make_accounts(plant.settings, STEWARD)
    password = set_password(owners["wang.fang"], "wang.fang").password
    settings = plant.settings if is_named_by_project else replace(plant.settings, lake="lake")
    with open_site(settings) as (portal, _):
        portal.logins.log_in("wang.fang", password, "a")
        migrate(replace(settings, token=None), MigrationOptions(to="moved"))
        before = entries_in(plant.root / "lake")
        with pytest.raises(MachineError) as caught:
            portal.logins.log_in("wang.fang", password, "a")
        assert caught.value.code == ("login_lake_moved" if is_named_by_project else "lake_moved")
        english = {**SAME_SITE, "accept-language": "en"}
        answer = Visitor(new_client(portal)).post("/login", english, account="wang.fang", password=password, next="/")
        assert "set-cookie" not in answer.headers
        assert ("Next: ask the person who runs the portal" in answer.text, str(plant.root) in answer.text) == (True, False)
        assert entries_in(plant.root / "lake") == before
        assert len(portal.logins.open_sessions()) == 1  # that of before
    moved = replace(plant.settings, lake=str(plant.root / "moved"))
    with open_site(moved) as (portal, _):
        portal.logins.log_in("wang.fang", password, "a")
    entries = list_logins(replace(moved, token=owners["zhou.min"].token))
    assert [(entry.event, entry.account) for entry in entries] == [("login", "wang.fang")] * 2


@pytest.mark.sampled(2)
@pytest.mark.parametrize("wrong", ["", "x", "a" * 300, "漢字漢字漢字漢字漢字漢字"])
def test_another_password_or_name_starts_none(doors, wrong):
    logins, owners, _, _ = doors
    set_password(owners["wang.fang"], "wang.fang")
    for name in ("wang.fang", "li.wei", "no.body", "wang.fang'--", ""):
        with pytest.raises(ProtectionError, match=r"wrong|failed"):
            logins.log_in(name, wrong, "a")


def test_nothing_that_proves_an_account_is_stored_in_clear(doors):
    logins, owners, _, folder = doors
    password = set_password(owners["wang.fang"], "wang.fang").password
    session = logins.log_in("wang.fang", password, "a")
    with pytest.raises(ProtectionError):
        logins.log_in(password, "typed in the wrong field", "a")
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 3
    for file in files:
        content = file.read_bytes()
        assert password.encode() not in content
        assert session.encode() not in content


def test_a_session_ends_by_itself_and_with_any_change_of_its_account(doors):
    logins, owners, clock, _ = doors
    admin = owners["zhou.min"]
    password = set_password(owners["wang.fang"], "wang.fang").password

    session = logins.log_in("wang.fang", password, "a")
    clock.at += timedelta(seconds=IDLE_SECONDS - 1)
    assert logins.user_of(session)
    clock.at += timedelta(seconds=IDLE_SECONDS)
    assert logins.user_of(session) is None

    session, began = logins.log_in("wang.fang", password, "a"), clock.at
    while clock.at < began + timedelta(seconds=LIFE_SECONDS):
        assert logins.user_of(session)
        clock.at += timedelta(seconds=IDLE_SECONDS - 60)
    assert logins.user_of(session) is None

    session = logins.log_in("wang.fang", password, "a")
    logins.log_out(session)
    assert logins.user_of(session) is None

    session = logins.log_in("wang.fang", password, "a")
    password = set_password(admin, "wang.fang").password
    assert logins.user_of(session) is None

    session = logins.log_in("wang.fang", password, "a")
    rotate_token(admin, "wang.fang")
    assert logins.user_of(session) is None

    session = logins.log_in("wang.fang", password, "a")
    revoke_account(admin, "wang.fang")
    assert logins.user_of(session) is None
    with pytest.raises(ProtectionError, match="revoked"):
        logins.log_in("wang.fang", password, "a")


def test_a_password_does_not_outlive_its_account(doors):
    from lakeward.flows import add_account

    logins, owners, _, _ = doors
    password = set_password(owners["wang.fang"], "wang.fang").password
    revoke_account(owners["zhou.min"], "wang.fang")
    add_account(owners["zhou.min"], STEWARD)
    with pytest.raises(ProtectionError, match="wrong"):
        logins.log_in("wang.fang", password, "a")


def test_an_expired_account_logs_in_no_more(doors):
    logins, owners, clock, _ = doors
    password = set_password(owners["wang.fang"], "wang.fang").password
    session = logins.log_in("wang.fang", password, "a")
    clock.at += timedelta(days=91)
    assert logins.user_of(session) is None
    with pytest.raises(ProtectionError, match="time is over"):
        logins.log_in("wang.fang", password, "a")


def test_an_outside_party_does_not_see_what_is_not_shared(tmp_path):
    plant = make_plant(tmp_path / "plant")
    policies = plant.root / "expectations" / "policies"
    policies.mkdir(exist_ok=True)
    policy = (source_tree.ROOT / "expectations" / "policies" / "serving.yaml").read_text(encoding="utf-8")
    (policies / "serving.yaml").write_text(
        "format: 2\n" + policy + "\nparties:\n  supplier-a: {en: Supplier A, zh: 供应商甲}\n", encoding="utf-8"
    )
    owners = make_accounts(plant.settings, replace(ANALYST, party="supplier-a"))
    password = set_password(owners["li.wei"], "li.wei").password
    sessions = SessionStore(tmp_path)
    with pytest.raises(ProtectionError, match="supplier-a"):
        Logins(open_workspace(plant.settings), sessions, LoginLog(open_workspace(plant.settings))).log_in("li.wei", password, "a")
    sessions.close()


def test_log_ins_are_limited_by_name_and_by_address(doors):
    logins, owners, clock, _ = doors
    password = set_password(owners["wang.fang"], "wang.fang").password
    for _ in range(FAILURES_OF_NAME):
        with pytest.raises(ProtectionError, match="wrong"):
            logins.log_in("wang.fang", "wrong", "a")
    with pytest.raises(ProtectionError, match="15 minutes"):
        logins.log_in("wang.fang", password, "b")
    clock.at += timedelta(minutes=15, seconds=1)
    assert logins.log_in("wang.fang", password, "b")
    sessions = logins._sessions
    assert [sessions.note_attempt(f"n{number}", "c", clock.at) for number in range(FAILURES_OF_ADDRESS + 1)] == [
        *[True] * FAILURES_OF_ADDRESS,
        False,
    ]


def test_who_may_set_a_password(doors):
    _, owners, _, _ = doors
    assert set_password(owners["li.wei"], "li.wei", "four words for a day").changed_by == "li.wei"
    assert set_password(owners["zhou.min"], "li.wei").changed_by == "zhou.min"
    with pytest.raises(ProtectionError):
        set_password(owners["li.wei"], "wang.fang")
    with pytest.raises(ProtectionError):
        set_password(replace(owners["li.wei"], token=None), "li.wei")
    assert "password" not in json.dumps([account.as_dict() for account in list_accounts(owners["zhou.min"])])


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "li.wei-li.wei-li.wei", "x" * 257])
def test_a_simple_password_is_refused(doors, password):
    _, owners, _, _ = doors
    with pytest.raises(UsageError):
        set_password(owners["li.wei"], "li.wei", password)


# Page -> an address of it; the table of roles is made from the routes, so that a new page is in it by itself.
PLACES = {
    "session": "none",
    "seq": "1",
    "name": "equipment",
    "column": "line",
    "rule:path": "received",
    "run": "none",
    "figure:path": "totals/score",
    "term": "machine",
    "item": "8.1",
    "sha256": "0" * 64,
    "role": "steward",
    "number": "1",
}


def address_of(page):
    address = page.path
    for place, value in PLACES.items():
        address = address.replace("{" + place + "}", value)
    assert "{" not in address
    return address


def cases():
    return [(page, method) for page in PAGES for method in ("GET", "POST", "PUT", "DELETE")]


def test_every_page_states_its_roles():
    assert len(PAGES) > 8
    assert all(page.roles for page in PAGES)
    assert {page.path for page in PAGES if page.roles == PUBLIC} == {"/login", "/login/oidc", "/login/oidc/back"}


@pytest.mark.parametrize(("page", "method"), cases(), ids=lambda value: getattr(value, "path", value))
def test_without_a_log_in_only_public_pages_answer(site, page, method):
    answer = new_client(site).request(
        method,
        address_of(page),
        headers={**SAME_SITE, "content-type": "application/x-www-form-urlencoded"},
        follow_redirects=False,
    )
    if method not in page.methods:
        assert answer.status_code == 405
    elif page.roles == PUBLIC:
        assert answer.status_code in {200, 403, 404}
    else:
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
@pytest.mark.parametrize("role", ["analyst", "engineer", "steward", "cdo", "auditor", "admin"])
def test_a_role_sees_the_pages_of_its_roles(visitors, page, role):
    if page.show is None:
        return
    expected = {200, 404, 303} if page.roles in (EVERYONE, PUBLIC) or role in page.roles else {403}
    assert visitors[role].get(address_of(page)).status_code in expected


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {**SAME_SITE, "origin": "http://evil.example"},
        {**SAME_SITE, "origin": "https://127.0.0.1:8420"},
    ],
)
def test_a_form_of_another_site_is_refused(visitors, headers):
    visitor = visitors["cdo"]
    fields = visitor.page("/evidence/totals/score").inputs
    assert visitor.post("/evidence/totals/score", headers=headers, **fields).status_code == 403
    assert visitor.post("/logout", headers=headers, form_token=visitor.form_token()).status_code == 403
    assert visitor.get("/").status_code == 200


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_a_form_without_the_sessions_token_is_refused(visitors, token):
    fields = {**visitors["cdo"].page("/evidence/totals/score").inputs, "form_token": token}
    assert visitors["cdo"].post("/evidence/totals/score", **fields).status_code == 403
    stolen = visitors["analyst"].form_token()
    assert visitors["cdo"].post("/logout", form_token=stolen).status_code == 403


@pytest.mark.parametrize("session", ["", "forged", "a" * 4096, "../../etc", "%00"])
def test_a_forged_session_is_none(site, session):
    client = new_client(site)
    answer = client.get("/", headers={"cookie": f"{SESSION_COOKIE}={session}"}, follow_redirects=False)
    assert answer.status_code == 303


def test_a_log_out_ends_the_session_for_good(site, passwords):
    visitor = log_in(site, "analyst", passwords["analyst"])
    cookie = visitor.client.cookies[SESSION_COOKIE]
    assert visitor.post("/logout", form_token=visitor.form_token()).headers["location"] == "/login"
    answer = new_client(site).get("/", headers={"cookie": f"{SESSION_COOKIE}={cookie}"}, follow_redirects=False)
    assert answer.status_code == 303


def test_each_log_in_begins_another_session(site, passwords):
    one, other = (log_in(site, "analyst", passwords["analyst"]).client.cookies[SESSION_COOKIE] for _ in range(2))
    assert one != other


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/x\ny", ""]
)
def test_a_log_in_leads_nowhere_else(site, passwords, target):
    visitor = Visitor(new_client(site))
    answer = visitor.post("/login", account=account_name("analyst"), password=passwords["analyst"], next=target)
    assert answer.headers["location"] == "/"


def test_a_wrong_log_in_says_so_and_does_not_repeat_the_password(site):
    answer = Visitor(new_client(site)).post("/login", account="no.body", password="the typed secret", next="/datasets")
    assert answer.status_code == 403
    assert "账号或密码错误" in answer.text
    assert "the typed secret" not in answer.text
    assert SESSION_COOKIE not in answer.cookies


@pytest.mark.parametrize("address", ["/", "/login", "/datasets", "/nothing", "/static/portal.css", "/d/equipment", "/logout"])
def test_every_answer_has_the_headers(visitors, address):
    answer = visitors["cdo"].get(address)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "server" not in answer.headers


def test_pages_are_not_kept_by_caches_and_cookies_not_read_by_scripts(site, passwords):
    visitor = Visitor(new_client(site))
    answer = visitor.post("/login", account=account_name("cdo"), password=passwords["cdo"], next="/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert visitor.get("/").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:8420"])
def test_another_sites_name_reaches_nothing(visitors, host):
    for address in ("/", "/nothing"):
        assert visitors["cdo"].get(address, host=host).status_code == 421


def test_a_form_is_bounded_and_of_one_kind(visitors):
    visitor = visitors["cdo"]
    token = visitor.form_token()
    assert visitor.post("/logout", form_token=token, more="x" * 70_000).status_code == 413
    many = {f"f{number}": "1" for number in range(300)}
    assert visitor.post("/logout", form_token=token, **many).status_code == 400
    answer = visitor.client.post("/logout", json={"form_token": token}, headers=SAME_SITE, follow_redirects=False)
    assert answer.status_code == 415
