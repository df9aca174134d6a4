"""A token proves who decides; the account's role says whether it may, on every way in."""

from pathlib import Path

import pytest

from lakeward.core.errors import ProtectionError
from lakeward.core.settings import Settings
from lakeward.flows import (
    GradeChoice,
    IncidentDraft,
    Repair,
    Selection,
    Signature,
    approve_grade,
    decide_grade,
    open_incident,
    preview_decision,
    release_rows,
    reopen_grading,
    repair_rows,
    replay_rows,
)
from support.accounts import ANALYST, make_accounts
from support.graded_plant import make_graded_plant
from support.plant import Plant

CHOICE = GradeChoice("", "a reason", grade="general", level=2)
SIGNED = Signature(by="", reason="a reason")
DECISIONS = {
    "confirm": lambda s: decide_grade(s, "press_line.tel", CHOICE),
    "approve": lambda s: approve_grade(s, "press_line.tel", CHOICE),
    "preview": lambda s: preview_decision(s, "press_line.tel", CHOICE),
    "reopen": lambda s: reopen_grading(s, "press_line", "incident", "a reason"),
    "repair": lambda s: repair_rows(s, "press_line", Selection(where="true"), Repair(texts={"temp_degc": "1"}), SIGNED),
    "replay": lambda s: replay_rows(s, "press_line", Selection(), SIGNED),
    "release": lambda s: release_rows(s, "press_line", Selection(where="true"), SIGNED),
    "incident": lambda s: open_incident(
        s, IncidentDraft(title="a list was sent", columns=("silver.press_line.tel",), since="2026-03-01")
    ),
}


@pytest.fixture
def analyst(copy_of, tmp_path: Path) -> Settings:
    plant = Plant(copy_of(make_graded_plant, tmp_path / "plant"))
    return make_accounts(plant.settings, ANALYST)[ANALYST.name]


@pytest.mark.parametrize("decision", DECISIONS)
def test_an_account_without_the_role_decides_nothing(analyst: Settings, decision: str) -> None:
    with pytest.raises(ProtectionError) as refused:
        DECISIONS[decision](analyst)
    assert refused.value.code == "decision_role"
    assert "analyst" in str(refused.value)
    assert "steward" in str(refused.value)
