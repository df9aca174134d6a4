"""The matrix of a policy, what it must not show, and what changes between two policies."""

from datetime import UTC, datetime

import pytest

from lakeward.protection.load import read_policy
from lakeward.protection.matrix import MatrixAxes, decide_all, find_breaches
from lakeward.protection.policy_diff import compare_policies
from support.policies import POLICY_2

NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)
COLUMNS = frozenset({"silver.orders.cost"})


def policy(*replaced):
    text = POLICY_2
    for found, replacement in replaced:
        assert found in text
        text = text.replace(found, replacement)
    read, problems = read_policy(text, "policy", COLUMNS, "Asia/Shanghai")
    assert problems == ()
    return read


def breaches(*replaced):
    return [(row.code, row.cell.grade_name, row.cell.category, row.found.rule) for row in find_breaches(policy(*replaced), NOW)]


def changes(old, new):
    return [
        (row.kind, row.role, row.purposes, row.parties, row.categories, row.grades, row.before, row.after)
        for row in compare_policies(old, new, NOW)
    ]


def test_the_matrix_has_every_combination_once():
    found = policy()
    cells = [cell for cell, _ in decide_all(found, MatrixAxes.of(found), NOW)]
    assert (
        len(cells) == len(set(cells)) == 4 * 3 * 2 * 1 * 4 * 6
    )  # roles, purposes, parties, columns, categories, grades and levels


def test_the_matrix_says_what_a_reader_gets():
    found = policy((": open, why: General data are open.,", ": open, why: w, columns: [silver.orders.cost],"))
    for cell, decision in decide_all(found, MatrixAxes.of(found), NOW):
        if (cell.role, cell.purpose, cell.party, cell.category, cell.grade_name) == ("cdo", "none", "own", "none", "general 2"):
            assert decision.rule == ("open" if cell.column == "silver.orders.cost" else None)


def test_a_sound_policy_breaks_nothing():
    assert breaches() == []


def test_a_higher_grade_that_is_shown_more_is_found():
    found = breaches(
        (
            "roles: [analyst], grades: [important], categories: [none], action: gen",
            "roles: [cdo], grades: [important], categories: [personal.name], action: gen",
        )
    )
    assert set(found) == {("policy_higher_grade_shown", "important", "personal.name", "bands")}
    levels = breaches(
        (
            "grades: [general], categories: [none], parties: [own, supplier-a]",
            "grades: [general], levels: [4], categories: [none]",
        )
    )
    assert ("policy_higher_grade_shown", "general 4", "none", "open") in levels


def test_an_outside_party_that_sees_more_than_own_people_is_found():
    found = breaches(("parties: [own, supplier-a], action", "parties: [supplier-a], action"))
    assert ("policy_party_shown", "general 4", "none", "open") in found


def test_the_same_policy_changes_nothing():
    assert changes(policy(), policy()) == []


@pytest.mark.parametrize(
    ("found", "replacement", "change"),
    [
        (
            "action: generalise",
            "action: mask",
            ("loses", "analyst", ("none", "process-quality"), ("own",), ("none",), ("important",), "generalise", "mask"),
        ),
        (
            "categories: [personal.name, personal.phone], action: mask",
            "categories: [personal.name], action: mask",
            (
                *("loses", "analyst", ("none", "process-quality", "failure-analysis"), ("own",), ("personal.phone",)),
                *(("important", "general 4", "general 3", "general 2", "general 1"), "mask", "deny"),
            ),
        ),
        (
            "purposes: [failure-analysis], action: clear",
            "purposes: [failure-analysis, process-quality], action: clear",
            ("gains", "analyst", ("process-quality",), ("own",), ("none",), ("important",), "generalise", "clear"),
        ),
    ],
)
def test_a_diff_says_who_gains_and_who_loses(found, replacement, change):
    assert change in changes(policy(), policy((found, replacement)))


def test_a_diff_knows_roles_and_purposes_that_one_policy_lacks():
    old = policy(("  engineer: {en: Data engineer, zh: 数据工程师}\n", ""), ("[analyst, engineer]", "[analyst]"))
    found = changes(old, policy())
    assert {row[:2] for row in found} == {("gains", "engineer")}
    assert {row[:2] for row in changes(policy(), old)} == {("loses", "engineer")}


def test_a_diff_sees_row_filters():
    text = "rowFilters:\n  - {id: own-line, why: w, roles: [analyst], filter: line, tables: [silver.orders]}\nrules:\n"
    read, problems = read_policy(POLICY_2.replace("rules:\n", text), "policy", COLUMNS, "Asia/Shanghai", {"line"})
    assert problems == ()
    everyone = (("none", "process-quality", "failure-analysis"), ("own", "supplier-a"))
    assert changes(policy(), read) == [("loses", "analyst", *everyone, (), (), "all rows", "line")]
    assert changes(read, policy()) == [("gains", "analyst", *everyone, (), (), "line", "all rows")]


def test_a_diff_sees_a_rule_that_begins_later():
    later = policy(("action: generalise}", "from: 2027-01-01, action: generalise}"))
    found = compare_policies(policy(), later, NOW)
    assert {(row.kind, row.after, row.at) for row in found} == {("loses", "deny", NOW)}
    back = compare_policies(policy(("action: generalise}", "action: mask}")), later, NOW)
    assert ("gains", datetime(2026, 12, 31, 16, tzinfo=UTC)) in {(row.kind, row.at) for row in back}


def test_a_diff_sees_hours_of_the_day():
    shift = policy(("action: generalise}", "hours: 08:00-18:00, action: generalise}"))
    assert [(row.kind, row.at.astimezone(UTC).hour) for row in compare_policies(policy(), shift, NOW)] == [("loses", 10)]
