"""Who decides about quarantined rows: by a token, or as typed; each event says which."""

from pathlib import Path

import pytest

from lakeward.core.errors import LakewardError
from lakeward.flows import Acceptance, accept_rules, expire_rows, release_rows, repair_rows, replay_rows, show_quarantine
from lakeward.flows.quarantine.events import Signature
from lakeward.flows.quarantine.selection import Selection
from support.accounts import ANALYST, OTHER_STEWARD, STEWARD, make_accounts
from support.command_line import run_command
from support.plant import Plant
from support.quarantine_line import HOT_ROWS, TENTHS, WORD, QuarantinePlant, make_quarantine_plant

REASON = "heat test"


def fill(root: Path) -> None:
    make_quarantine_plant(root)


@pytest.fixture
def line(copy_of, tmp_path: Path) -> QuarantinePlant:
    return QuarantinePlant(Plant(copy_of(fill, tmp_path / "plant")))


def events(line):
    rows = line.fetch("SELECT DISTINCT event, done_by, done_as, verified FROM governance.quarantine_events ORDER BY event")
    return [tuple(row.values()) for row in rows]


def code_of(call, *arguments, **more):
    with pytest.raises(LakewardError) as raised:
        call(*arguments, **more)
    return raised.value.code


def test_each_decision_takes_name_and_role_from_the_token(line):
    owners = make_accounts(line.settings, STEWARD, OTHER_STEWARD)
    first, second = owners[STEWARD.name], owners[OTHER_STEWARD.name]

    repair_rows(first, "press_line", Selection(rows=((1, 3),)), TENTHS, Signature("", None, REASON))
    replay_rows(first, "press_line", Selection(rows=((1, 3),)), Signature("", None, None))
    release_rows(second, "press_line", HOT_ROWS, Signature("", None, REASON))
    expire_rows(second, "press_line", Selection(rows=(WORD,)), Signature("chen.jie", "steward", REASON))

    (shown, *_) = show_quarantine(first, "press_line", 5, row_id=WORD)
    assert [(event.by, event.verified) for event in shown.history] == [(OTHER_STEWARD.name, True)]
    assert events(line) == [
        ("expire", OTHER_STEWARD.name, "steward", True),
        ("release", OTHER_STEWARD.name, "steward", True),
        ("repair", STEWARD.name, "steward", True),
        ("replay", STEWARD.name, "steward", True),
    ]


def test_a_token_signs_with_no_other_name_and_in_no_other_role(line):
    owners = make_accounts(line.settings, ANALYST, STEWARD)
    analyst = owners[ANALYST.name]
    expire = (analyst, "press_line", HOT_ROWS)

    assert code_of(expire_rows, *expire, Signature("", None, REASON)) == "decision_role"
    assert code_of(expire_rows, *expire, Signature("", "steward", REASON)) == "account_role"
    assert code_of(expire_rows, *expire, Signature("wang.fang", "analyst", REASON)) == "account_name_other"
    assert code_of(release_rows, *expire, Signature("", "steward", REASON)) == "account_role"
    assert code_of(replay_rows, analyst, "press_line", HOT_ROWS, Signature("wang.fang")) == "account_name_other"
    assert code_of(repair_rows, *expire, TENTHS, Signature("wang.fang", None, REASON)) == "account_name_other"
    assert code_of(accept_rules, analyst, "press_line", Acceptance(("all",), REASON, "wang.fang")) == "account_name_other"
    assert code_of(show_quarantine, analyst, "press_line", 5, role="steward") == "account_role"
    assert show_quarantine(owners[STEWARD.name], "press_line", 5, role="")[0].role == "steward"


def test_a_typed_name_still_decides_what_takes_one_and_is_unverified_whatever_it_claims(line):
    make_accounts(line.settings, STEWARD)
    expire_rows(line.settings, "press_line", HOT_ROWS, Signature("wang.fang", "steward", REASON, verified=True))
    assert events(line) == [("expire", "wang.fang", "steward", False)]


def test_the_command_line_needs_no_name_with_a_token(line, capsys, monkeypatch):
    owner = make_accounts(line.settings, STEWARD)[STEWARD.name]
    root = line.plant.root
    assert run_command(capsys, root, "quarantine", "expire", "press_line", "--row", "1:5", "--reason", "x").code == 2
    monkeypatch.setenv("LAKEWARD_TOKEN", owner.token)
    shown = run_command(capsys, root, "quarantine", "show", "press_line", "--values")
    expired = run_command(capsys, root, "quarantine", "expire", "press_line", "--row", "1:5", "--reason", "x")
    replayed = run_command(capsys, root, "quarantine", "replay", "press_line")
    assert (shown.code, expired.code, replayed.code) == (0, 0, 0)
    assert events(line) == [("expire", STEWARD.name, "steward", True)]
