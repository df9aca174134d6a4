"""Decisions over time are listed from every record: who, when, what, why, and whether a token proved who."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from lakeward.core.errors import UsageError
from lakeward.flows import (
    GradeChoice,
    assess_readiness,
    decide_grade,
    expire_rows,
    grade_dataset,
    list_decisions,
    open_connection,
    release_rows,
    run_dataset,
)
from lakeward.flows.audit.decisions import parse_since
from lakeward.flows.quarantine.events import Signature
from lakeward.flows.quarantine.selection import Selection
from lakeward.flows.scorecard.editions import ANSWERS_FILE
from support.accounts import ADMIN, STEWARD, make_accounts
from support.command_line import run_command
from support.quarantine_line import FIRST, HOT_ROWS, TENTHS, WORD, make_quarantine_plant

ANSWER = """\
edition: GB/T 36073-2025
answers:
  - item: '6.1'
    who: Chen
    when: 2026-03-01
    reason: seen in the plan
    documents: [https://example.org/plan]
    conformity: {'1': [100], '2': [100], '3': [50], '4': [0], '5': [0]}
"""


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """A line with a typed repair before there were accounts, and decisions by tokens after it."""
    line = make_quarantine_plant(tmp_path_factory.mktemp("decisions") / "plant")
    line.repair(Selection(rows=(FIRST,)), TENTHS)
    grade_dataset(line.settings, "press_line")
    steward = make_accounts(line.settings, STEWARD)[STEWARD.name]
    decide_grade(steward, "press_line.machine", GradeChoice("", "agreed with the plant"))
    release_rows(steward, "press_line", HOT_ROWS, Signature("", None, "heat test"))
    expire_rows(steward, "press_line", Selection(rows=(WORD,)), Signature("", None, "no number"))
    answers = line.plant.root / ANSWERS_FILE
    answers.parent.mkdir(exist_ok=True)
    answers.write_text(ANSWER, "utf-8")
    assess_readiness(line.settings)
    with open_connection(steward, "steward") as con:
        con.sql("from silver.press_line").fetchall()
    line.widen(250)
    line.plant.drop("b.csv", "A,2026-03-01T07:00:00Z,20")
    run_dataset(line.settings, "press_line")
    return line


def rows(line, **chosen):
    return [
        (each.kind, each.action, each.subject, each.by, each.verified, each.reason)
        for each in reversed(list_decisions(line.settings, **chosen))
    ]


def test_each_record_of_decisions_is_in_it(line):
    name = STEWARD.name
    expected = [
        ("contract", "apply", "press_line", None, None, None),
        ("quarantine", "repair", "press_line", "li.wei", False, "the sensor sent tenths"),
        ("account", "add", ADMIN.name, "os:root", False, None),
        ("account", "add", name, ADMIN.name, True, None),
        ("grade", "confirm", "press_line.machine", name, True, "agreed with the plant"),
        ("quarantine", "release", "press_line", name, True, "heat test"),
        ("quarantine", "expire", "press_line", name, True, "no number"),
        ("readiness", "answer", "6.1", "Chen", False, "seen in the plan"),
        ("policy", "use", rows(line, kind="policy")[0][2], None, None, None),
        ("contract", "apply", "press_line", None, None, None),
    ]
    found = rows(line)
    # Accounts are recorded to the second, so only the others have an order.
    assert [row for row in found if row[0] != "account"] == [row for row in expected if row[0] != "account"]
    assert sorted(map(str, found)) == sorted(map(str, expected))


def test_it_says_what_was_decided_and_of_how_many_rows(line):
    found = {(each.kind, each.action): each for each in reversed(list_decisions(line.settings))}

    assert (found["quarantine", "release"].rows, found["quarantine", "release"].role) == (2, "steward")
    assert found["quarantine", "repair"].detail == "temp_degc = CAST(temp_degc AS DOUBLE) / '…'"
    assert found["contract", "apply"].detail == "1.0.0: suite"
    assert found["account", "add"].detail == "steward"
    assert found["readiness", "answer"].detail.endswith("(2026-03-01)")


def test_a_dataset_a_kind_and_a_time_narrow_it(line):
    assert {kind for kind, *_ in rows(line, name="press_line")} == {"contract", "quarantine", "grade"}
    assert {kind for kind, *_ in rows(line, kind="account")} == {"account"}
    assert len(rows(line, since="1h")) == len(rows(line))
    assert rows(line, since="9999-01-01") == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-03-01", datetime(2026, 2, 28, 16, tzinfo=UTC)),
        ("2026-03-01T06:00", datetime(2026, 2, 28, 22, tzinfo=UTC)),
        ("2026-03-01T06:00:00Z", datetime(2026, 3, 1, 6, tzinfo=UTC)),
        ("2d", datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_since_is_a_time_of_the_plant_or_an_age(given, expected):
    assert parse_since(given, datetime(2026, 3, 3, tzinfo=UTC), "Asia/Shanghai") == expected


@pytest.mark.parametrize(("chosen", "code"), [({"since": "yesterday"}, "history_since"), ({"kind": "read"}, "history_kind")])
def test_what_is_neither_time_nor_kind_is_refused(line, chosen, code):
    with pytest.raises(UsageError) as refused:
        list_decisions(line.settings, **chosen)
    assert refused.value.code == code


def test_the_command_shows_times_of_the_plant_and_utc_on_request(capsys, line):
    newest = list_decisions(line.settings)[0].at
    local = (newest + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S+08:00")

    assert local in run_command(capsys, line.plant.root, "history").out
    assert newest.strftime("%Y-%m-%d %H:%M:%S+00:00") in run_command(capsys, line.plant.root, "history", "--utc").out
    assert json.loads(run_command(capsys, line.plant.root, "history", "--json").out)[0]["at"] == newest.isoformat()
    assert "放行" in run_command(capsys, line.plant.root, "history", "--lang", "zh").out


def test_a_long_history_says_how_much_is_left(capsys, line):
    shown = run_command(capsys, line.plant.root, "history", "press_line", "--limit", "2").out
    assert "The newest 2 of 6 decisions" in shown
