"""What a person decided of a column, and what the column's grade is, from proposal and decision together.

A decision covers the column's type and the proposal that it saw. Nothing confirms itself, and nothing falls by itself.
"""

from dataclasses import dataclass
from enum import StrEnum

from lakeward.core.errors import ProtectionError
from lakeward.grading.catalogue import Standing
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.grading.proposal import Proposal, Why, highest


class Action(StrEnum):
    """What a person may do with a proposal."""

    CONFIRM = "confirm"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One recorded decision.

    Args:
        type: The column's type when it was decided.
        seen, seen_category: The proposal that it was decided about.
        approved_by: Who else agreed; needed where the grade or category falls.
        transform: What made a derived column less sensitive than its sources.
    """

    column: str
    type: str
    action: Action
    standing: Standing
    category: str | None
    seen: Standing | None
    seen_category: str | None
    by: str
    reason: str
    approved_by: str | None = None
    transform: str | None = None


def current(type_: str, proposal: Proposal | None, decision: Decision | None) -> ColumnGrade:
    """The grade of a column as it stands.

    Args:
        type_: The column's type by the contract.
        proposal: The newest one; None: the column was never graded.
    """
    if proposal is None:
        return _graded(None, None, GradeState.UNGRADED, None, Why.NOT_GRADED)
    if decision is not None:
        return _decided(type_, proposal, decision)
    if proposal.type != type_:
        return _graded(None, None, GradeState.UNGRADED, proposal, Why.TYPE_CHANGED)
    state = GradeState.PROVISIONAL if proposal.standing else GradeState.UNGRADED
    return _graded(proposal.standing, proposal.category, state, proposal, proposal.why)


def _decided(type_: str, proposal: Proposal, decision: Decision) -> ColumnGrade:
    if decision.type != type_:
        standing = highest(decision.standing, proposal.standing)
        return _graded(standing, decision.category or proposal.category, GradeState.STALE, proposal, Why.TYPE_CHANGED)
    if proposal.why is Why.SOURCE_UNGRADED and decision.seen:
        return _graded(None, None, GradeState.UNGRADED, proposal, proposal.why)
    if _raised(proposal, decision):
        standing = highest(decision.standing, proposal.standing)
        return _graded(standing, proposal.category or decision.category, GradeState.PROVISIONAL, proposal, Why.RAISED)
    state = GradeState.CONFIRMED if decision.action is Action.CONFIRM else GradeState.OVERRIDDEN
    why = Why.CONFIRMED if decision.action is Action.CONFIRM else Why.OVERRIDDEN
    return _graded(decision.standing, decision.category, state, proposal, why)


def _raised(proposal: Proposal, decision: Decision) -> bool:
    """Whether the rules now say more than the person saw; what they say less changes nothing (docs/explanation/laws.md, 5)."""
    if proposal.standing is None:
        return False
    higher = decision.seen is None or proposal.standing.rank > decision.seen.rank
    other = proposal.category not in (None, decision.seen_category)
    beyond = proposal.standing.rank > decision.standing.rank or proposal.category not in (None, decision.category)
    return (higher or other) and beyond


def check(wanted: Decision, now: ColumnGrade, proposal: Proposal | None) -> None:
    """Whether `wanted` may be decided about a column that is graded `now`.

    Raises:
        ProtectionError: It lowers what the column has, without a second person; or a derived column, without a transform
            and a check of its values that found nothing.
    """
    if not _lowers(wanted, now):
        return
    if not wanted.approved_by or wanted.approved_by == wanted.by:
        raise ProtectionError("grade_lower_unapproved", column=wanted.column, found=shown(now), wanted=_text(wanted))
    if proposal is None or proposal.why is not Why.INHERITED:
        return
    if not wanted.transform:
        raise ProtectionError("grade_lower_untransformed", column=wanted.column, found=shown(now))
    if proposal.detector:
        raise ProtectionError("grade_lower_detected", column=wanted.column, detector=proposal.detector)


def shown(grade: ColumnGrade) -> str:
    """A grade as people read it: `general 3, personal.phone`."""
    words = " ".join(str(part) for part in (grade.grade or "-", grade.level) if part is not None)
    return f"{words}, {grade.category}" if grade.category else words


def _text(wanted: Decision) -> str:
    level = "" if wanted.standing.level is None else f" {wanted.standing.level}"
    return f"{wanted.standing.grade}{level}" + (f", {wanted.category}" if wanted.category else "")


def _lowers(wanted: Decision, now: ColumnGrade) -> bool:
    if now.grade is None:
        return False
    return wanted.standing.rank < Standing(now.grade, now.level).rank or now.category not in (None, wanted.category)


def default_level(grade: Grade, now: ColumnGrade) -> int | None:
    """The level of an override that names none: as it was, else the highest; outside general there is none."""
    if grade is not Grade.GENERAL:
        return None
    return now.level or 4


def _graded(
    standing: Standing | None, category: str | None, state: GradeState, proposal: Proposal | None, why: Why
) -> ColumnGrade:
    return ColumnGrade(
        grade=standing.grade if standing else None,
        level=standing.level if standing else None,
        category=category,
        state=state,
        detector=proposal.detector if proposal else None,
        ratio=proposal.ratio if proposal else None,
        sample=proposal.sample if proposal else None,
        rule_version=proposal.rule_version if proposal else "",
        catalogue=proposal.catalogue if proposal else "",
        why=str(why),
    )
