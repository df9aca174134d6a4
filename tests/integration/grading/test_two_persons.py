"""A grade falls by two persons: once there are accounts, by two tokens of two people, each given on its own."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lakeward.core.clock import SystemClock
from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import (
    GradeChoice,
    NewAccount,
    add_account,
    approve_grade,
    decide_grade,
    grade_dataset,
    ingest_dataset,
    revoke_account,
    rotate_token,
)
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.grading.approvals import APPROVAL_DAYS
from support.accounts import ADMIN, OTHER_STEWARD, STEWARD, make_accounts, with_token
from support.command_line import run_command
from support.plant import Plant, make_plant

PHONE = "      - {name: tel, physicalName: Tel, logicalType: string, physicalType: string}\n"
# The same person under another account, as a tired admin may write her.
TWIN = NewAccount(name="fang.wang2", person="wang FANG", roles=("steward",))
LOWER = GradeChoice("", "training data", grade="general", level=1, category="none")


def fill(root: Path) -> None:
    plant = make_plant(root)
    plant.contract(columns=PHONE)
    rows = [f"M1,2026-03-01T06:{n:02d}:00Z,20.5,138{7919 * (n + 1) % 10**8:08d}" for n in range(8)]
    plant.drop("a.csv", *rows, header="Machine,Time,Temp,Tel")
    ingest_dataset(plant.settings, "press_line")
    grade_dataset(plant.settings, "press_line")


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(fill, tmp_path / "plant"))


@pytest.fixture
def owners(plant: Plant) -> dict[str, Settings]:
    return make_accounts(plant.settings, STEWARD, OTHER_STEWARD, TWIN)


def lower(settings: Settings, **more: str) -> str:
    """The grade afterwards, or the code of why it is refused."""
    try:
        found = decide_grade(settings, "press_line.tel", replace(LOWER, **more)).grade
    except LakewardError as error:
        return error.code
    return f"{found.grade} {found.level} {found.category}"


def approve(settings: Settings, **more: str) -> str:
    try:
        return approve_grade(settings, "press_line.tel", replace(LOWER, **more)).wanted
    except LakewardError as error:
        return error.code


def decisions(plant: Plant) -> list[tuple[object, ...]]:
    with open_workspace(plant.settings).engine() as engine:
        rows = governance.read_rows(engine, "grade_decisions", order="seq")
    return [(row["decided_by"], row["approved_by"], row["verified"]) for row in rows]


def test_two_tokens_of_two_people_lower_a_grade(plant: Plant, owners: dict[str, Settings]) -> None:
    assert lower(owners[STEWARD.name]) == "grade_approval_missing"
    assert approve(owners[OTHER_STEWARD.name]) == "general 1"
    assert lower(owners[STEWARD.name]) == "general 1 None"
    assert decisions(plant) == [(STEWARD.name, OTHER_STEWARD.name, True)]


def test_names_that_are_typed_sign_nothing_that_takes_two(plant: Plant, owners: dict[str, Settings]) -> None:
    assert lower(plant.settings, by="wang.fang", approved_by="chen.jie") == "grade_lower_unverified"
    assert approve(plant.settings, by="chen.jie") == "grade_approval_token"
    assert lower(owners[STEWARD.name], approved_by="chen.jie") == "grade_approval_missing"
    approve(owners[OTHER_STEWARD.name])
    assert lower(plant.settings, by="wang.fang", approved_by="chen.jie") == "grade_lower_unverified"
    assert lower(owners[STEWARD.name], by="chen.jie") == "account_name_other"
    assert lower(owners[STEWARD.name], approved_by="zhou.min") == "grade_approval_missing"
    assert decisions(plant) == []


@pytest.mark.exhaustive
def test_one_person_is_one_however_many_accounts(plant: Plant, owners: dict[str, Settings]) -> None:
    approve(owners[STEWARD.name])
    assert lower(owners[STEWARD.name]) == "grade_approval_own"
    approve(owners[TWIN.name])
    assert lower(owners[STEWARD.name]) == "grade_approval_own"
    assert lower(owners[TWIN.name]) == "grade_approval_own"
    assert lower(owners[OTHER_STEWARD.name]) == "general 1 None"
    assert decisions(plant) == [(OTHER_STEWARD.name, TWIN.name, True)]


def test_a_token_that_changed_hands_in_the_register_is_still_one_account(plant: Plant, owners: dict[str, Settings]) -> None:
    approve(owners[STEWARD.name])
    new = rotate_token(owners[ADMIN.name], STEWARD.name)
    assert lower(with_token(plant.settings, new.token)) == "grade_approval_own"
    assert lower(owners[STEWARD.name]) == "account_token_invalid"


def test_an_approval_is_of_exactly_this_and_counts_once(plant: Plant, owners: dict[str, Settings]) -> None:
    second, first = owners[OTHER_STEWARD.name], owners[STEWARD.name]
    for more in ({"level": 2}, {"category": "personal.name"}):
        assert approve(second, **more).startswith("general")
    assert lower(first) == "grade_approval_missing"

    approve(second)
    assert lower(first, transform="hashed") == "transform_unknown"
    assert lower(first) == "general 1 None"
    raised = decide_grade(first, "press_line.tel", GradeChoice("", "no", grade="general", level=3, category="personal.phone"))
    assert raised.grade.level == 3
    assert lower(first) == "grade_approval_missing"


def test_an_approval_of_a_revoked_account_counts_for_nothing(plant: Plant, owners: dict[str, Settings]) -> None:
    approve(owners[OTHER_STEWARD.name])
    revoke_account(owners[ADMIN.name], OTHER_STEWARD.name)
    assert lower(owners[STEWARD.name]) == "grade_approval_own"


def test_an_approval_waits_a_week(plant: Plant, owners: dict[str, Settings]) -> None:
    from lakeward.flows.base.identity import identify
    from lakeward.flows.grading.approvals import _matching
    from lakeward.flows.grading.choices import find_column, make_decision
    from lakeward.flows.grading.records import read_grade_record

    class Later(SystemClock):
        days = APPROVAL_DAYS

        def now(self):
            return super().now() + timedelta(days=self.days, seconds=-1 if self.days < APPROVAL_DAYS else 0)

    approve(owners[OTHER_STEWARD.name])
    workspace = replace(open_workspace(owners[STEWARD.name]), clock=Later())
    contract, column = find_column(workspace, "press_line.tel")
    with workspace.engine() as engine:
        record = read_grade_record(engine, "press_line")
        decision = make_decision(record, contract, column, LOWER, identify(workspace))
        assert _matching(workspace, engine, contract, decision) == []
        workspace.clock.days = APPROVAL_DAYS - 1
        assert len(_matching(workspace, engine, contract, decision)) == 1


def test_what_takes_one_person_goes_on_by_one_and_says_whether_it_is_proven(plant: Plant, owners: dict[str, Settings]) -> None:
    assert approve(owners[STEWARD.name], grade="important", level=None, category=None) == "grade_approval_needless"
    decide_grade(owners[STEWARD.name], "press_line.tel", GradeChoice("Wang Fang", "looked"))
    decide_grade(plant.settings, "press_line.tel", GradeChoice("li", "higher", grade="general", level=4, approved_by="chen.jie"))
    assert decisions(plant) == [(STEWARD.name, None, True), ("li", None, False)]


def test_without_accounts_no_names_lower_a_grade_and_the_first_account_is_named(plant: Plant) -> None:
    for other in (None, "wang", "Wang ", " WANG", "w\u0430ng", "wa ng", "li"):
        assert lower(plant.settings, by="wang", approved_by=other) == "grade_lower_no_accounts"
    assert approve(plant.settings, by="li") == "grade_approval_token"
    assert decisions(plant) == []


def state(settings: Settings, **more: str) -> tuple[str, str | None, str]:
    grade = decide_grade(settings, "press_line.tel", GradeChoice("", "recipe", **more)).grade
    return grade.state, grade.grade, grade.why


WAITING = ("provisional", "important", "grade_signature_missing")
SIGNED = ("confirmed", "important", "grade_confirmed")


def test_a_raise_to_important_is_in_force_at_once_and_another_account_signs_it(plant: Plant, owners: dict[str, Settings]) -> None:
    assert state(owners[STEWARD.name], grade="important") == WAITING
    assert state(owners[OTHER_STEWARD.name]) == SIGNED
    assert decisions(plant)[-1] == (OTHER_STEWARD.name, STEWARD.name, True)
    assert state(owners[STEWARD.name]) == WAITING


@pytest.mark.sampled(1)
@pytest.mark.parametrize("again", [STEWARD.name, TWIN.name])
def test_the_same_person_does_not_sign_twice_and_is_told_so(plant: Plant, owners, again: str, capsys, monkeypatch) -> None:
    assert state(owners[STEWARD.name], grade="important") == WAITING
    before = decisions(plant)
    monkeypatch.setenv("LAKEWARD_TOKEN", owners[again].token)
    for words in (["confirm", "press_line.tel"], ["override", "press_line.tel", "--grade", "important"]):
        answer = run_command(capsys, plant.root, "grade", *words, "--reason", "again")
        assert (answer.code, "is signed already by" in answer.err, "Next: another person" in answer.err) == (3, True, True)
    assert decisions(plant) == before
    assert state(owners[OTHER_STEWARD.name]) == SIGNED


def test_a_second_signature_is_of_the_same_grade_and_of_an_account_in_force(plant: Plant, owners: dict[str, Settings]) -> None:
    assert state(owners[STEWARD.name], grade="important") == WAITING
    assert state(owners[OTHER_STEWARD.name], grade="core") == ("provisional", "core", "grade_signature_missing")
    revoke_account(owners[ADMIN.name], OTHER_STEWARD.name)
    assert state(owners[STEWARD.name]) == ("provisional", "core", "grade_signature_missing")


def test_a_typed_name_signs_no_important_data(plant: Plant) -> None:
    for by in ("wang", "li"):
        grade = decide_grade(plant.settings, "press_line.tel", GradeChoice(by, "recipe", grade="important")).grade
        assert (grade.state, grade.grade, grade.why) == WAITING


def test_accounts_that_look_alike_are_two_people_where_their_persons_are(plant: Plant) -> None:
    one = NewAccount(name="li.wei", person="李伟 10023", roles=("steward",))
    two = NewAccount(name="liwei", person="李薇 10077", roles=("steward",))
    owners = make_accounts(plant.settings, one, two)
    approve(owners["liwei"])
    assert lower(owners["li.wei"]) == "general 1 None"


def test_the_refusal_names_the_command_of_the_second_person_and_it_works(plant: Plant, owners, capsys, monkeypatch) -> None:
    words = ["grade", "override", "press_line.tel", "--grade", "general", "--level", "1", "--category", "none", "--reason", "x"]
    monkeypatch.setenv("LAKEWARD_TOKEN", owners[STEWARD.name].token)
    refused = run_command(capsys, plant.root, *words)
    command = refused.err.partition("lakeward ")[2].partition(" --reason")[0]
    assert (refused.code, command) == (3, "grade approve press_line.tel --grade general --level 1 --category none")

    monkeypatch.setenv("LAKEWARD_TOKEN", owners[OTHER_STEWARD.name].token)
    approved = run_command(capsys, plant.root, *command.split(), "--reason", "agreed", "--lang", "zh")
    assert (approved.code, OTHER_STEWARD.name in approved.out) == (0, True)
    monkeypatch.setenv("LAKEWARD_TOKEN", owners[STEWARD.name].token)
    done = run_command(capsys, plant.root, *words)
    assert (done.code, f"decided by {STEWARD.name}" in done.out) == (0, True)


def test_an_account_can_not_be_made_by_who_only_decides(plant: Plant, owners: dict[str, Settings]) -> None:
    with pytest.raises(LakewardError, match="role 'admin'"):
        add_account(owners[STEWARD.name], replace(TWIN, name="sock.puppet", person="Sock Puppet"))
