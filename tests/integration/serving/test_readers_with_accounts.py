"""Who reads with a token is known by it: role and name come from the register, and the access log says so."""

import json
from dataclasses import replace

import pytest

import lakeward
from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import NewAccount, add_account, revoke_account, rotate_token
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving.connection import open_connection
from support.accounts import ADMIN, ANALYST, OTHER_STEWARD, make_accounts, with_token
from support.command_line import run_in_subprocess
from support.served_lake import SECRETS, grades_of, make_lake

QUERY = "SELECT count(*) AS n FROM silver.orders"


@pytest.fixture
def settings(copy_of, tmp_path):
    return Settings(start=copy_of(make_lake, tmp_path / "plant"))


def ask(settings, role=None, query=QUERY):
    with open_connection(settings, role, grades_of) as con:
        return con.sql(query).fetchall()


def code_of(call, *arguments):
    with pytest.raises(LakewardError) as raised:
        call(*arguments)
    return raised.value.code


def entries(settings):
    with open_workspace(settings).engine() as engine:
        rows = governance.read_rows(engine, "access_log", order="asked_at")
    return [(row["principal"], row["role"], row["verified"], row["verdict"], row["code"]) for row in rows]


def test_without_an_account_things_are_as_they_were(settings):
    assert ask(settings, "analyst") == [(3,)]
    assert code_of(ask, settings, "analist") == "role_unknown"
    assert code_of(ask, settings) == "role_missing"
    assert entries(settings) == [(None, "analyst", False, "allowed", None)]


def test_name_and_role_come_from_the_token(settings):
    owners = make_accounts(settings, ANALYST, OTHER_STEWARD)

    assert ask(owners[ANALYST.name]) == [(3,)]
    assert ask(owners[ANALYST.name], "analyst") == [(3,)]
    assert ask(owners[OTHER_STEWARD.name], "steward") == [(3,)]
    assert entries(settings) == [
        (ANALYST.name, "analyst", True, "allowed", None),
        (ANALYST.name, "analyst", True, "allowed", None),
        (OTHER_STEWARD.name, "steward", True, "allowed", None),
    ]


def test_a_token_takes_no_role_that_its_account_has_not(settings):
    owners = make_accounts(settings, ANALYST, OTHER_STEWARD)

    assert code_of(ask, owners[ANALYST.name], "steward") == "account_role"
    assert code_of(ask, owners[OTHER_STEWARD.name]) == "role_missing"  # it has two
    assert code_of(ask, owners[ADMIN.name]) == "role_missing"  # the policy knows no admin
    assert code_of(ask, owners[ADMIN.name], "admin") == "role_unknown"
    assert code_of(ask, owners[ADMIN.name], "analyst") == "account_role"


def test_a_typed_role_still_answers_and_is_logged_as_unverified(settings):
    make_accounts(settings, ANALYST)

    assert ask(settings, "steward") == [(3,)]
    assert entries(settings) == [(None, "steward", False, "allowed", None)]


@pytest.mark.parametrize(
    ("token", "code"),
    [
        *((token, "account_token_empty") for token in ("", " ")),
        *((token, "account_token_invalid") for token in ("analyst", "lw_0123456789ab_" + "A" * 43, "lw_\x00")),
    ],
)
@pytest.mark.parametrize("has_register", [True, False])
def test_a_token_that_does_not_count_is_an_error_and_never_a_fallback(settings, token, code, has_register):
    if has_register:
        make_accounts(settings, ANALYST)
    assert code_of(ask, with_token(settings, token), "analyst") == code


def test_a_session_ends_with_its_token(settings):
    owners = make_accounts(settings, ANALYST)
    admin = owners[ADMIN.name]
    with open_connection(owners[ANALYST.name], None, grades_of) as con:
        con.sql(QUERY).fetchall()
        add_account(admin, OTHER_STEWARD)
        con.sql(QUERY).fetchall()  # the register changed, the account did not
        rotate_token(admin, ANALYST.name)
        assert code_of(con.sql, QUERY) == "account_token_invalid"
    new = with_token(settings, rotate_token(admin, ANALYST.name).token)
    with open_connection(new, None, grades_of) as con:
        revoke_account(admin, ANALYST.name)
        assert code_of(con.sql, QUERY) == "account_revoked"
    assert [entry[3:] for entry in entries(settings)] == [
        ("allowed", None),
        ("allowed", None),
        ("refused", "account_token_invalid"),
        ("refused", "account_revoked"),
    ]


def test_other_roles_end_a_session_too(settings):
    owners = make_accounts(settings, ANALYST)
    admin = owners[ADMIN.name]
    with open_connection(owners[ANALYST.name], "analyst", grades_of) as con:
        revoke_account(admin, ANALYST.name)
        add_account(admin, replace(ANALYST, roles=("auditor",)))
        assert code_of(con.sql, QUERY) == "account_token_invalid"


def test_a_token_in_a_query_is_not_logged(settings):
    owner = make_accounts(settings, ANALYST)[ANALYST.name]
    code_of(ask, owner, None, f"SELECT '{owner.token}' FROM nothing")
    ask(owner)

    secret = owner.token[16:].encode()
    files = [path for path in settings.start.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files if secret in path.read_bytes()] == []


def test_notebooks_take_the_token_from_their_environment(settings, monkeypatch):
    owner = make_accounts(settings, ANALYST)[ANALYST.name]
    monkeypatch.setenv("LAKEWARD_TOKEN", owner.token)
    with lakeward.connect(project=settings.start) as con:
        assert con.sql("SELECT 1").fetchall() == [(1,)]
    assert code_of(lakeward.connect, "steward", settings.start) == "account_role"


@pytest.mark.exhaustive
def test_the_command_line_takes_it_too(settings):
    owner = make_accounts(settings, ANALYST)[ANALYST.name]
    answers = [
        run_in_subprocess(settings.start, "query", "SELECT 1 AS one", "--format", "csv", *words, LAKEWARD_TOKEN=owner.token)
        for words in ((), ("--as", "analyst"), ("--as", "steward"))
    ]
    assert [(answer.code, answer.out) for answer in answers] == [(0, "one\n1\n"), (0, "one\n1\n"), (3, "")]
    assert not any(secret in answer.output for answer in answers for secret in SECRETS)


def test_an_entry_of_before_there_were_accounts_is_committed(settings):
    ask(settings, "analyst")
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        (row,) = governance.read_rows(engine, "access_log")
    old = {key: value for key, value in row.items() if key not in {"principal", "verified"}} | {"session_id": "old"}
    (settings.start / "lake" / ".access" / "old.jsonl").write_text(json.dumps(old, default=str) + "\n")

    ask(settings, "analyst")

    assert [(principal, verified) for principal, _, verified, *_ in entries(settings)].count((None, None)) == 1


def test_an_account_may_have_many_roles(settings):
    every = NewAccount(name="all.roles", person="Many Hats", roles=("analyst", "engineer", "cdo", "auditor", "steward"))
    owner = make_accounts(settings, every)[every.name]
    assert [ask(owner, role) for role in every.roles] == [[(3,)]] * 5
