"""The policy denies what it does not name, and names a mistake with its place."""

from datetime import UTC, datetime
from importlib import resources

import pytest

from lakeward.core.messages import Lang
from lakeward.core.names import TableName
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.protection.load import read_policy
from lakeward.protection.policy import Action
from lakeward.protection.read_request import ReadRequest

FILE = "expectations/policies/serving.yaml"
SHIPPED = (resources.files("lakeward") / FILE).read_text(encoding="utf-8")
NOW = datetime(2026, 11, 30, 6, tzinfo=UTC)
TABLE = TableName.parse("silver.orders")
COLUMNS = frozenset({"silver.orders.phone", "silver.orders.cost"})
SMALL = """\
version: 1.0.0
ask: steward
roles:
  analyst: {en: Analyst, zh: 分析师}
  steward: {en: Steward, zh: 管理员}
categories: {none: plain, personal.phone: phone}
rules:
  - {id: phones, why: because, roles: [analyst], grades: [general], categories: [personal.phone], action: mask}
  - {id: open, why: because, roles: ["*"], grades: [general], categories: [none], action: clear}
"""


def column_grade(grade, category=None, state=GradeState.PROVISIONAL):
    return ColumnGrade(
        grade=grade,
        level=None,
        category=category,
        state=state,
        detector=None,
        ratio=None,
        sample=None,
        rule_version="1",
        catalogue="test",
        why="-",
    )


def decide(by, role, column, grade, **reader):
    return by.decide(ReadRequest(role=role, **{"at": NOW, **reader}), TABLE, column, grade)


def policy(text=SMALL):
    read, problems = read_policy(text, FILE, COLUMNS)
    assert problems == ()
    return read


def problem(text):
    _, problems = read_policy(text, FILE, COLUMNS)
    assert len(problems) == 1
    return problems[0]


@pytest.mark.parametrize(
    ("grade", "why"),
    [
        (None, "serving_ungraded"),
        (column_grade(None, state=GradeState.UNGRADED), "serving_ungraded"),
        (column_grade(Grade.GENERAL, state=GradeState.UNGRADED), "serving_ungraded"),
        (column_grade(Grade.GENERAL, state=GradeState.STALE), "serving_stale"),
        (column_grade(Grade.GENERAL, "personal.iris"), "serving_category_unknown"),
        (column_grade(Grade.CORE), "serving_no_rule"),
    ],
)
def test_what_is_not_known_or_not_named_is_denied(grade, why):
    decision = decide(policy(), "steward", "phone", grade)
    assert (decision.action, decision.rule, decision.why) == (Action.DENY, None, why)


def test_a_role_that_no_rule_names_is_denied():
    assert decide(policy(), "steward", "phone", column_grade(Grade.GENERAL, "personal.phone")).action is Action.DENY
    assert decide(policy(), "stranger", "cost", column_grade(Grade.GENERAL)).action is Action.DENY


def test_the_first_rule_that_fits_decides():
    column = "  - {id: cost, why: w, roles: [analyst], grades: [general], categories: [none], columns: [silver.orders.cost], action: deny}\n"
    exception = policy(SMALL.replace("rules:\n", "rules:\n" + column))
    assert decide(exception, "analyst", "cost", column_grade(Grade.GENERAL)).rule == "cost"
    assert decide(exception, "analyst", "other", column_grade(Grade.GENERAL)).rule == "open"


@pytest.mark.parametrize(
    ("found", "replacement", "kind", "close", "line"),
    [
        ("roles: [analyst]", "roles: [analist]", "role", "analyst", 8),
        ("grades: [general], categories: [p", "grades: [genral], categories: [p", "grade", "general", 8),
        ("[personal.phone]", "[personal.phon]", "category", "personal.phone", 8),
        ("action: mask", "action: masc", "action", "mask", 8),
        ("action: mask", "columns: [silver.orders.phonee], action: mask", "column", "silver.orders.phone", 8),
    ],
)
def test_unknown_name_is_refused_with_its_line_and_what_it_may_have_meant(found, replacement, kind, close, line):
    error = problem(SMALL.replace(found, replacement))
    assert (error.code, error.facts["kind"], error.facts["line"]) == ("policy_unknown_name", kind, line)
    assert close in error.render(Lang.EN)
    assert f"{FILE}:{line}" in error.render(Lang.ZH)


@pytest.mark.parametrize(
    ("found", "replacement", "code"),
    [
        ("action: mask}", "action: mask, purpose: x}", "contract_unknown_key"),
        ("{none: plain, ", "{none: blurred, ", "contract_value"),
        ("id: open", "id: phones", "policy_rule_twice"),
        ('["*"]', "[]", "contract_value"),
        ("action: mask", "action: mask, action: clear", "contract_duplicate_key"),
        ("ask: steward\n", "", "contract_missing"),
    ],
)
def test_mistake_is_refused(found, replacement, code):
    _, problems = read_policy(SMALL.replace(found, replacement), FILE, COLUMNS)
    assert code in {problem.code for problem in problems}


def test_rule_that_earlier_ones_leave_nothing_to_is_refused():
    late = SMALL + "  - {id: late, why: w, roles: [analyst], grades: [general], categories: [none], action: deny}\n"
    assert problem(late).code == "policy_rule_unreached"


def test_shipped_policy_is_sound_and_shows_core_data_to_nobody():
    shipped = policy(SHIPPED)
    seen = [
        decide(shipped, role, "cost", column_grade(Grade.CORE, c)).action for role in shipped.roles for c in shipped.categories
    ]
    assert set(seen) == {Action.DENY}
    assert len(seen) > 20
