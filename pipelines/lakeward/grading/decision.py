"""Derives a column's current grade from its proposal and decision.

A decision applies to the column's type and proposal at its time. No proposal is confirmed, and no grade lowered, automatically.
Core and important need the signatures of two accounts: until the second one, the grade is in force and provisional.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from lakeward.core.errors import ProtectionError
from lakeward.core.persons import is_same_person, person_key
from lakeward.grading.catalogue import Sensitivity
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.grading.propagation import Inherited
from lakeward.grading.proposal import GradeProposal, Reason, highest

_CORE = Sensitivity(Grade.CORE, None)


class DecisionAction(StrEnum):
    """Kinds of decisions about a proposal."""

    CONFIRM = "confirm"
    OVERRIDE = "override"
    RESTORE = "restore"  # the higher grade in place of a fall that one person alone had signed


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeDecision:
    """One recorded decision.

    Args:
        type: The column's type at the time of the decision.
        seen, seen_category: The proposal at the time of the decision.
        approved_by: Second person, if the grade or category is lowered or the grade is core or important; None for one person.
        transform: The transform that made a derived column less sensitive than its sources.
        verified: Whether tokens proved who decided and approved; None for a decision made before there were accounts.
        impact: Object and degree of harm from which the grade follows, as `economy:2`; None if the grade was given.
    """

    column: str
    type: str
    action: DecisionAction
    sensitivity: Sensitivity
    category: str | None
    seen: Sensitivity | None
    seen_category: str | None
    decided_by: str
    reason: str
    approved_by: str | None = None
    transform: str | None = None
    verified: bool | None = None
    impact: str | None = None


def current_grade(
    type_: str, proposal: GradeProposal | None, decision: GradeDecision | None, *, withdrawn: Reason | None = None
) -> ColumnGrade:
    """The current grade of a column.

    Args:
        type_: The column's type by the contract.
        proposal: The newest proposal; None if the column was never graded.
        withdrawn: Why the decision's transform does not count: its check failed, or is of an earlier batch; None if it counts.
    """
    if proposal is None:
        return _column_grade(None, None, GradeState.UNGRADED, None, Reason.NOT_GRADED)
    if decision is not None and withdrawn:
        return _grade_without_transform(proposal, decision, withdrawn)
    if decision is not None:
        return _grade_by_decision(type_, proposal, decision)
    if proposal.type != type_:
        return _column_grade(None, None, GradeState.UNGRADED, proposal, Reason.TYPE_CHANGED)
    state = GradeState.PROVISIONAL if proposal.sensitivity else GradeState.UNGRADED
    return _column_grade(proposal.sensitivity, proposal.category, state, proposal, proposal.why)


def _grade_by_decision(type_: str, proposal: GradeProposal, decision: GradeDecision) -> ColumnGrade:
    if decision.type != type_:
        sensitivity = highest(decision.sensitivity, proposal.sensitivity)
        newer = proposal.category if _rules_exceed_decision(proposal, decision) else None
        category = newer or decision.category or proposal.category
        return _column_grade(sensitivity, category, GradeState.STALE, proposal, Reason.TYPE_CHANGED)
    if proposal.why is Reason.SOURCE_UNGRADED and (decision.seen or _is_below_unknown(decision)):
        return _column_grade(None, None, GradeState.UNGRADED, proposal, proposal.why)
    if _rules_exceed_decision(proposal, decision):
        sensitivity = highest(decision.sensitivity, proposal.sensitivity)
        return _column_grade(sensitivity, proposal.category or decision.category, GradeState.PROVISIONAL, proposal, Reason.RAISED)
    waiting = _missing_signature(decision)
    if waiting:
        return _column_grade(decision.sensitivity, decision.category, GradeState.PROVISIONAL, proposal, waiting)
    state = GradeState.CONFIRMED if decision.action is DecisionAction.CONFIRM else GradeState.OVERRIDDEN
    why = Reason.CONFIRMED if decision.action is DecisionAction.CONFIRM else Reason.OVERRIDDEN
    return _column_grade(decision.sensitivity, decision.category, state, proposal, why)


def _grade_without_transform(proposal: GradeProposal, decision: GradeDecision, why: Reason) -> ColumnGrade:
    """The higher grade; unknown, if the column is made of an ungraded one."""
    if proposal.sensitivity is None:
        return _column_grade(None, None, GradeState.UNGRADED, proposal, why)
    sensitivity = highest(decision.sensitivity, proposal.sensitivity)
    return _column_grade(sensitivity, proposal.category or decision.category, GradeState.PROVISIONAL, proposal, why)


def _missing_signature(decision: GradeDecision) -> Reason | None:
    """Why the decision waits for a second person; None if it does not."""
    if decision.action is DecisionAction.RESTORE:
        return Reason.FALL_UNSIGNED
    return Reason.SIGNATURE_MISSING if needs_second_signature(decision) else None


def needs_second_signature(decision: GradeDecision) -> bool:
    """Whether it makes a column core or important and only one account, or none, signed it; decisions of before accounts stand."""
    is_high = decision.sensitivity.grade is not Grade.GENERAL
    return is_high and decision.verified is not None and not (decision.verified and decision.approved_by)


def _is_below_unknown(decision: GradeDecision) -> bool:
    """Whether it grades below core, which an ungraded source may be, without a second person."""
    return decision.sensitivity.rank < _CORE.rank and not decision.approved_by


def _rules_exceed_decision(proposal: GradeProposal, decision: GradeDecision) -> bool:
    """Whether the rules now propose a higher grade than at the decision; a lower one has no effect (docs/explanation/laws.md, 5)."""
    if proposal.sensitivity is None:
        return False
    higher = decision.seen is None or proposal.sensitivity.rank > decision.seen.rank
    other = proposal.category not in (None, decision.seen_category)
    beyond = proposal.sensitivity.rank > decision.sensitivity.rank or proposal.category not in (None, decision.category)
    return (higher or other) and beyond


def standing_decision(before: GradeDecision | None, decision: GradeDecision) -> GradeDecision:
    """What holds after `decision`, when `before` held: a fall that one person alone signed leaves the higher grade in force."""
    sensitivity, category = _seen_grade(before, decision)
    fell = sensitivity is not None and decision.sensitivity.rank < sensitivity.rank
    if not (fell or category not in (None, decision.category)) or has_second_person(decision):
        return decision
    higher = highest(sensitivity, decision.sensitivity)
    assert higher is not None
    return replace(decision, action=DecisionAction.RESTORE, sensitivity=higher, category=category or decision.category)


def _seen_grade(before: GradeDecision | None, decision: GradeDecision) -> tuple[Sensitivity | None, str | None]:
    """The grade and category that were in force for the person who decided."""
    if before is None:
        return decision.seen, decision.seen_category
    exceeded = decision.seen is not None and (before.seen is None or decision.seen.rank > before.seen.rank)
    sensitivity = highest(before.sensitivity, decision.seen) if exceeded else before.sensitivity
    changed = decision.seen_category not in (None, before.seen_category)
    return sensitivity, decision.seen_category if changed else before.category


def check_decision(
    decision: GradeDecision, current: ColumnGrade, proposal: GradeProposal | None, inherited: Inherited | None = None
) -> None:
    """Check that `decision` is allowed for a column with the grade `current`.

    Args:
        inherited: What flows into the column; None if nothing does.

    Raises:
        ProtectionError: It lowers the grade without a second person; or below what flows into the column, without a transform whose
            output shows nothing.
    """
    if not lowers(decision, current, proposal):
        return
    if not has_second_person(decision):
        raise ProtectionError(
            "grade_lower_unapproved", column=decision.column, found=grade_text(current), wanted=decision_text(decision)
        )
    if proposal is None or not (is_below(decision, inherited) or proposal.why in (Reason.INHERITED, Reason.SOURCE_UNGRADED)):
        return
    if not decision.transform or "@" not in decision.transform:
        raise ProtectionError("grade_lower_untransformed", column=decision.column, found=grade_text(current))
    if proposal.detector:
        raise ProtectionError("grade_lower_detected", column=decision.column, detector=proposal.detector)


def is_below(decision: GradeDecision, inherited: Inherited | None) -> bool:
    """Whether it is less than what flows into the column; an unknown grade is the highest."""
    if inherited is None:
        return False
    if inherited.sensitivity is None or decision.sensitivity.rank < inherited.sensitivity.rank:
        return True
    return inherited.category not in (None, decision.category)


def grade_text(grade: ColumnGrade) -> str:
    """A grade as text: `general 3, personal.phone`."""
    grade_and_level = " ".join(str(part) for part in (grade.grade or "-", grade.level) if part is not None)
    return f"{grade_and_level}, {grade.category}" if grade.category else grade_and_level


def decision_text(decision: GradeDecision) -> str:
    """What was decided, in the same form."""
    level = "" if decision.sensitivity.level is None else f" {decision.sensitivity.level}"
    return f"{decision.sensitivity.grade}{level}" + (f", {decision.category}" if decision.category else "")


def has_second_person(decision: GradeDecision) -> bool:
    """Whether another person approved it. Of names that were typed, case, blanks and look-alikes make no second person; of accounts, their persons were compared."""
    if not decision.approved_by or not person_key(decision.approved_by):
        return False
    return bool(decision.verified) or not is_same_person(decision.approved_by, decision.decided_by)


def lowers(decision: GradeDecision, current: ColumnGrade, proposal: GradeProposal | None) -> bool:
    """Whether the column would have a lower grade, or lose its category: that takes two persons.

    A column made of an ungraded one may be core until its source is graded. A column that has no grade now has the highest one that
    the rules ever found.
    """
    if current.grade is None and current.why == Reason.SOURCE_UNGRADED:
        return decision.sensitivity.rank < _CORE.rank
    known, category = _known_grade(current, proposal)
    return (known is not None and decision.sensitivity.rank < known.rank) or category not in (None, decision.category)


def _known_grade(current: ColumnGrade, proposal: GradeProposal | None) -> tuple[Sensitivity | None, str | None]:
    if current.grade is not None:
        return Sensitivity(current.grade, current.level), current.category
    if proposal is None:
        return None, None
    floor = proposal.own.floor if proposal.own else None
    return highest(proposal.sensitivity, floor), proposal.category or (proposal.own.category if proposal.own else None)


def default_level(grade: Grade, current: ColumnGrade) -> int | None:
    """The level of an override without one: the current level, else the highest; None outside `general`."""
    if grade is not Grade.GENERAL:
        return None
    return current.level or 4


def _column_grade(
    sensitivity: Sensitivity | None, category: str | None, state: GradeState, proposal: GradeProposal | None, why: Reason
) -> ColumnGrade:
    return ColumnGrade(
        grade=sensitivity.grade if sensitivity else None,
        level=sensitivity.level if sensitivity else None,
        category=category,
        state=state,
        detector=proposal.detector if proposal else None,
        ratio=proposal.ratio if proposal else None,
        sample=proposal.sample if proposal else None,
        rule_version=proposal.rule_version if proposal else "",
        catalogue=proposal.catalogue if proposal else "",
        why=str(why),
    )
