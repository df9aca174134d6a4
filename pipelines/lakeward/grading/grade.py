"""What is known of one column's sensitivity: its grade, its category, and the evidence of both. Plain values; nothing is decided here."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Grade(StrEnum):
    """The grades of GB/T 43697-2024, the highest first."""

    CORE = "core"
    IMPORTANT = "important"
    GENERAL = "general"


class GradeState(StrEnum):
    """How far a grade may be relied on."""

    CONFIRMED = "confirmed"  # a person agreed with the proposal
    OVERRIDDEN = "overridden"  # a person decided otherwise
    PROVISIONAL = "provisional"  # proposed; served at the proposed grade
    STALE = "stale"  # decided for a column that has changed since
    UNGRADED = "ungraded"  # nothing is known: never served


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnGrade:
    """The grade of one column, with what it rests on.

    Args:
        grade: None where the column is ungraded.
        level: 4 (highest) to 1, within the grade; None where the catalogue has none.
        category: Kind of content, the axis beside the grade; None where nothing special was found.
        detector: What recognised the column; None for a default or a person's decision.
        ratio: Share of the sampled values that matched, 0 to 1.
        sample: Values that were looked at.
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
