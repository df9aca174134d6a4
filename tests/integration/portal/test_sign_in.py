"""Log-in at an identity provider: who it vouches for enters with the account of the register, and whatever is forged is refused and logged."""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import Portal, list_logins, revoke_account, set_password
from lakeward.flows.base.login_provider import login_provider
from lakeward.flows.base.sessions import FAILURES_OF_ADDRESS
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.portal.sign_in import SignIns
from lakeward.portal.security import BROWSER_COOKIE, SESSION_COOKIE
from support.accounts import ANALYST, OTHER_STEWARD, STEWARD, make_accounts
from support.openid_provider import (
    CLIENT,
    OwnProvider,
    new_key,
    own_provider,
    public_key,
    pyop_provider,
)
from support.openid_provider import (
    project_with_login as project,
)
from support.plant import make_plant
from support.portal_site import Visitor, new_client, open_site

BACK = "http://127.0.0.1:8420/login/oidc/back"


@dataclass
class Door:
    """A portal with a provider, and the settings of the owners of its accounts."""

    portal: Portal
    settings: Settings
    owners: dict[str, Settings]

    def browser(self, lang="en"):
        client = new_client(self.portal)
        client.headers["accept-language"] = lang
        return Visitor(client)

    def log_ins(self):
        """Account and reason of each entry, the oldest first."""
        self.portal.logins._log.commit_waiting(0)
        found = list_logins(replace(self.settings, token=self.owners["zhou.min"].token))
        return [(one.account, one.code) for one in sorted(found, key=lambda one: one.at)]


@pytest.fixture(scope="module")
def running():
    with own_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def one_door(tmp_path_factory, running):
    settings = project(tmp_path_factory.mktemp("door") / "plant", running.issuer)
    owners = make_accounts(settings, STEWARD, OTHER_STEWARD, ANALYST)
    with open_site(settings) as (portal, _):
        yield Door(portal, settings, owners)


@pytest.fixture
def own(running):
    """The provider of the tests, correct again."""
    fresh = OwnProvider()
    for name in ("change", "sign", "describe", "status", "published", "begun", "asked", "key"):
        setattr(running, name, getattr(fresh, name))
    return running


@pytest.fixture
def door(one_door, own):
    """The portal at the provider of the tests, where no log-in has failed."""
    one_door.portal.logins._sessions._con.execute("DELETE FROM failures")
    return one_door


def begin(visitor, target="/datasets"):
    """The address at the provider to which a browser is sent."""
    answer = visitor.client.get(f"/login/oidc?next={target}", follow_redirects=False)
    assert answer.status_code == 303
    return answer.headers["location"]


def come_back(visitor, **answer):
    return visitor.client.get("/login/oidc/back", params=answer, follow_redirects=False)


def refused(visitor, answer):
    """The text of the page that a refused log-in leads to."""
    assert (answer.status_code, answer.headers["location"].partition("=")[0]) == (303, "/login?refused")
    assert SESSION_COOKIE not in visitor.client.cookies
    page = visitor.client.get(answer.headers["location"])
    assert page.status_code == 403
    return page.text


USERS = {"li": {"account": "li.wei", "roles": ["admin"]}, "wu": {"account": "wu.jing"}}


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The portal at the provider of pyop."""
    folder = tmp_path_factory.mktemp("real")
    with pyop_provider(folder, BACK, USERS) as provider:
        settings = project(folder / "plant", provider.issuer, f"  ca: {provider.ca}\n")
        owners = make_accounts(settings, ANALYST)
        with open_site(settings) as (portal, _):
            yield Door(portal, settings, owners), provider


def log_in(door, provider, user, target="/datasets"):
    visitor = door.browser()
    return visitor, come_back(visitor, **provider.log_in(begin(visitor, target), user))


def test_a_real_provider_lets_an_account_in_with_the_roles_of_the_register(real):
    door, provider = real
    assert "Log in at 127.0.0.1" in door.browser().get("/login").text
    visitor, answer = log_in(door, provider, "li", "/d/press_line?lang=en")
    assert (answer.status_code, answer.headers["location"]) == (303, "/d/press_line?lang=en")
    assert "Li Wei" in visitor.get("/").text
    assert visitor.get("/admin").status_code == 403  # the token speaks of a role, which gives none
    assert door.log_ins()[-1] == ("li.wei", None)
    visitor, answer = log_in(door, provider, "wu")
    assert "no account under that name" in refused(visitor, answer)
    assert door.log_ins()[-1] == (None, "sign_in_unknown")


@pytest.mark.exhaustive
def test_new_keys_of_a_real_provider_count_at_once(real):
    door, provider = real
    provider.rotate_keys()
    visitor, answer = log_in(door, provider, "li")
    assert answer.headers["location"] == "/datasets"
    assert visitor.get("/datasets").status_code == 200


@pytest.mark.exhaustive
def test_a_real_provider_does_not_take_another_secret(real):
    door, provider = real
    settings = replace(door.settings, secrets={"PORTAL_OIDC": "another"})
    workspace = open_workspace(settings)
    sign_ins = SignIns(login_provider(workspace), door.portal.logins, workspace.clock)
    started = sign_ins.begin("http://127.0.0.1:8420", "/")
    answer = provider.log_in(started.address, "li")
    with pytest.raises(LakewardError) as caught:
        sign_ins.end(answer, started.browser, "a")
    assert caught.value.code == "sign_in_code"


def test_a_session_ends_with_the_account(door, own):
    own.change = changed(account="chen.jie")
    visitor = door.browser()
    assert come_back(visitor, **own.answer_to(begin(visitor))).headers["location"] == "/datasets"
    assert visitor.get("/datasets").status_code == 200
    revoke_account(door.owners["zhou.min"], "chen.jie")
    assert visitor.get("/datasets").status_code == 303
    other = door.browser()
    assert "is revoked" in refused(other, come_back(other, **own.answer_to(begin(other))))
    assert door.log_ins()[-1] == ("chen.jie", "login_closed")


def unsigned(claims):
    head = jwt.utils.base64url_encode(b'{"alg":"none"}').decode()
    body = jwt.encode(claims, "k" * 32, "HS256").split(".")[1]
    return f"{head}.{body}."


def by_public_key(key):
    """Signed with the text of the public key, which everyone has."""
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(claims):
        head = jwt.utils.base64url_encode(b'{"alg":"HS256","kid":"own"}').decode()
        text = f"{head}.{jwt.encode(claims, 'k' * 32, 'HS256').split('.')[1]}"
        return f"{text}.{jwt.utils.base64url_encode(hmac.new(pem, text.encode(), hashlib.sha256).digest()).decode()}"

    return sign


def changed(**more):
    return lambda claims: {name: value for name, value in {**claims, **more}.items() if value is not None}


LONG_AGO = datetime.now(UTC) - timedelta(hours=2)
FORGED = {
    "another issuer": (changed(iss="https://id.other.example"), "sign_in_issuer"),
    "another audience": (changed(aud="grafana"), "sign_in_audience"),
    "issued to another client": (changed(aud=[CLIENT, "grafana"], azp="grafana"), "sign_in_audience"),
    "expired": (changed(iat=LONG_AGO, exp=LONG_AGO + timedelta(minutes=5)), "sign_in_expired"),
    "issued in the future": (changed(iat=datetime.now(UTC) + timedelta(hours=1)), "sign_in_token"),
    "another nonce": (changed(nonce="of another log-in"), "sign_in_nonce"),
    "no nonce": (changed(nonce=None), "sign_in_nonce"),
    "a nonce that is no text": (changed(nonce=7), "sign_in_nonce"),
    "no subject": (changed(sub=None), "sign_in_token"),
    "no such claim": (changed(account=None), "sign_in_claim"),
    "a claim that is a list": (changed(account=["li.wei"]), "sign_in_claim"),
    "an account in capitals": (changed(account="Li.Wei"), "sign_in_unknown"),
    "an account of nobody": (changed(account="wu.jing"), "sign_in_unknown"),
    "an account of another provider": (changed(account="oidc:https://id.plant.example#1"), "sign_in_unknown"),
}
SIGNED = {
    "no signature": (lambda _: unsigned, "sign_in_signature"),
    "signed with the public key": (lambda own: by_public_key(own.key), "sign_in_signature"),
    "another key": (lambda _: lambda c: jwt.encode(c, new_key(), "RS256", headers={"kid": "own"}), "sign_in_signature"),
    "an unknown key": (lambda own: lambda c: jwt.encode(c, own.key, "RS256", headers={"kid": "x"}), "sign_in_signature"),
    "no token": (lambda _: lambda _: "", "sign_in_token"),
    "no web token": (lambda _: lambda _: "a.b.c", "sign_in_token"),
}


def check_refused(door, own, **more):
    """A log-in is refused, by a page in both languages that has none of the provider's words."""
    visitor = door.browser()
    answer = come_back(visitor, **{**own.answer_to(begin(visitor)), **more})
    english = refused(visitor, answer)
    chinese = visitor.client.get(answer.headers["location"] + "&lang=zh").text
    assert "Next:" in english
    assert "下一步：" in chinese
    assert "words of the provider" not in english + chinese
    return english


def test_every_forged_token_is_refused_and_logged(door, own):
    before = len(door.log_ins())
    for change, _ in FORGED.values():
        own.change = change
        check_refused(door, own)
    own.change = changed()
    for sign, _ in SIGNED.values():
        own.sign = sign(own)
        check_refused(door, own)
    own.sign = None
    visitor = door.browser()
    come_back(visitor, **own.answer_to(begin(visitor)))
    assert visitor.get("/").status_code == 200
    expected = [*((case, code) for case, (_, code) in {**FORGED, **SIGNED}.items()), ("none of them", None)]
    found = [code for _, code in door.log_ins()[before:]]
    assert list(zip((case for case, _ in expected), found, strict=True)) == expected


def test_what_the_provider_refuses_is_refused(door, own):
    before = len(door.log_ins())
    assert "(access_denied)" in check_refused(door, own, error="access_denied", code="")
    assert "(-)" in check_refused(door, own, error="<b>words of the provider</b>")
    check_refused(door, own, iss="https://id.other.example")
    check_refused(door, own, code="")
    own.status = 400
    check_refused(door, own)
    own.status = 503
    check_refused(door, own)
    codes = ["sign_in_denied", "sign_in_denied", "sign_in_issuer", "sign_in_token", "sign_in_code", "sign_in_unreachable"]
    assert [code for _, code in door.log_ins()[before:]] == codes


def test_an_answer_counts_once_and_in_its_own_browser(door, own):
    visitor, other = door.browser(), door.browser()
    answer = own.answer_to(begin(visitor))
    assert "not begun in this browser" in refused(other, come_back(other, **answer))  # and is spent
    assert "ended already" in refused(visitor, come_back(visitor, **answer))
    answer = own.answer_to(begin(visitor))
    assert come_back(visitor, **answer).headers["location"] == "/datasets"
    visitor.client.cookies.delete(SESSION_COOKIE)
    assert "ended already" in refused(visitor, come_back(visitor, **answer))
    assert "took longer" in refused(visitor, come_back(visitor, code="c", state="forged"))
    assert "took longer" in refused(visitor, come_back(visitor))
    answer = own.answer_to(begin(visitor))
    visitor.client.cookies.delete(BROWSER_COOKIE)
    assert "not begun" in refused(visitor, come_back(visitor, **answer))


def test_two_tabs_of_a_browser_may_log_in(door, own):
    visitor = door.browser()
    first = begin(visitor, "/runs")
    second = begin(visitor, "/glossary")
    assert come_back(visitor, **own.answer_to(second)).headers["location"] == "/glossary"
    assert come_back(visitor, **own.answer_to(first)).headers["location"] == "/runs"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/%5Cevil.example", "javascript:alert(1)"])
def test_a_log_in_leads_nowhere_else(door, own, target):
    visitor = door.browser()
    assert come_back(visitor, **own.answer_to(begin(visitor, target))).headers["location"] == "/"


def test_the_question_to_the_provider(door, own):
    asked = dict(parse_qsl(urlsplit(begin(door.browser())).query))
    assert {asked[name] for name in ("response_type", "client_id", "scope", "redirect_uri", "code_challenge_method")} == {
        *("code", CLIENT, "openid profile", BACK, "S256")
    }
    again = dict(parse_qsl(urlsplit(begin(door.browser())).query))
    assert all(len(asked[name]) >= 43 and asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))
    assert own.asked.count("/.well-known/openid-configuration") <= 1  # kept


def test_what_a_browser_keeps_is_not_read_by_scripts(door):
    cookie = door.browser().get("/login/oidc").headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/login/oidc", "max-age=600"))


def test_new_keys_count_at_once_and_old_ones_no_more(door, own):
    old, own.key = own.key, new_key()
    own.published = [public_key(old, "old"), public_key(own.key, "own")]
    visitor = door.browser()
    assert come_back(visitor, **own.answer_to(begin(visitor))).headers["location"] == "/datasets"
    own.sign = lambda claims: jwt.encode(claims, old, "RS256", headers={"kid": "old"})
    own.published = own.published[1:]
    assert "present keys" in check_refused(door, own)


def test_too_many_tries_of_an_address_are_refused(door, own):
    visitor = door.browser()
    for number in range(FAILURES_OF_ADDRESS):
        assert door.portal.logins._sessions.note_attempt(str(number), "testclient", datetime.now(UTC))
    before = len(door.log_ins())
    for _ in range(2):
        assert "15 minutes" in refused(visitor, come_back(visitor, **own.answer_to(begin(visitor))))
    assert [code for _, code in door.log_ins()[before:]] == ["login_limited"]


def test_a_provider_that_does_not_answer_leaves_the_password(door, own):
    password = set_password(door.owners["wang.fang"], "wang.fang").password
    visitor = door.browser()
    answer = own.answer_to(begin(visitor))
    own.status = 503
    assert "does not answer" in refused(visitor, come_back(visitor, **answer))
    assert visitor.post("/login", account="wang.fang", password=password, next="/").status_code == 303


def test_without_a_provider_there_is_no_such_log_in(tmp_path):
    with open_site(make_plant(tmp_path / "plant").settings) as (_, client):
        check_without_provider(Visitor(client))


def check_without_provider(visitor):
    for address in ("/login/oidc", "/login/oidc/back?code=c&state=s"):
        assert visitor.get(address).status_code == 404
    assert "/login/oidc" not in visitor.get("/login").text
