"""What a column's grade is, from proposal and decision; and what may be decided."""

from dataclasses import replace
from decimal import Decimal

import pytest

from lakeward.core.errors import ProtectionError
from lakeward.grading.catalogue import Sensitivity
from lakeward.grading.decision import DecisionAction, GradeDecision, check_decision, current_grade, lowers, standing_decision
from lakeward.grading.grade import Grade, GradeState
from lakeward.grading.proposal import GradeProposal, Reason, keep_highest

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
    named = replace(WRONG, transform="hour@1.0.0")
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
    alone = replace(OPENED, sensitivity=wanted, approved_by=approved_by, transform="hour@1.0.0")
    assert refusal_code(alone, UNKNOWN_SOURCE) == "grade_lower_unapproved"


def test_two_persons_grade_a_column_made_of_an_ungraded_one_by_a_named_transform():
    assert refusal_code(replace(OPENED, approved_by="li"), UNKNOWN_SOURCE) == "grade_lower_untransformed"
    both = replace(OPENED, approved_by="li", transform="hour@1.0.0")
    check_decision(both, current_grade("string", UNKNOWN_SOURCE, None), UNKNOWN_SOURCE)
    assert state(proposal=UNKNOWN_SOURCE, decision=both)[0] is GradeState.OVERRIDDEN


def test_core_takes_one_person():
    core = replace(OPENED, sensitivity=Sensitivity(Grade.CORE, None))
    check_decision(core, current_grade("string", UNKNOWN_SOURCE, None), UNKNOWN_SOURCE)
    assert state(proposal=UNKNOWN_SOURCE, decision=core)[0] is GradeState.OVERRIDDEN


def test_a_grade_given_before_the_source_was_seen_to_be_ungraded_is_not_served():
    assert state(proposal=UNKNOWN_SOURCE, decision=OPENED)[0] is GradeState.UNGRADED


RAISED = replace(CONFIRMED, action=DecisionAction.OVERRIDE, sensitivity=IMPORTANT)


def standing(*decisions):
    found = None
    for decision in decisions:
        found = standing_decision(found, decision)
    return found.action, found.sensitivity, found.category


@pytest.mark.parametrize("approved_by", [None, "", "wang", "wang ", "Wang"])
def test_an_old_fall_that_one_person_signed_leaves_the_higher_grade(approved_by):
    assert standing(replace(WRONG, approved_by=approved_by)) == (DecisionAction.RESTORE, HIGH, PHONE)
    assert standing(RAISED, replace(CONFIRMED, approved_by=approved_by)) == (DecisionAction.RESTORE, IMPORTANT, None)
    last = standing_decision(RAISED, replace(CONFIRMED, approved_by=approved_by))
    assert state(decision=last) == (GradeState.PROVISIONAL, None, None, Reason.FALL_UNSIGNED)


def test_old_decisions_of_two_persons_and_all_raises_keep_standing():
    assert standing(WRONG) == (DecisionAction.OVERRIDE, LOW, None)
    assert standing(RAISED, replace(CONFIRMED, approved_by="li")) == (DecisionAction.CONFIRM, LOW, None)
    assert standing(WRONG, RAISED) == (DecisionAction.OVERRIDE, IMPORTANT, None)
    assert standing(WRONG, replace(WRONG, action=DecisionAction.CONFIRM, approved_by=None)) == (DecisionAction.CONFIRM, LOW, None)


def test_a_fall_that_two_persons_confirm_later_stands():
    assert standing(RAISED, CONFIRMED, replace(CONFIRMED, approved_by="li")) == (DecisionAction.CONFIRM, LOW, None)


def test_important_waits_for_a_second_account_unless_it_was_decided_before_there_were_accounts():
    assert state(decision=RAISED)[0] is GradeState.OVERRIDDEN
    for verified, approved_by in ((False, None), (False, "li"), (True, None)):
        waiting = replace(RAISED, verified=verified, approved_by=approved_by)
        assert state(decision=waiting) == (GradeState.PROVISIONAL, None, None, Reason.SIGNATURE_MISSING)
    assert state(decision=replace(RAISED, verified=True, approved_by="li"))[0] is GradeState.OVERRIDDEN


CATEGORIES = ("personal.resident_id", PHONE, "personal.name")


def kept(*proposals):
    found = None
    for proposal in proposals:
        found = keep_highest(proposal, found, CATEGORIES)
    return found.sensitivity, found.category, found.why


def test_what_the_rules_found_once_stays():
    assert kept(FOUND, PLAIN) == (HIGH, PHONE, Reason.KEPT)
    assert kept(PLAIN, FOUND) == (HIGH, PHONE, Reason.IS)
    assert kept(FOUND, replace(FOUND, category="personal.name")) == (HIGH, PHONE, Reason.KEPT)


def test_a_column_without_values_is_unknown_and_its_grade_comes_back_with_them():
    empty = replace(PLAIN, sensitivity=None, sample=0, why=Reason.NO_VALUES)
    assert kept(FOUND, empty) == (None, None, Reason.NO_VALUES)
    assert kept(FOUND, empty, PLAIN) == (HIGH, PHONE, Reason.KEPT)


def test_an_inherited_grade_of_before_is_no_grade_of_the_column_itself():
    assert kept(PLAIN) == (LOW, None, Reason.CLASS)
    assert keep_highest(PLAIN, replace(FOUND, why=Reason.INHERITED), CATEGORIES).sensitivity == LOW


def test_a_column_without_a_grade_now_is_not_graded_below_what_was_found_in_it():
    empty = keep_highest(replace(PLAIN, sensitivity=None, why=Reason.NO_VALUES), FOUND, CATEGORIES)
    alone = replace(OPENED, sensitivity=LOW, category=PHONE)
    assert lowers(alone, current_grade("string", empty, None), empty)
    assert lowers(alone, current_grade("integer", FOUND, None), FOUND)
    assert not lowers(replace(alone, sensitivity=HIGH), current_grade("string", empty, None), empty)
