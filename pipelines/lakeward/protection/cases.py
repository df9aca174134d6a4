"""Tests of a policy as data: role, column, expected action and rule. They need no lake, since each states the grade."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from lakeward.contracts.document import Fault
from lakeward.contracts.view import View
from lakeward.core.errors import PolicyError
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.core.names import TableName
from lakeward.grading.grade import ColumnGrade, Grade
from lakeward.protection.instants import read_instant
from lakeward.protection.load import policy_errors, read_policy_document, root_view
from lakeward.protection.load_rules import check_name
from lakeward.protection.matrix import example_grade
from lakeward.protection.policy import LEVELS, NO_CATEGORY, Action, Policy
from lakeward.protection.read_request import NO_PURPOSE, OWN_PARTY, ReadRequest

KEYS: Mapping[str, KeyDoc] = {
    "version": KeyDoc("text", "Version of the tests; for people.", "none"),
    "tests": KeyDoc("list", "Mappings of the keys below; at least one.", required=True),
}
CASE_KEYS: Mapping[str, KeyDoc] = {
    "name": KeyDoc("text", "What the test is about, for people.", required=True),
    "role": KeyDoc("text", "Role that reads.", required=True),
    "column": KeyDoc("text", "`layer.dataset.column` that it reads.", required=True),
    "grade": KeyDoc("text", "Grade that the column counts as.", "ungraded"),
    "level": KeyDoc("whole number", "Level inside `general` that it counts as, 4 to 1.", "none"),
    "category": KeyDoc("text", "Category that the column counts as.", "`none`"),
    "purpose": KeyDoc("text", "Purpose that the role reads for.", "`none`"),
    "party": KeyDoc("text", "Party that the reader belongs to.", "`own`"),
    "at": KeyDoc("time", "When it reads, with its offset, such as `2026-12-01T09:00:00+08:00`.", "the present"),
    "expect": KeyDoc("text", "Action that must come out.", required=True),
    "rule": KeyDoc("text", "Id of the rule that must decide.", "any"),
    "value": KeyDoc("text", "An invented value of the column, in quotes.", "none"),
    "shown": KeyDoc("text", "What the role must see of `value`.", "none"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCase:
    """One test.

    Args:
        request: Who reads, for which purpose and when.
        grade: Grade of the column; None for ungraded.
        rule: Rule that must decide; None for any.
        value, expected: An invented value, and its expected form for the role.
    """

    name: str
    request: ReadRequest
    table: TableName
    column: str
    grade: ColumnGrade | None
    action: Action
    rule: str | None
    value: str | None
    expected: str | None


def read_cases(
    text: str, file: str, policy: Policy, columns: Collection[str], now: datetime
) -> tuple[tuple[PolicyCase, ...], tuple[PolicyError, ...]]:
    """The tests and all their problems; with problems, they must not be run.

    Args:
        now: Time of reading of a test that names none.

    Raises:
        PolicyError: The file can't be read at all.
    """
    document = read_policy_document(text, file)
    faults: list[Fault] = [*document.faults]
    view = root_view(document, faults, KEYS)
    if not isinstance(view.values.get("tests"), list):
        view.fail_value("tests", Phrase("phrase_tests"))
    cases = [_case(each, policy, columns, now) for each in view.mappings("tests")]
    return tuple(case for case in cases if case), policy_errors(document, faults)


def _case(view: View, policy: Policy, columns: Collection[str], now: datetime) -> PolicyCase | None:
    view.allow_only(CASE_KEYS)
    name, column, action = (view.text(key) for key in ("name", "column", "expect"))
    request = _request(view, policy, now)
    grade, category, rule = view.text("grade", ""), view.text("category", NO_CATEGORY), view.text("rule", "")
    sound = [
        check_name(view, "column", "column", column, columns),
        check_name(view, "expect", "action", action, tuple(Action)),
        not grade or check_name(view, "grade", "grade", grade, tuple(Grade)),
        check_name(view, "category", "category", category, policy.categories),
        not rule or check_name(view, "rule", "rule", rule, [r.id for r in (*policy.limits, *policy.rules)]),
    ]
    if request is None or not all(sound):
        return None
    table, _, of_table = column.rpartition(".")
    value, shown = view.text("value", "") or None, view.text("shown", "") or None
    return PolicyCase(
        name=name,
        request=request,
        table=TableName.parse(table),
        column=of_table,
        grade=_confirmed_grade(grade, _level(view), category),
        action=Action(action),
        rule=rule or None,
        value=value,
        expected=shown,
    )


def _request(view: View, policy: Policy, now: datetime) -> ReadRequest | None:
    """Who reads; None where a name is unknown."""
    role, purpose, party = view.text("role"), view.text("purpose", NO_PURPOSE), view.text("party", OWN_PARTY)
    at = (
        view.entry("at", Phrase("phrase_instant", example="2026-12-01T09:00:00+08:00"), lambda v: read_instant(v, None), now)
        or now
    )
    sound = [
        check_name(view, "role", "role", role, policy.roles),
        check_name(view, "purpose", "purpose", purpose, (NO_PURPOSE, *policy.purposes)),
        check_name(view, "party", "party", party, (OWN_PARTY, *policy.parties)),
    ]
    return ReadRequest(role=role, purpose=purpose, party=party, at=at) if all(sound) else None


def _level(view: View) -> int | None:
    if "level" not in view.values:
        return None
    return view.entry(
        "level", Phrase("phrase_level", levels="4, 3, 2, 1"), lambda v: v if type(v) is int and v in LEVELS else None
    )


def _confirmed_grade(grade: str, level: int | None, category: str) -> ColumnGrade | None:
    if not grade:
        return None
    return example_grade(Grade(grade), level, category)
