"""Accounts on the command line: a token is shown once, and in no list, error or setting."""

import json

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import create_project
from support.accounts import make_accounts
from support.command_line import run_command, run_in_subprocess


@pytest.fixture
def settings(tmp_path):
    return Settings(start=create_project(tmp_path / "plant"))


def test_the_command_line_shows_a_token_once_and_never_in_a_list_or_an_error(settings, capsys, monkeypatch):
    first = run_command(capsys, settings.start, "account", "add", "zhou.min", "--person", "周敏", "--role", "admin")
    token = first.out.splitlines()[-1]
    assert (first.code, token[:3], first.err) == (0, "lw_", "")
    monkeypatch.setenv("LAKEWARD_TOKEN", token)
    second = run_command(
        capsys, settings.start, "account", "add", "li.wei", "--person", "Li Wei", "--role", "analyst", "--days", "1", "--json"
    )
    given = json.loads(second.out)
    assert set(given) == {"account", "token", "token_id", "expires_at"}

    answers = [
        run_command(capsys, settings.start, *words)
        for words in (
            ("account", "list"),
            ("account", "list", "--json"),
            ("account", "list", "--lang", "zh"),
            ("account", "revoke", "nobody"),
            ("account", "revoke", "zhou.min"),
            ("account", "rotate", "li.wei", "--days", "900"),
        )
    ]
    assert [answer.code for answer in answers] == [0, 0, 0, 2, 3, 2]
    rows = json.loads(answers[1].out)
    assert [(row["account"], row["state"], row["changed_by"]) for row in rows][1] == ("li.wei", "active", "zhou.min")
    for answer in answers:
        for one in (token, given["token"]):
            assert one not in answer.output
            assert one[16:] not in answer.output


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_token_that_does_not_count_is_told_without_being_told(settings, lang):
    token = "lw_0123456789ab_" + "S" * 43
    make_accounts(settings)
    answer = run_in_subprocess(settings.start, "query", "select 1", "--as", "analyst", LAKEWARD_TOKEN=token, LAKEWARD_LANG=lang)

    assert (answer.code, answer.out) == (3, "")
    assert "LAKEWARD_TOKEN" in answer.err
    assert ("下一步：" if lang == "zh" else "Next: ") in answer.err
    assert "S" * 43 not in answer.err
    assert "Traceback" not in answer.err


def test_a_misspelt_variable_is_told_without_its_value(settings):
    answer = run_in_subprocess(settings.start, "account", "list", LAKEWARD_TOKN="lw_secret")

    assert answer.code == 2
    assert "LAKEWARD_TOKEN" in answer.err
    assert "lw_secret" not in answer.output


def test_settings_do_not_show_the_token():
    assert "lw_" not in repr(Settings.load(environ={"LAKEWARD_TOKEN": "lw_secret"}))
    assert Settings.load(environ={"LAKEWARD_TOKEN": ""}).token == ""
    assert Settings.load(environ={}).token is None
