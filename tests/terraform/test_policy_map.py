"""What Terraform takes from the product's policy file is what the product itself decides; both know all grades and actions."""

from datetime import UTC, datetime

import pytest
import yaml

from lakeward.grading.grade import Grade
from lakeward.protection.load import read_policy
from lakeward.protection.matrix import MatrixAxes, decide_all
from lakeward.protection.policy import PROTECTION_ORDER, Action
from support.terraform_tool import ROOT, Copy, needs_terraform

pytestmark = needs_terraform(provider=False)
SHIPPED = (ROOT / "expectations" / "policies" / "serving.yaml").read_text(encoding="utf-8")
PROJECT = "name: plant\ntimezone: UTC\n"
# Rules of every kind that shows something only sometimes.
SOMETIMES = """
format: 2
version: 1.0.0
ask: steward
roles: {analyst: {en: Analyst, zh: 分析}, engineer: {en: Engineer, zh: 工程}, steward: {en: Steward, zh: 管理}, guest: {en: Guest, zh: 访客}}
purposes: {repair: {en: Repair, zh: 维修}}
parties: {supplier: {en: Supplier, zh: 供应商}}
categories: {none: plain, device.vin: last}
limits:
  - {id: guests, why: w, roles: [guest], grades: ["*"], categories: [device.vin], action: mask}
rowFilters:
  - {id: rows, why: w, filter: own_line, roles: [engineer]}
rules:
  - {id: core, why: w, roles: ["*"], grades: [core], categories: ["*"], action: deny}
  - {id: in-need, why: w, roles: [analyst], grades: [important], categories: ["*"], purposes: [repair], action: clear}
  - {id: by-day, why: w, roles: [analyst], grades: [general], categories: [device.vin], hours: "08:00-18:00", action: mask}
  - {id: low, why: w, roles: [analyst], grades: [general], categories: [none], levels: [1, 2], action: clear}
  - {id: hidden, why: w, roles: [analyst], grades: [important], categories: ["*"], action: generalise}
  - {id: rest, why: w, roles: ["*"], grades: [important, general], categories: ["*"], action: clear}
"""


def mapped(copy: Copy, policy: str, project: str = PROJECT, highest: str = "core", ok: tuple[int, ...] = (0,)):
    """Outputs of the module for this policy; after a refusal what it says."""
    place = copy.root / "terraform" / "modules" / "policy"
    (place / "p.yaml").write_text(policy, encoding="utf-8")
    (place / "project.yaml").write_text(project, encoding="utf-8")
    copy.init("modules/policy", provider=False)
    variables = {"TF_VAR_policy_file": "p.yaml", "TF_VAR_project_file": "project.yaml", "TF_VAR_highest_grade": highest}
    done = copy.run("modules/policy", "apply", "-auto-approve", "-no-color", ok=ok, **variables)
    return copy.outputs("modules/policy") if done.returncode == 0 else " ".join(done.stderr.split())


def shown(policy_text: str) -> dict[tuple[str, str, str], set[Action]]:
    """Role, grade, category -> every action that the product decides for the plant's own people, by level, purpose and hour."""
    policy, problems = read_policy(policy_text, "serving.yaml", frozenset(), filters=("own_line",))
    assert problems == ()
    axes = MatrixAxes.of(policy)
    found: dict[tuple[str, str, str], set[Action]] = {}
    for hour in (3, 12):
        for cell, decision in decide_all(policy, axes, datetime(2026, 3, 2, hour, tzinfo=UTC)):
            if cell.party == "own":
                found.setdefault((cell.role, str(cell.grade), cell.category), set()).add(decision.action)
    return found


def clear(outputs) -> set[tuple[str, str, str]]:
    return {(r, g, c) for r, grades in outputs["clear"].items() for g, found in grades.items() for c in found}


def test_both_know_the_same_grades_and_actions(copy):
    outputs = mapped(copy, SHIPPED)
    assert outputs["grades"] == list(Grade)
    assert outputs["actions"] == [str(action) for action in PROTECTION_ORDER]
    assert set(PROTECTION_ORDER) == set(Action)
    policy = yaml.safe_load(SHIPPED)
    assert outputs["roles"] == sorted(policy["roles"])
    assert outputs["categories"] == sorted(policy["categories"])


def test_of_the_shipped_policy_exactly_what_the_product_shows_in_clear_is_granted(copy):
    expected = {cell for cell, actions in shown(SHIPPED).items() if actions == {Action.CLEAR}}
    assert clear(mapped(copy, SHIPPED)) == expected
    assert len(expected) > 40


def test_what_is_shown_only_sometimes_is_not_granted(copy):
    outputs = mapped(copy, SOMETIMES)
    assert clear(outputs) <= {cell for cell, actions in shown(SOMETIMES).items() if actions == {Action.CLEAR}}
    own = {"none", "device.vin"}
    assert outputs["clear"] == {
        "analyst": {"core": [], "important": [], "general": ["none"]},
        "engineer": {"core": [], "important": [], "general": []},
        "guest": {"core": [], "important": ["none"], "general": ["none"]},
        "steward": {"core": [], "important": sorted(own), "general": sorted(own)},
    }
    assert outputs["all_clear"] == {"core": [], "important": ["steward"], "general": ["steward"]}


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("policy", "project", "highest", "said"),
    [
        (
            SHIPPED.replace("action: mask", "action: blur", 1),
            PROJECT,
            "core",
            "actions that this configuration does not know: blur",
        ),
        (
            SHIPPED.replace("grades: [core]", "grades: [secret]", 1),
            PROJECT,
            "core",
            "grades that no key and no bucket is made for: secret",
        ),
        (
            SHIPPED.replace("grades: [core]", "grades: [important]", 1),
            PROJECT,
            "core",
            "No rule of the policy is for these grades: core",
        ),
        (SHIPPED, PROJECT, "important", "write `highest_grade: important`"),
        (SHIPPED, PROJECT + "highest_grade: secret\n", "core", "is secret. Expected core, important, general."),
    ],
)
def test_a_gap_between_both_is_refused_with_the_next_step(copy, policy, project, highest, said):
    assert said in mapped(copy, policy, project, highest, ok=(1,)).replace("│ ", "")


@pytest.mark.exhaustive
def test_the_highest_grade_of_the_lake_is_the_project_s(copy):
    assert mapped(copy, SHIPPED, PROJECT + "highest_grade: general\n", "important")["highest_grade"] == "general"
