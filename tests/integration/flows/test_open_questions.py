"""Questions that wait for a person: the answer is one decision of an account, whichever program put the question."""

import json
from dataclasses import replace

import pytest

from lakeward.core.errors import LakewardError
from lakeward.flows import (
    GradeChoice,
    Signature,
    answer_question,
    decide_grade,
    grade_dataset,
    list_decisions,
    list_tables,
    open_questions,
    release_batch,
)
from support.accounts import ANALYST, OTHER_STEWARD, STEWARD, make_accounts
from support.plant import csv_line, ingest, make_plant

HALT = {
    "name": "press_line",
    "expectations": [
        {
            "type": "expect_column_max_to_be_between",
            "kwargs": {"column": "temp_degc", "max_value": 100},
            "meta": {"lakeward": {"id": "not_so_hot", "severity": "halt"}},
        }
    ],
}


@pytest.fixture
def plant(tmp_path):
    """A project whose first batch is halted."""
    plant = make_plant(tmp_path / "plant")
    plant.suite(HALT)
    plant.drop("a.csv", csv_line("M1", 0, 777.25), csv_line("M2", 1, 20.5))
    ingest(plant.root)
    return plant


@pytest.fixture
def approver(plant):
    """`approver(user)`: the settings of a decision of this user of Airflow."""
    make_accounts(plant.settings, STEWARD, OTHER_STEWARD, ANALYST)
    known = {"fang": "wang.fang", "jie": "chen.jie", "wei": "li.wei", "ghost": "no.body"}
    return lambda user: replace(plant.settings, approvers=known, approver=user)


def test_a_halted_batch_is_a_question_without_values(plant):
    [question] = [each for each in open_questions(plant.settings) if each.kind == "release"]
    assert (question.dataset, question.subject, question.text.facts["rules"]) == ("press_line", "1", "not_so_hot")
    assert "777" not in json.dumps(question.as_dict(), default=str)


def test_the_same_question_has_the_same_id(plant):
    first = [each.id for each in open_questions(plant.settings)]
    ingest(plant.root)
    assert [each.id for each in open_questions(plant.settings)] == first


def test_an_answer_releases_the_batch_once_and_is_in_the_history(plant, approver):
    [question] = open_questions(plant.settings)
    answer_question(approver("fang"), question.id, "presses were hot")
    assert {str(t.table): t.rows for t in list_tables(plant.settings)}["silver.press_line"] == 2
    with pytest.raises(LakewardError) as again:
        answer_question(approver("jie"), question.id, "me too")
    assert again.value.code == "question_closed"
    [decision] = list_decisions(plant.settings, kind="quarantine")
    assert (decision.by, decision.role, decision.reason, decision.verified) == ("wang.fang", "steward", "presses were hot", True)


@pytest.mark.exhaustive
def test_a_decision_at_another_door_closes_the_question(plant, approver):
    [question] = open_questions(plant.settings)
    release_batch(approver("fang"), "press_line", 1, Signature(by="", role="steward", reason="seen"))
    with pytest.raises(LakewardError) as late:
        answer_question(approver("jie"), question.id, "seen too")
    assert late.value.code == "question_closed"
    assert len(list_decisions(plant.settings, kind="quarantine")) == 1


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("user", "reason", "code"),
    [
        ("stranger", "because", "approver_unmapped"),
        ("ghost", "because", "approver_account"),
        ("wei", "because", "account_role"),
        ("fang", "  ", "quarantine_unsigned"),
    ],
)
def test_who_may_not_decide_decides_nothing(plant, approver, user, reason, code):
    [question] = open_questions(plant.settings)
    with pytest.raises(LakewardError) as refused:
        answer_question(approver(user), question.id, reason)
    assert refused.value.code == code
    assert list_decisions(plant.settings, kind="quarantine") == []
    assert [each.id for each in open_questions(plant.settings)] == [question.id]


def test_a_token_of_the_environment_signs_nothing_for_another(plant):
    owners = make_accounts(plant.settings, STEWARD)
    with_token = replace(owners["wang.fang"], approvers={}, approver="stranger")
    [question] = open_questions(plant.settings)
    with pytest.raises(LakewardError) as refused:
        answer_question(with_token, question.id, "because")
    assert refused.value.code == "approver_unmapped"


@pytest.mark.exhaustive
def test_a_proposed_grade_is_a_question_until_it_is_confirmed(plant, approver):
    answer_question(approver("fang"), open_questions(plant.settings)[0].id, "presses were hot")
    grade_dataset(plant.settings, "press_line")
    asked = {each.subject: each for each in open_questions(plant.settings)}
    assert set(asked) == {"machine", "ts", "temp_degc"}
    answer_question(approver("fang"), asked["ts"].id, "a time")
    assert {each.subject for each in open_questions(plant.settings)} == {"machine", "temp_degc"}
    [decision] = list_decisions(plant.settings, kind="grade")
    assert (decision.subject, decision.by, decision.reason) == ("press_line.ts", "wang.fang", "a time")
    decide_grade(approver("jie"), "press_line.machine", GradeChoice(by="", reason="a name", grade="general", level=4))
    with pytest.raises(LakewardError) as late:
        answer_question(approver("fang"), asked["machine"].id, "a name")
    assert late.value.code == "question_closed"
