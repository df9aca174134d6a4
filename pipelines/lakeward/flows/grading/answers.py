"""The answer classes of graded columns."""

import json
from dataclasses import dataclass

from lakeward.core.names import sha256
from lakeward.flows.base.answers import fields_of
from lakeward.grading.decision import grade_text
from lakeward.grading.grade import ColumnGrade


@dataclass(frozen=True, slots=True)
class GradedColumn:
    """A column of a dataset with its grade.

    Args:
        dataset: Name of the dataset.
        column: Name of the column.
        grade: The grade with its evidence.
    """

    dataset: str
    column: str
    grade: ColumnGrade

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward grade list --json`.

        Returns:
            grade: `core`, `important` or `general`; None if the column is ungraded.
        """
        named = {"dataset": self.dataset, "column": self.column, "state": str(self.grade.state)}
        return {**named, **{name: value for name, value in fields_of(self.grade).items() if name != "state"}}


def grade_mark(grade: ColumnGrade) -> str:
    """A short mark of a grade with its state and evidence: another one says that it is not the grade that a person saw."""
    return sha256(json.dumps(fields_of(grade), sort_keys=True).encode())[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeEffect:
    """What a decision would change in one column.

    Args:
        dataset: Name of the dataset.
        column: Name of the column.
        now: The grade before the decision.
        after: The grade after it.
    """

    dataset: str
    column: str
    now: ColumnGrade
    after: ColumnGrade

    def as_dict(self) -> dict[str, object]:
        """The keys of a row of `lakeward grade override --dry-run`.

        Returns:
            grade_now, grade_after: Grade and category as text, such as `general 3, personal.phone`.
        """
        texts = {"grade_now": grade_text(self.now), "grade_after": grade_text(self.after)}
        return {"dataset": self.dataset, "column": self.column, **texts}
