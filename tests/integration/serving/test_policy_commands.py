"""`lakeward policy`: its tests with the matrix, explanations, and what another policy changes."""

import json

import pytest

from lakeward.core.errors import LakewardError
from lakeward.flows import (
    explain_policy,
    grade_dataset,
    ingest_dataset,
    lint_policy,
    run_policy_tests,
    show_policy_matrix,
)
from support.command_line import run_command
from support.plant import Plant, make_plant
from support.policies import POLICY_2, write_policy

PHONE = "      - {name: tel, physicalName: Tel, logicalType: string, physicalType: string}\n"


def fill(root):
    plant = make_plant(root)
    plant.contract(columns=PHONE)
    rows = [f"M1,2026-03-01T06:{n:02d}:00Z,20.5,138{7919 * (n + 1) % 10**8:08d}" for n in range(8)]
    plant.drop("a.csv", *rows, header="Machine,Time,Temp,Tel")
    ingest_dataset(plant.settings, "press_line")
    grade_dataset(plant.settings, "press_line")
    write_policy(root)


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(fill, tmp_path / "plant"))


def test_explanation_names_rule_reason_contact_and_the_purpose_that_shows_more(plant, capsys):
    found = explain_policy(plant.settings, "silver.press_line.tel", "analyst")
    assert (found.action, found.rule, found.ask, found.options) == ("mask", "masked", "data-steward", ())
    outside = explain_policy(plant.settings, "silver.press_line.tel", "analyst", party="supplier-a")
    assert (outside.action, outside.rule) == ("deny", None)
    said = run_command(capsys, plant.root, "policy", "explain", "silver.press_line.tel", "--as", "analyst")
    assert "Rule masked: People are shown in part." in said.out
    chinese = run_command(capsys, plant.root, "--lang", "zh", "policy", "explain", "silver.press_line.tel", "--as", "cdo")
    assert "请询问：data-steward" in chinese.out


def test_explanation_of_what_a_limit_narrows(plant):
    text = POLICY_2.replace("parties: [supplier-a], action: deny", "parties: ['*'], action: tokenise")
    write_policy(plant.root, text)
    found = explain_policy(plant.settings, "silver.press_line.tel", "analyst")
    assert (found.action, found.rule, found.base_rule) == ("deny", "no-numbers-outside", "masked")
    assert "neither shows less" in found.why
    write_policy(plant.root, text.replace("action: tokenise", "action: aggregate"))
    found = explain_policy(plant.settings, "silver.press_line.tel", "analyst")
    assert (found.action, found.rule, found.base_rule) == ("deny", "no-numbers-outside", "masked")


def test_explanation_says_what_an_approved_purpose_would_show(plant, capsys):
    write_policy(
        plant.root,
        POLICY_2.replace(
            "grades: [important], categories: [none], purposes",
            "grades: [important, general], categories: [personal.phone], purposes",
        ),
    )
    found = explain_policy(plant.settings, "silver.press_line.tel", "analyst")
    assert [(o.purpose, o.action, o.approvers) for o in found.options] == [("failure-analysis", "clear", ("cdo", "steward"))]
    said = run_command(capsys, plant.root, "policy", "explain", "silver.press_line.tel", "--as", "analyst")
    assert "lakeward purpose request failure-analysis" in said.out


@pytest.mark.parametrize(
    ("column", "more", "code"),
    [
        ("silver.press_line.te", {}, "column_not_found"),
        ("tel", {}, "column_not_found"),
        ("silver.press_line.tel", {"role": "analist"}, "role_unknown"),
        ("silver.press_line.tel", {"purpose": "quality"}, "purpose_unknown"),
        ("silver.press_line.tel", {"party": "supplier"}, "party_unknown"),
    ],
)
def test_explanation_of_what_does_not_exist_is_refused(plant, column, more, code):
    with pytest.raises(LakewardError) as error:
        explain_policy(plant.settings, column, **{"role": "analyst", **more})
    assert error.value.code == code


def test_aggregate_only_is_denied_and_says_what_will_answer(plant):
    write_policy(
        plant.root,
        POLICY_2.replace(
            "categories: [personal.name, personal.phone], action: mask", "categories: [personal.phone], action: aggregate"
        ),
    )
    found = explain_policy(plant.settings, "silver.press_line.tel", "analyst")
    assert (found.action, found.rule) == ("deny", "masked")
    assert "the policy allows only released groups" in found.why


def test_a_purpose_that_shows_aggregates_alone_is_not_offered(plant):
    offer = "{id: failures, why: w, roles: [analyst], grades: [important, general], categories: [none], purposes: [failure-analysis], action: "
    text = POLICY_2.partition("rules:")[0] + "rules:\n  - " + offer
    for action, options in [("clear}", ["failure-analysis"]), ("aggregate}", [])]:
        write_policy(plant.root, text + action + "\n")
        found = explain_policy(plant.settings, "silver.press_line.temp_degc", "analyst")
        assert (found.action, [option.purpose for option in found.options]) == ("deny", options)


def test_tests_end_with_1_where_the_matrix_breaks(plant, capsys):
    assert run_command(capsys, plant.root, "policy", "test").code == 0
    write_policy(
        plant.root,
        POLICY_2.replace(
            "grades: [general], categories: [none], parties", "grades: [general], levels: [4], categories: [none], parties"
        ),
    )
    failed = run_command(capsys, plant.root, "policy", "test")
    assert failed.code == 1
    assert "general 4 is shown more than general 3" in failed.out
    assert all(not trial.passed for trial in run_policy_tests(plant.settings))


def test_a_projects_own_tests_name_purpose_party_level_and_time(plant):
    cases = """\
tests:
  - {name: a study, role: analyst, column: silver.press_line.temp_degc, grade: important, purpose: failure-analysis, expect: clear, rule: failures}
  - {name: a supplier, role: analyst, column: silver.press_line.tel, grade: general, level: 3, category: personal.phone, party: supplier-a, expect: deny}
  - {name: later, role: analyst, column: silver.press_line.temp_degc, grade: important, at: "2027-05-01T00:00:00+08:00", expect: generalise}
"""
    (plant.root / "expectations/policies/serving.tests.yaml").write_text(cases, encoding="utf-8")
    assert [(trial.test, trial.passed) for trial in run_policy_tests(plant.settings)] == [
        ("a study", True),
        ("a supplier", True),
        ("later", True),
    ]
    slips = cases.replace("failure-analysis", "failure").replace("level: 3", "level: 5").replace("+08:00", "")
    (plant.root / "expectations/policies/serving.tests.yaml").write_text(slips, encoding="utf-8")
    assert [notice.code for notice in lint_policy(plant.settings)] == ["policy_unknown_name", "contract_value", "contract_value"]


def test_matrix_is_shown_to_people_and_programs(plant, capsys):
    rows = show_policy_matrix(plant.settings)
    masked = [row for row in rows if (row.role, row.category) == ("engineer", "personal.phone")]
    assert [(row.purposes, row.parties, row.core, row.general_2) for row in masked] == [
        (("none", "process-quality", "failure-analysis"), ("own",), "deny", "mask"),
        (("none", "process-quality", "failure-analysis"), ("supplier-a",), "deny", "deny"),
    ]
    assert json.loads(run_command(capsys, plant.root, "policy", "test", "--matrix", "--json").out)[0]["role"] == "analyst"
    assert "general 4" in run_command(capsys, plant.root, "policy", "test", "--matrix").out


def test_diff_of_two_files_and_of_one_with_the_project(plant, capsys, tmp_path):
    old = tmp_path / "old.yaml"
    old.write_text(POLICY_2.replace("action: generalise", "columns: [silver.gone.cost], action: generalise"), encoding="utf-8")
    found = json.loads(run_command(capsys, plant.root, "policy", "diff", str(old), "--json").out)
    assert {(row["kind"], row["column"], row["after"]) for row in found} == {("gains", "*", "generalise")}
    same = run_command(capsys, plant.root, "policy", "diff", str(old), str(old))
    assert same.code == 3  # a new policy may name only columns that exist
    assert "silver.gone.cost" in same.err
    missing = run_command(capsys, plant.root, "policy", "diff", str(tmp_path / "none.yaml"))
    assert (missing.code, "expectations/policies/serving.yaml" in missing.err) == (2, True)
