"""The provider that a project names for log-ins: its keys in `project.yaml`, what it says of itself, whose account a claim means, and what lacks."""

import subprocess
import sys
from dataclasses import replace

import pytest

from lakeward.contracts.portal_login import PortalLogin
from lakeward.core.errors import LakewardError
from lakeward.flows import login_warnings
from lakeward.flows.base.login_provider import LoginProvider, login_provider
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.operations.login_checks import check_login_provider
from lakeward.flows.portal.sign_in import account_named
from support.openid_provider import CLIENT, SECRET, own_provider
from support.openid_provider import project_with_login as project


@pytest.fixture
def own():
    with own_provider() as provider:
        yield provider


DESCRIBED = (
    {"issuer": "https://id.other.example"},
    {"issuer": None},
    {"token_endpoint": "http://id.plant.example/token"},
    {"jwks_uri": "file:///etc/passwd"},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"token_endpoint": None},
)


def code_of(call):
    with pytest.raises(LakewardError) as caught:
        call()
    assert "pw" not in str(caught.value)
    return caught.value.code


def test_a_description_that_leads_elsewhere_is_not_used(own, tmp_path):
    login = open_workspace(project(tmp_path / "plant", own.issuer)).project.portal_login
    for described in DESCRIBED:
        own.describe = lambda description, more=described: {**description, **more}
        assert code_of(LoginProvider(login, SECRET).description) == "sign_in_description"
    assert code_of(LoginProvider(replace(login, issuer="http://127.0.0.1:9"), SECRET).description) == "sign_in_unreachable"


@pytest.mark.parametrize(
    ("claim", "accounts", "claims", "expected"),
    [
        ("sub", None, {"sub": "li.wei"}, "li.wei"),
        ("sub", {"0-1": "wang.fang"}, {"sub": "0-1"}, "wang.fang"),
        ("sub", {"0-1": "wang.fang"}, {"sub": "wang.fang"}, "sign_in_unknown"),
        ("email", {"a@b.c": "li.wei"}, {"email": "a@b.c", "email_verified": True}, "li.wei"),
        ("email", {"a@b.c": "li.wei"}, {"email": "a@b.c", "email_verified": "true"}, "sign_in_claim"),
        ("email", {"a@b.c": "li.wei"}, {"email": "a@b.c"}, "sign_in_claim"),
        ("name", None, {"sub": "li.wei"}, "sign_in_claim"),
        ("name", None, {"name": ""}, "sign_in_claim"),
    ],
)
def test_whose_account_a_claim_means(claim, accounts, claims, expected):
    login = PortalLogin(issuer="https://id.plant.example", client=CLIENT, claim=claim, accounts=accounts)
    try:
        found = account_named(claims, login)
    except LakewardError as error:
        found = error.code
    assert found == expected


SLIPS = (
    ("issuer: http://127.0.0.1:9", "issuer: http://id.plant.example", "contract_value"),
    ("issuer: http://127.0.0.1:9", "issuer: https://user:pw@id.plant.example", "contract_value"),
    ("  claim: account\n", "", "contract_missing"),
    ("  client: lakeward-portal\n", "", "contract_missing"),
    ("  claim: account", "  claim: account\n  scopes: [profile]", "contract_value"),
    ("  claim: account", "  claim: account\n  algorithms: [HS256]", "contract_value"),
    ("  claim: account", "  claim: account\n  accounts: {a: 1}", "contract_value"),
    ("  claim: account", "  claim: account\n  roles: [admin]", "contract_unknown_key"),
    ("  claim: account", "  claim: account\n  ca: missing.pem", "sign_in_ca"),
    ("secret: portal_oidc", "secret: another", "sign_in_secret"),
)


def test_a_slip_in_the_project_is_named(tmp_path):
    settings = project(tmp_path / "plant", "http://127.0.0.1:9")
    file = tmp_path / "plant" / "expectations" / "project.yaml"
    text = file.read_text(encoding="utf-8")
    for found, replacement, code in SLIPS:
        file.write_text(text.replace(found, replacement), encoding="utf-8")
        assert (replacement, code_of(lambda: login_provider(open_workspace(settings)))) == (replacement, code)


def test_doctor_asks_the_provider(own, tmp_path):
    settings = project(tmp_path / "plant", own.issuer)
    ((name, found, problem),) = check_login_provider(settings)
    assert (name, own.issuer in found, problem) == ("portal_login 127.0.0.1", True, "")
    ((_, _, problem),) = check_login_provider(replace(settings, secrets={}))
    assert "LAKEWARD_SECRET_PORTAL_OIDC" in problem
    assert login_warnings(settings) == []


WITHOUT_EXTRA = """
import sys
from pathlib import Path
sys.modules["authlib"] = None
from lakeward.contracts.portal_login import PortalLogin
from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows.base.login_provider import LoginProvider, login_provider
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.operations.login_checks import check_login_provider, login_warnings
settings = Settings(start=Path(sys.argv[1]), secrets={"PORTAL_OIDC": "s"})
try:
    login_provider(open_workspace(settings))
except LakewardError as error:
    print(error.code, error.facts["extra"])
print(*(notice.code for notice in login_warnings(settings)))
print(*(problem for _, _, problem in check_login_provider(settings)))
"""


def test_without_the_extra_portal_lint_and_doctor_say_so(tmp_path):
    project(tmp_path / "plant", "http://127.0.0.1:9")
    words = [sys.executable, "-c", WITHOUT_EXTRA, tmp_path / "plant"]
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=60)
    first, second, *rest = done.stdout.splitlines()
    assert (first, second) == ("extra_missing portal-oidc", "sign_in_lint_extra")
    assert "[portal-oidc]" in "".join(rest)
