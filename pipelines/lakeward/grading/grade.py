"""Value classes of a column's grade, category and evidence."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Grade(StrEnum):
    """The grades of GB/T 43697-2024, the highest first."""

    CORE = "core"
    IMPORTANT = "important"
    GENERAL = "general"


def is_above(grade: Grade, other: Grade) -> bool:
    """Whether `grade` is a higher one than `other`."""
    return tuple(Grade).index(grade) < tuple(Grade).index(other)


class GradeState(StrEnum):
    """How far a grade was decided."""

    CONFIRMED = "confirmed"  # a person agreed with the proposal
    OVERRIDDEN = "overridden"  # a person set another grade
    PROVISIONAL = "provisional"  # proposed; served at the proposed grade
    STALE = "stale"  # decided for a column that has changed since
    UNGRADED = "ungraded"  # unknown: never served


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnGrade:
    """The grade of one column with its evidence.

    Args:
        grade: `core`, `important` or `general`; None if the column is ungraded.
        level: 4 (highest) to 1, within the grade; None if the catalogue has no levels.
        category: Category of the content, independent of the grade; None if no category was found.
        state: How far the grade was decided; an `ungraded` column is not served.
        detector: Detector that matched; None for a default or a person's decision.
        ratio: Share of the sampled values that matched, 0 to 1.
        sample: Number of sampled values.
        rule_version: Hash of the rules and the detector; empty if the column was never graded.
        catalogue: Scheme of grades and its version; empty if the column was never graded.
        why: Message code of the reason.
    """

    grade: Grade | None
    level: int | None
    category: str | None
    state: GradeState
    detector: str | None
    ratio: Decimal | None
    sample: int | None
    rule_version: str
    catalogue: str
    why: str
