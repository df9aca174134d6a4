"""What a column's grade is, from proposal and decision; and what may be decided."""

from dataclasses import replace
from decimal import Decimal

import pytest

from lakeward.core.errors import ProtectionError
from lakeward.grading.catalogue import Sensitivity
from lakeward.grading.decision import DecisionAction, GradeDecision, check_decision, current_grade
from lakeward.grading.grade import Grade, GradeState
from lakeward.grading.proposal import GradeProposal, Reason

LOW, HIGH, IMPORTANT = Sensitivity(Grade.GENERAL, 2), Sensitivity(Grade.GENERAL, 3), Sensitivity(Grade.IMPORTANT, None)
PHONE = "personal.phone"
PLAIN = GradeProposal(
    column="note",
    type="string",
    sensitivity=LOW,
    category=None,
    detector=None,
    ratio=None,
    sample=9,
    rule_version="r",
    catalogue="c",
    why=Reason.CLASS,
)
FOUND = replace(PLAIN, sensitivity=HIGH, category=PHONE, detector="mobile", ratio=Decimal("0.9"), why=Reason.IS)
CONFIRMED = GradeDecision(
    column="note",
    type="string",
    action=DecisionAction.CONFIRM,
    sensitivity=LOW,
    category=None,
    seen=LOW,
    seen_category=None,
    decided_by="wang",
    reason="looked",
)
WRONG = GradeDecision(
    column="note",
    type="string",
    action=DecisionAction.OVERRIDE,
    sensitivity=LOW,
    category=None,
    seen=HIGH,
    seen_category=PHONE,
    decided_by="wang",
    reason="order numbers",
    approved_by="li",
)


def state(type_="string", proposal=PLAIN, decision=None):
    grade = current_grade(type_, proposal, decision)
    return grade.state, grade.level, grade.category, grade.why


def test_a_column_that_was_never_graded_is_ungraded():
    assert state(proposal=None) == (GradeState.UNGRADED, None, None, Reason.NOT_GRADED)


def test_a_proposal_is_provisional_and_nothing_confirms_itself():
    assert state(proposal=FOUND) == (GradeState.PROVISIONAL, 3, PHONE, Reason.IS)


def test_a_proposal_for_another_type_grades_nothing():
    assert state("integer") == (GradeState.UNGRADED, None, None, Reason.TYPE_CHANGED)


def test_a_confirmed_column_stays_so_when_the_rules_say_the_same_or_less():
    seen_more = replace(CONFIRMED, sensitivity=HIGH, category=PHONE, seen=HIGH, seen_category=PHONE)
    assert state(decision=CONFIRMED)[0] is GradeState.CONFIRMED
    assert state(decision=seen_more) == (GradeState.CONFIRMED, 3, PHONE, Reason.CONFIRMED)


def test_a_confirmed_column_whose_type_changed_is_stale():
    assert state("integer", decision=CONFIRMED) == (GradeState.STALE, 2, None, Reason.TYPE_CHANGED)


def test_a_confirmed_column_in_which_more_is_found_is_served_by_that_until_decided_again():
    assert state(proposal=FOUND, decision=CONFIRMED) == (GradeState.PROVISIONAL, 3, PHONE, Reason.RAISED)


def test_an_override_below_the_proposal_that_it_saw_stands():
    assert state(proposal=FOUND, decision=WRONG) == (GradeState.OVERRIDDEN, 2, None, Reason.OVERRIDDEN)


def test_an_override_falls_to_what_its_author_did_not_see():
    more = replace(FOUND, sensitivity=Sensitivity(Grade.GENERAL, 4), category="personal.resident_id")
    assert state(proposal=more, decision=WRONG) == (GradeState.PROVISIONAL, 4, "personal.resident_id", Reason.RAISED)


def test_a_decided_column_made_of_an_ungraded_one_is_ungraded():
    unknown = replace(PLAIN, sensitivity=None, why=Reason.SOURCE_UNGRADED)
    assert state(proposal=unknown, decision=CONFIRMED)[0] is GradeState.UNGRADED


def refusal_code(wanted, proposal):
    with pytest.raises(ProtectionError) as error:
        check_decision(wanted, current_grade("string", proposal, None), proposal)
    return error.value.code


@pytest.mark.parametrize("approved_by", [None, "", " ", "wang", "Wang ", "WANG", "w\u0430ng", "wa\u200bng"])
def test_a_grade_falls_only_with_a_second_person(approved_by):
    assert refusal_code(replace(WRONG, approved_by=approved_by), FOUND) == "grade_lower_unapproved"


def test_taking_a_category_away_is_a_fall():
    assert refusal_code(replace(WRONG, sensitivity=IMPORTANT, approved_by=None), FOUND) == "grade_lower_unapproved"


def test_a_derived_column_falls_only_by_a_named_transform_whose_output_shows_nothing():
    derived = replace(FOUND, why=Reason.INHERITED)
    named = replace(WRONG, transform="hour of the day only")
    assert refusal_code(WRONG, derived) == "grade_lower_untransformed"
    assert refusal_code(named, derived) == "grade_lower_detected"
    check_decision(named, current_grade("string", replace(derived, detector=None), None), replace(derived, detector=None))


def test_raising_needs_no_second_person():
    check_decision(replace(CONFIRMED, sensitivity=IMPORTANT), current_grade("string", PLAIN, None), PLAIN)


UNKNOWN_SOURCE = replace(PLAIN, sensitivity=None, why=Reason.SOURCE_UNGRADED)
OPENED = replace(WRONG, seen=None, seen_category=None, sensitivity=Sensitivity(Grade.GENERAL, 1), approved_by=None)


@pytest.mark.parametrize("approved_by", [None, "", "wang", "Wang ", "ＷＡＮＧ"])
@pytest.mark.parametrize("wanted", [LOW, IMPORTANT])
def test_a_column_made_of_an_ungraded_one_is_not_graded_below_core_by_one_person(wanted, approved_by):
    alone = replace(OPENED, sensitivity=wanted, approved_by=approved_by, transform="hour only")
    assert refusal_code(alone, UNKNOWN_SOURCE) == "grade_lower_unapproved"


def test_two_persons_grade_a_column_made_of_an_ungraded_one_by_a_named_transform():
    assert refusal_code(replace(OPENED, approved_by="li"), UNKNOWN_SOURCE) == "grade_lower_untransformed"
    both = replace(OPENED, approved_by="li", transform="hour only")
    check_decision(both, current_grade("string", UNKNOWN_SOURCE, None), UNKNOWN_SOURCE)
    assert state(proposal=UNKNOWN_SOURCE, decision=both)[0] is GradeState.OVERRIDDEN


def test_core_takes_one_person():
    core = replace(OPENED, sensitivity=Sensitivity(Grade.CORE, None))
    check_decision(core, current_grade("string", UNKNOWN_SOURCE, None), UNKNOWN_SOURCE)
    assert state(proposal=UNKNOWN_SOURCE, decision=core)[0] is GradeState.OVERRIDDEN


def test_a_grade_given_before_the_source_was_seen_to_be_ungraded_is_not_served():
    assert state(proposal=UNKNOWN_SOURCE, decision=OPENED)[0] is GradeState.UNGRADED
