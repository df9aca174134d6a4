"""The register on the disk: who may change it, what of its place is refused, and what a kill or a rival leaves of it."""

import json
import os
import resource
import stat
from dataclasses import replace
from datetime import timedelta

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import add_account, check_machine, create_project, list_accounts, revoke_account, rotate_token
from lakeward.flows.base.identity import identify, register_path
from lakeward.flows.base.workspace import open_workspace
from lakeward.protection.accounts import AccountState
from lakeward.protection.register import AccountRegister
from support.accounts import ADMIN, ANALYST, STEWARD, make_accounts, with_token
from support.command_line import run_in_subprocess


@pytest.fixture
def settings(tmp_path):
    return Settings(start=create_project(tmp_path / "plant"))


def code_of(call, *arguments):
    with pytest.raises(LakewardError) as raised:
        call(*arguments)
    return raised.value.code


def file_of(settings):
    return register_path(open_workspace(settings))


def who(settings):
    return identify(open_workspace(settings)).name


def test_the_register_is_its_owners_alone_and_stays_out_of_lake_and_version_control(settings):
    owners = make_accounts(settings, ANALYST)
    file = file_of(settings)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert (file.parent / ".gitignore").read_text() == "*\n"
    assert [a.account for a in list_accounts(settings)] == [ADMIN.name, ANALYST.name]
    text = file.read_text() + (settings.start / "lake" / ".accounts").read_text()
    assert not any(owner.token[16:] in text for owner in owners.values())


def test_the_operator_makes_the_first_account_and_from_then_on_it_takes_an_admin(settings):
    assert code_of(add_account, settings, ANALYST) == "account_operator"
    assert list_accounts(settings) == []
    owners = make_accounts(settings, ANALYST)

    for other in (settings, owners[ANALYST.name]):
        assert code_of(add_account, other, STEWARD) == "account_admin_needed"
        assert code_of(revoke_account, other, ADMIN.name) == "account_admin_needed"
        assert code_of(rotate_token, other, ADMIN.name) == "account_admin_needed"
    assert code_of(add_account, with_token(settings, ""), STEWARD) == "account_token_empty"
    entries = [json.loads(line) for line in file_of(settings).read_text().splitlines()]
    assert [(e["seq"], e["event"], e["by"].partition(":")[0], e["verified"]) for e in entries] == [
        (1, "add", "os", False),
        (2, "add", ADMIN.name, True),
    ]


def test_who_owns_an_account_may_renew_its_token_and_the_old_one_is_dead(settings):
    owners = make_accounts(settings, ANALYST)
    old = owners[ANALYST.name]

    new = rotate_token(old, ANALYST.name)

    assert code_of(who, old) == "account_token_invalid"
    assert who(with_token(settings, new.token)) == ANALYST.name
    assert code_of(rotate_token, old, ANALYST.name) == "account_token_invalid"


def test_the_last_admin_stays_and_a_revoked_account_is_closed(settings):
    owners = make_accounts(settings, ANALYST)
    admin = owners[ADMIN.name]

    assert code_of(revoke_account, admin, ADMIN.name) == "account_last_admin"
    assert revoke_account(admin, ANALYST.name).state is AccountState.REVOKED
    assert code_of(who, owners[ANALYST.name]) == "account_revoked"
    assert code_of(rotate_token, admin, ANALYST.name) == "account_revoked"
    assert code_of(add_account, admin, replace(ANALYST, person="Somebody Else")) == "account_name_taken"
    again = add_account(admin, replace(ANALYST, person="LI wei", roles=("steward",)))
    assert who(with_token(settings, again.token)) == ANALYST.name


def test_without_a_live_admin_the_operator_may_renew_one_and_nobody_else(settings):
    owners = make_accounts(settings, STEWARD)
    file = file_of(settings)
    register = AccountRegister(str(file))
    for line in file.read_bytes().splitlines():
        cells = {key: value for key, value in json.loads(line).items() if key != "chain"}
        register = register.with_entry({**cells, "expires": "2020-01-01T00:00:00+00:00"})
    file.write_bytes(register.content)
    (settings.start / "lake" / ".accounts").unlink()

    assert code_of(who, owners[STEWARD.name]) == "account_token_expired"
    assert code_of(rotate_token, owners[ADMIN.name], ADMIN.name) == "account_token_expired"
    assert code_of(rotate_token, settings, STEWARD.name) == "account_operator"
    assert code_of(revoke_account, settings, STEWARD.name) == "account_operator"
    assert who(with_token(settings, rotate_token(settings, ADMIN.name).token)) == ADMIN.name


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "Li.Wei"}, "account_name"),
        ({"name": "l\u0456.wei"}, "account_name"),
        ({"person": "L\u0456 Wei"}, "account_person"),
        ({"person": "li\u202ewei"}, "account_person"),
        ({"person": "  "}, "account_person"),
        ({"person": " Li Wei"}, "account_person_blanks"),
        ({"person": "Li  Wei"}, "account_person_blanks"),
        ({"roles": ("analist",)}, "role_unknown"),
        ({"roles": ()}, "account_roles_missing"),
        ({"purposes": ("a,b",)}, "account_purpose"),
        ({"days": 0}, "account_days"),
        ({"days": 367}, "account_days"),
        ({"name": ADMIN.name}, "account_exists"),
    ],
    ids=str,
)
def test_what_can_not_be_an_account_is_refused(settings, change, code):
    admin = make_accounts(settings)[ADMIN.name]
    before = file_of(settings).read_bytes()
    assert code_of(add_account, admin, replace(ANALYST, **change)) == code
    assert file_of(settings).read_bytes() == before


def spoil(settings, how):  # noqa: C901 -- a list of what can be done to a file
    file, lake = file_of(settings), settings.start / "lake"
    if how == "readable":
        file.chmod(0o640)
    elif how == "symlink":
        file.rename(file.with_name("real"))
        file.symlink_to(file.with_name("real"))
    elif how == "dangling link":
        file.unlink()
        file.symlink_to(settings.start / "nothing")
    elif how == "pipe":
        file.unlink()
        os.mkfifo(file, 0o600)
    elif how == "folder":
        file.unlink()
        file.mkdir()
    elif how == "folder for all":
        file.parent.chmod(0o777)
    elif how == "in the lake":
        file.parent.rename(lake / "accounts")
        file.parent.symlink_to(lake / "accounts")
    elif how == "edited":
        file.write_bytes(file.read_bytes().replace(b"analyst", b"admin"))
    elif how == "emptied":
        file.write_bytes(b"")
    elif how == "gone":
        file.unlink()
    elif how == "cut":
        file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    elif how == "owner":
        os.chown(file, 12345, -1)


SPOILT = {
    "readable": "accounts_readable",
    "symlink": "accounts_no_file",
    "dangling link": "accounts_no_file",
    "pipe": "accounts_no_file",
    "folder": "accounts_no_file",
    "folder for all": "accounts_folder_writable",
    "in the lake": "accounts_in_lake",
    "edited": "accounts_tampered",
    "emptied": "accounts_other",
    "gone": "accounts_other",
    "cut": "accounts_other",
    "owner": "accounts_owner",
}


@pytest.mark.parametrize("how", SPOILT)
def test_an_unsafe_register_is_refused_with_and_without_a_token_and_changes_nothing(settings, how):
    if how == "owner" and os.geteuid() != 0:
        pytest.skip("only root gives files away")
    owners = make_accounts(settings, ANALYST)
    spoil(settings, how)

    assert code_of(who, owners[ANALYST.name]) == SPOILT[how]
    assert code_of(who, settings) == SPOILT[how]
    assert code_of(add_account, owners[ADMIN.name], STEWARD) == SPOILT[how]
    assert code_of(list_accounts, settings) == SPOILT[how]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"size": 1e999, "chain": ""}',
        '{"size": -1, "chain": ""}',
        '{"size": 9, "chain": "\\ud800"}',
        "[" * 9999,
    ],
)
def test_a_mark_that_was_tampered_with_opens_nothing(settings, text):
    owner = make_accounts(settings)[ADMIN.name]
    (settings.start / "lake" / ".accounts").write_text(text)
    assert code_of(who, owner) == "accounts_other"
    assert code_of(add_account, owner, ANALYST) == "accounts_other"


def test_a_register_that_the_settings_name_must_be_there_and_may_serve_many_lakes(settings, tmp_path):
    named = replace(settings, accounts=tmp_path / "etc" / "accounts.jsonl")
    other = replace(named, start=create_project(tmp_path / "other"))
    assert code_of(who, named) == "accounts_missing"

    owners = make_accounts(named, ANALYST)

    assert who(with_token(other, owners[ANALYST.name].token)) == ANALYST.name
    assert code_of(who, replace(owners[ANALYST.name], accounts=None)) == "accounts_other"
    in_lake = replace(settings, accounts=settings.start / "lake" / "accounts.jsonl")
    assert code_of(add_account, in_lake, ADMIN) == "accounts_in_lake"


def test_a_register_that_can_not_be_written_is_as_it_was(settings):
    admin = make_accounts(settings)[ADMIN.name]
    file = file_of(settings)
    before = file.read_bytes()
    (file.parent / "accounts.jsonl.new").mkdir()

    assert code_of(add_account, admin, ANALYST) == "accounts_not_writable"
    assert file.read_bytes() == before


@pytest.mark.exhaustive
def test_a_full_disk_loses_neither_the_register_nor_a_token(settings):
    admin = make_accounts(settings)[ADMIN.name]
    before = file_of(settings).read_bytes()
    words = ("account", "add", "li.wei", "--person", "Li Wei", "--role", "analyst")

    full = run_in_subprocess(settings.start, *words, limits=little_space, LAKEWARD_TOKEN=admin.token, PYTHONDONTWRITEBYTECODE="1")

    assert (full.code, full.out) == (4, "")
    assert "It stays unchanged" in full.err
    assert file_of(settings).read_bytes() == before
    assert not file_of(settings).with_name("accounts.jsonl.new").exists()
    assert run_in_subprocess(settings.start, *words, LAKEWARD_TOKEN=admin.token).code == 0


def little_space():
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))


def test_doctor_looks_at_the_register(settings):
    def found():
        return [(check.ok, check.found) for check in check_machine(settings) if check.check == "accounts"]

    assert found() == []
    make_accounts(settings, ANALYST)
    assert found() == [(True, "2")]
    file_of(settings).chmod(0o644)
    assert found() == [(False, None)]


def test_days_are_days(settings):
    issued = add_account(settings, replace(ADMIN, days=1))
    (row,) = list_accounts(settings)
    assert issued.expires_at == row.expires_at
    assert timedelta() <= row.expires_at - row.changed_at - timedelta(days=1) <= timedelta(seconds=1)
