"""The catalogue of served tables: owner, grade, freshness and score, no values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from lakeward.contracts.project import Project
from lakeward.core.names import TableName
from lakeward.engines.protocols import Engine
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.freshness import is_late
from lakeward.flows.base.newest_runs import newest_runs
from lakeward.flows.base.workspace import Workspace
from lakeward.grading.grade import Grade
from lakeward.serving.plan import ServedTable


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueTable:
    """A table that is served to one role. An unknown value is None, never zero.

    Args:
        table: Name, as `layer.name`.
        about: Purpose of the table, from its contract.
        owner: Owner of the table, from its contract.
        grade: Highest grade of its columns; None if one of them is ungraded.
        columns, hidden: Names of the columns that the role can see, and of the other columns.
        rows: Number of rows, from the statistics in the Delta log; None where a row filter hides some from the role.
        score: Quality score of its newest batch, 0 to 100.
        updated: Time when its newest batch was finished.
        late: Whether the newest data is older than the contract allows; None if the contract sets no limit.
    """

    table: TableName
    about: str
    owner: str
    grade: Grade | None
    columns: tuple[str, ...]
    hidden: tuple[str, ...]
    rows: int | None
    score: Decimal | None
    updated: datetime | None
    late: bool | None

    def as_dict(self) -> dict[str, object]:
        """The fields by name, with plain values except `updated`, which stays a `datetime` for notebooks."""
        return {**fields_of(self), "updated": self.updated}

    def __getitem__(self, key: str) -> object:
        """The plain value of `key`, for notebooks."""
        return self.as_dict()[key]


def catalogue_rows(workspace: Workspace, engine: Engine, tables: Sequence[ServedTable]) -> list[CatalogueTable]:
    """One entry per table."""
    latest = newest_runs(engine)
    now = workspace.clock.now()
    return [_catalogue_row(workspace.project, table, latest.get(table.contract.name), now) for table in tables]


def _catalogue_row(project: Project, table: ServedTable, run: Mapping[str, Any] | None, now: datetime) -> CatalogueTable:
    visible = {column.name for column in table.visible} if table.has_view else set()
    return CatalogueTable(
        table=table.name,
        about=table.contract.description,
        owner=table.contract.owner,
        grade=_highest_grade(table),
        columns=tuple(column.name for column in table.columns if column.name in visible),
        hidden=tuple(column.name for column in table.columns if column.name not in visible),
        rows=None if table.filters else table.rows,
        score=run["score"] if run else None,
        updated=run["finished_at"] if run else None,
        late=is_late(table.contract, project, run, now),
    )


def _highest_grade(table: ServedTable) -> Grade | None:
    """The highest grade of the columns (就高从严); None if one of them is ungraded."""
    grades = [column.grade.grade if column.grade else None for column in table.columns]
    if not grades or None in grades:
        return None
    order = list(Grade)
    return min((grade for grade in grades if grade), key=order.index)
