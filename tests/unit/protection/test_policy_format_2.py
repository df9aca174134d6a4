"""Format 2: the first rule decides, limits narrow it, and purposes, parties, levels and times say whom a rule is for."""

from datetime import UTC, datetime

import pytest

from lakeward.core.names import TableName
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.protection.load import read_policy
from lakeward.protection.policy import PROTECTION_ORDER, UNLIKE_ACTIONS, Action
from lakeward.protection.read_request import ReadRequest

FILE = "expectations/policies/serving.yaml"
TABLE = TableName.parse("silver.orders")
COLUMNS = frozenset({"silver.orders.phone", "silver.orders.cost"})
NOON = datetime(2026, 11, 30, 4, tzinfo=UTC)  # in Shanghai
HEAD = """\
format: 2
version: 1.0.0
ask: steward
roles:
  analyst: {en: Analyst, zh: 分析师}
  partner: {en: Partner, zh: 合作方}
  steward: {en: Steward, zh: 管理员}
purposes:
  quality: {en: Process quality, zh: 工艺质量}
  recall: {en: Recall, zh: 召回, approval: [steward], days: 14}
parties:
  supplier-a: {en: Supplier A, zh: 供应商甲}
categories: {none: plain, personal.phone: phone}
"""
RULE = "{{id: {id}, why: because, roles: ['*'], grades: ['*'], categories: ['*'], {more}}}\n"


def rule(name, more):
    return "  - " + RULE.format(id=name, more=more)


def text(*rules, limits=()):
    return HEAD + ("limits:\n" + "".join(limits) if limits else "") + "rules:\n" + "".join(rules)


def policy(*rules, limits=()):
    read, problems = read_policy(text(*rules, limits=limits), FILE, COLUMNS, "Asia/Shanghai")
    assert [problem.code for problem in problems] == []
    return read


def problems_of(*rules, limits=(), replaced=("", "")):
    return read_policy(text(*rules, limits=limits).replace(*replaced), FILE, COLUMNS, "Asia/Shanghai")[1]


def column_grade(grade=Grade.GENERAL, level=None, category=None):
    return ColumnGrade(
        grade=grade,
        level=level,
        category=category,
        state=GradeState.CONFIRMED,
        detector=None,
        ratio=None,
        sample=None,
        rule_version="1",
        catalogue="test",
        why="-",
    )


def answer(by, grade=None, *, role="analyst", column="cost", **reader):
    decision = by.decide(ReadRequest(role=role, **{"at": NOON, **reader}), TABLE, column, grade or column_grade())
    return decision.action, decision.rule, decision.base_rule


OPEN = rule("open", "action: clear")


@pytest.mark.parametrize("limit", PROTECTION_ORDER)
@pytest.mark.parametrize("action", PROTECTION_ORDER)
def test_a_limit_lets_a_rule_show_less_and_never_more(action, limit):
    found = answer(policy(rule("base", f"action: {action}"), limits=[rule("top", f"action: {limit}")]))
    if action != limit and {action, limit} <= UNLIKE_ACTIONS:
        assert found[0] is Action.DENY
    elif PROTECTION_ORDER.index(limit) > PROTECTION_ORDER.index(action):
        assert found == (limit, "top", "base")
    else:
        assert found == (action, "base", None)


def test_the_strictest_of_several_limits_counts():
    limits = [rule("mask", "action: mask"), rule("cube", "action: aggregate"), rule("bands", "action: generalise")]
    assert answer(policy(OPEN, limits=limits)) == (Action.AGGREGATE, "cube", "open")
    assert answer(policy(OPEN, limits=limits[::2])) == (Action.DENY, "mask", "open")


def test_a_limit_grants_nothing():
    found = policy(rule("other", "purposes: [quality], action: clear"), limits=[rule("top", "action: clear")])
    assert answer(found) == (Action.DENY, None, None)


def test_a_rule_is_for_its_purposes():
    by = policy(rule("study", "purposes: [quality], action: clear"), rule("bare", "purposes: [none], action: mask"))
    assert answer(by, purpose="quality") == (Action.CLEAR, "study", None)
    assert answer(by) == (Action.MASK, "bare", None)
    assert answer(by, purpose="recall") == (Action.DENY, None, None)
    assert answer(policy(OPEN), purpose="recall") == (Action.CLEAR, "open", None)


def test_what_names_no_party_grants_to_own_people_and_denies_to_everyone():
    by = policy(
        rule("secret", "columns: [silver.orders.cost], action: deny"),
        rule("shared", "parties: [supplier-a], action: clear"),
        OPEN,
        limits=[rule("top", "purposes: [recall], action: mask")],
    )
    assert answer(by, party="supplier-a") == (Action.DENY, "secret", None)
    assert answer(by, party="supplier-a", column="phone") == (Action.CLEAR, "shared", None)
    assert answer(by, party="supplier-a", column="phone", purpose="recall") == (Action.MASK, "top", "shared")
    assert answer(by, column="phone") == (Action.CLEAR, "open", None)
    assert answer(by, party="supplier-b", column="phone") == (Action.DENY, None, None)
    assert answer(policy(rule("all", "parties: ['*'], action: clear")), party="supplier-a")[0] is Action.CLEAR


def test_levels_are_of_general_data_and_an_unknown_one_counts_as_the_highest():
    by = policy(rule("high", "levels: [4, 3], action: mask"), OPEN)
    found = [answer(by, column_grade(level=level))[0] for level in (4, 3, 2, 1, None)]
    assert found == [Action.MASK, Action.MASK, Action.CLEAR, Action.CLEAR, Action.MASK]
    assert answer(by, column_grade(Grade.IMPORTANT))[1] == "high"


@pytest.mark.parametrize(
    ("window", "at", "is_open"),
    [
        ("from: 2026-12-01", "2026-11-30T23:59:59+08:00", False),
        ("from: 2026-12-01", "2026-12-01T00:00:00+08:00", True),
        ("until: 2026-12-01", "2026-12-01T23:59:59+08:00", True),
        ("until: 2026-12-01", "2026-12-02T00:00:00+08:00", False),
        ("until: '2026-12-01T12:00:00'", "2026-12-01T12:00:00+08:00", False),
        ("until: '2026-12-01T12:00:00Z'", "2026-12-01T19:59:59+08:00", True),
        ("hours: 08:00-18:00", "2026-12-01T08:00:00+08:00", True),
        ("hours: 08:00-18:00", "2026-12-01T18:00:00+08:00", False),
        ("hours: 22:00-06:00", "2026-12-01T05:59:00+08:00", True),
        ("hours: 22:00-06:00", "2026-12-01T23:00:00+08:00", True),
        ("hours: 22:00-06:00", "2026-12-01T12:00:00+08:00", False),
        ("hours: 12:00-24:00", "2026-12-01T23:59:59+08:00", True),
    ],
)
def test_a_rule_holds_in_its_time(window, at, is_open):
    by = policy(rule("shift", f"{window}, action: clear"))
    assert answer(by, at=datetime.fromisoformat(at))[0] is (Action.CLEAR if is_open else Action.DENY)


def test_the_next_change_is_that_of_the_readers_own_rules():
    by = policy(
        rule("mine", "until: 2026-12-01, purposes: [quality], action: clear"),
        rule("shift", "roles: [steward], hours: 08:00-18:00, action: clear").replace("roles: ['*'], ", ""),
    )
    asked = {"at": NOON}
    assert by.next_change(ReadRequest(role="analyst", purpose="quality", **asked)) == datetime(2026, 12, 1, 16, tzinfo=UTC)
    assert by.next_change(ReadRequest(role="steward", **asked)) == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert by.next_change(ReadRequest(role="analyst", **asked)) is None


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("action: clear, purposes: [qualty]", "policy_unknown_name"),
        ("action: clear, parties: [supplier-b]", "policy_unknown_name"),
        ("action: encrpt", "policy_unknown_name"),
        ("action: clear, levels: [5]", "contract_value"),
        ("action: clear, levels: []", "contract_value"),
        ("action: clear, levels: [true]", "contract_value"),
        ("action: clear, purposes: []", "contract_value"),
        ("action: clear, from: tomorrow", "contract_value"),
        ("action: clear, from: 2026-12-02, until: 2026-12-01", "contract_value"),
        ("action: clear, until: '20261231'", "contract_value"),
        ("action: clear, until: 20261231", "contract_value"),
        ("action: clear, hours: 8-18", "contract_value"),
        ("action: clear, hours: 08:00-08:00", "contract_value"),
        ("action: clear, hours: 08:00-24:30", "contract_value"),
    ],
)
def test_a_slip_in_a_rule_is_refused(more, code):
    assert [problem.code for problem in problems_of(rule("one", more))] == [code]


@pytest.mark.parametrize(
    ("found", "replacement", "code"),
    [
        ("format: 2", "format: 3", "policy_format_newer"),
        ("format: 2", "format: two", "contract_value"),
        ("approval: [steward]", "approval: [stewart]", "policy_unknown_name"),
        ("approval: [steward]", "approval: []", "contract_value"),
        ("  quality:", "  none:", "policy_name_reserved"),
        ("  supplier-a:", "  own:", "policy_name_reserved"),
        ("  quality:", "  a b:", "policy_name_invalid"),
        ("days: 14", "days: 0", "contract_value"),
    ],
)
def test_a_slip_in_the_names_is_refused(found, replacement, code):
    assert [problem.code for problem in problems_of(OPEN, replaced=(found, replacement))] == [code]


def test_keys_of_format_2_are_named_in_a_file_of_format_1():
    codes = [problem.code for problem in problems_of(rule("one", "purposes: [none], action: deny"), replaced=("format: 2\n", ""))]
    assert codes == ["policy_key_newer"] * 3  # purposes and parties of the file, purposes of the rule


@pytest.mark.parametrize(
    ("first", "late", "is_unreachable"),
    [
        ("action: clear", "purposes: [quality], action: mask", True),
        ("purposes: [none, quality, recall], action: clear", "action: mask", True),
        ("purposes: [none, quality], action: clear", "action: mask", False),
        ("action: clear", "parties: [supplier-a], action: mask", False),
        ("parties: ['*'], action: clear", "parties: [supplier-a], action: mask", True),
        ("levels: [4, 3, 2, 1], action: clear", "action: mask", True),
        ("levels: [4], action: clear", "action: mask", False),
        ("until: 2027-01-01, action: clear", "action: mask", False),
        ("until: 2027-01-01, action: clear", "until: 2027-01-01, action: mask", True),
        ("columns: [silver.orders.cost], action: clear", "columns: [silver.orders.cost], action: mask", True),
        ("columns: [silver.orders.cost], action: clear", "action: mask", False),
    ],
)
def test_a_rule_that_earlier_ones_leave_nothing_to_is_refused(first, late, is_unreachable):
    codes = [problem.code for problem in problems_of(rule("first", first), rule("late", late))]
    assert codes == (["policy_rule_unreached"] if is_unreachable else [])


def test_a_large_policy_is_checked_quickly():
    names = "".join(f"  p{at}: {{en: P, zh: P}}\n" for at in range(50))
    head = HEAD.replace("purposes:\n", "purposes:\n" + names).replace("parties:\n", "parties:\n" + names)
    rules = "".join(rule(f"r{at}", f"purposes: [p{at}], action: clear") for at in range(50))
    found, problems = read_policy(f"{head}rules:\n{rules}", FILE, COLUMNS)
    assert (len(found.rules), problems) == (50, ())
