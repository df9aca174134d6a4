"""The small project of important and core data that a user can make, and what `status` says of its open tasks."""

import json
import shutil

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import (
    AuthorityAnswer,
    GradeChoice,
    answer_filing,
    decide_grade,
    draft_catalogue,
    file_catalogue,
    list_catalogue,
    run_dataset,
)
from lakeward.flows.authoring.important_demo import FOLDER
from support.accounts import OTHER_STEWARD, STEWARD, make_accounts
from support.command_line import run_command, run_in_subprocess


def make_demo(root):
    root.mkdir()
    assert run_in_subprocess(root, "demo", "--important").code == 0


@pytest.fixture
def demo(tmp_path, copy_of):
    return copy_of(make_demo, tmp_path / "shared") / FOLDER


@pytest.mark.exhaustive
@pytest.mark.parametrize(("lang", "words"), [("en", "All of it is invented."), ("zh", "内容均为虚构。")])
def test_the_command_makes_a_graded_project_and_names_the_way_to_a_filing(tmp_path, lang, words):
    answer = run_in_subprocess(tmp_path, "demo", "--important", "--lang", lang)

    assert (answer.code, words in answer.out, "lakeward catalogue file" in answer.out) == (0, True, True), answer.output
    report = list_catalogue(Settings(start=tmp_path / FOLDER))
    assert {entry.dataset: (str(entry.grade), entry.rows, entry.missing) for entry in report.entries} == {
        "recipes": ("important", 100, ()),
        "plant_map": ("important", 100, ()),
        "rolling_steel": ("important", 100, ()),
        "circuit_masks": ("core", 100, ()),
    }
    again = run_in_subprocess(tmp_path, "demo", "--important", "--lang", lang)
    assert (again.code, "Traceback" in again.output) == (2, False)


def test_the_demo_goes_from_two_signatures_to_a_filing_that_growth_reopens(demo, capsys):
    settings = Settings(start=demo)
    owners = make_accounts(settings, STEWARD, OTHER_STEWARD)
    for entry in list_catalogue(settings).entries:
        for column in entry.undecided:
            for who in (STEWARD, OTHER_STEWARD):
                decide_grade(owners[who.name], f"{entry.dataset}.{column}", GradeChoice("", "per the plant's list"))
    filing = file_catalogue(owners[STEWARD.name])
    answer_filing(owners[STEWARD.name], filing.filing, AuthorityAnswer(accepted=True, ref="2026-017"))
    shutil.copy(demo / "samples" / "recipes_day2.csv", demo / "inbox" / "recipes" / "day2.csv")
    run_dataset(settings, "recipes")

    states = {entry.dataset: (str(entry.state), entry.rows, entry.filed_rows) for entry in draft_catalogue(settings).entries}
    assert states["recipes"] == ("changed", 140, 100)
    assert {state for name, (state, *_) in states.items() if name != "recipes"} == {"accepted"}
    for lang, words in (("en", "Catalogue of important data:"), ("zh", "重要数据目录：有")):
        assert words in run_command(capsys, demo, "status", "--lang", lang).out


@pytest.mark.exhaustive
def test_status_counts_the_reasons_to_grade_again_and_names_a_broken_declaration(demo, capsys):
    run_command(
        capsys, demo, "grade", "reopen", "recipes", "--trigger", "incident", "--reason", "a laptop was lost", "--by", "li.wei"
    )
    found = {row["dataset"]: row for row in json.loads(run_command(capsys, demo, "status", "--json").out)}
    assert {name: row["grade_tasks"] for name, row in found.items() if row["grade_tasks"]} == {"recipes": 1}
    assert [step["facts"]["tasks"] for step in found["recipes"]["next"] if step["code"] == "next_grade_tasks"] == [1]
    shown = run_command(capsys, demo, "status").out
    assert ("lakeward grade tasks recipes" in shown, "lakeward catalogue list" in shown) == (True, True)

    file = demo / "expectations" / "policies" / "catalogue.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("uscc:", "usc:"), encoding="utf-8")
    answer = run_command(capsys, demo, "status")
    assert (answer.code, "its declarations or the policy are not valid" in answer.out) == (0, True)
