"""The answer class of a graded column."""

from dataclasses import dataclass

from lakeward.flows.base.answers import fields_of
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
