"""A new project has all that a first day needs: a sample to draft from, policies with comments that are valid, and a .gitignore."""

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import (
    assess_readiness,
    check_machine,
    create_project,
    draft_dataset,
    lint_contracts,
    lint_policy,
    run_dataset,
    run_policy_tests,
    show_scores,
)
from lakeward.flows.authoring.project_files import SAMPLE_FILE
from support.command_line import run_command

TEST = """\
  - {name: An analyst sees a part of a phone number, role: analyst, column: silver.press_line.operator_phone,
     grade: general, category: personal.phone, expect: mask, value: "19900001234", shown: "199***1234"}
"""


@pytest.fixture
def root(tmp_path):
    return create_project(tmp_path / "plant")


def test_every_file_that_it_begins_with_is_valid(root):
    settings = Settings(start=root)
    assert (lint_contracts(settings), lint_policy(settings), run_policy_tests(settings)) == ([], [], [])
    assert show_scores(settings).whole is None
    assert assess_readiness(settings).as_dict()["measured"] == 0


def test_its_sample_is_drafted_and_run_and_the_example_of_a_test_passes(root):
    settings = Settings(start=root)
    draft_dataset(settings, "press_line", root / SAMPLE_FILE)
    report = run_dataset(settings, "press_line")
    assert (report.counts.rows_in, report.counts.silver, report.failed) == (96, 96, ())

    tests = root / "expectations" / "policies" / "serving.tests.yaml"
    text = tests.read_text("utf-8")
    example = "".join(line.removeprefix("# ") + "\n" for line in text.splitlines() if "name:" in line or "#      grade" in line)
    assert example.split() == TEST.split()
    tests.write_text(text.replace("tests: []", "tests:\n" + TEST), "utf-8")
    assert [trial.passed for trial in run_policy_tests(settings)] == [True]


def test_what_is_private_or_can_be_made_again_is_not_committed(root):
    assert (root / ".gitignore").read_text().split() == ["/lake/", "/inbox/", "/scorecard/", "/.airflow/", "/.lakeward/"]


def test_doctor_names_the_packages_of_analysts(root):
    found = {check.check: check.needed for check in check_machine(Settings(start=root))}
    assert {name: found[f"{name} (extra analyst)"] for name in ("pandas", "polars", "pyarrow")} == dict.fromkeys(
        ("pandas", "polars", "pyarrow"), False
    )


def test_init_says_how_to_go_on_in_both_languages(capsys, tmp_path):
    english = run_command(capsys, tmp_path, "init", str(tmp_path / "one")).out
    chinese = run_command(capsys, tmp_path, "init", str(tmp_path / "two"), "--lang", "zh").out

    assert f"lakeward new press_line --from {SAMPLE_FILE}" in english
    assert f"lakeward new press_line --from {SAMPLE_FILE}" in chinese
