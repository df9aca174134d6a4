"""What a reader finds on the shelf: each served table with its owner, grade, freshness and score, without a value of it."""

from typing import Any

from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.freshness import is_late
from lakeward.flows.base.workspace import Workspace
from lakeward.grading.grade import Grade
from lakeward.serving.plan import ServedTable


def described(workspace: Workspace, engine: Engine, tables: list[ServedTable]) -> list[dict[str, Any]]:
    """One row per table; see `Connection.catalogue`. What is not known is None, never zero."""
    latest = {row["dataset"]: row for row in governance.rows(engine, "runs", order="finished_at")}
    now = workspace.clock.now()
    return [_row(table, latest.get(table.contract.name), now) for table in tables]


def _row(table: ServedTable, run: dict[str, Any] | None, now: Any) -> dict[str, Any]:
    visible = {column.name for column in table.visible} if table.view else set()
    return {
        "table": str(table.name),
        "about": table.contract.description,
        "owner": table.contract.owner,
        "grade": _highest(table),
        "columns": [column.name for column in table.columns if column.name in visible],
        "hidden": [column.name for column in table.columns if column.name not in visible],
        "rows": table.rows,
        "score": float(run["score"]) if run and run["score"] is not None else None,
        "updated": run["finished_at"] if run else None,
        "late": is_late(table.contract, run, now),
    }


def _highest(table: ServedTable) -> str | None:
    """A table is as sensitive as its most sensitive column (就高从严); unknown where one of them is."""
    grades = [column.grade.grade if column.grade else None for column in table.columns]
    if not grades or None in grades:
        return None
    order = list(Grade)
    return str(min((grade for grade in grades if grade), key=order.index))
