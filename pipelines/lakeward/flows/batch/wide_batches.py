"""Converts a small batch of many columns once, where planning the conversion in each query takes longer than the rows."""

from dataclasses import replace

from lakeward.core.names import Relation
from lakeward.engines.protocols import Engine
from lakeward.quality.plan import JudgePlan
from lakeward.quality.plan_parts import WIDE

# Values of a batch that are few enough to be stored beside it: 100 MB at most.
_CELLS = 4_000_000


def convert_once(engine: Engine, plan: JudgePlan, rows: Relation) -> tuple[JudgePlan, Relation]:
    """The batch with its converted columns stored, and the plan over it; both as they are unless it is wide and short."""
    if len(plan.columns) <= WIDE or _count_rows(engine, rows) * len(plan.columns) > _CELLS:
        return plan, rows
    converted = engine.materialise("converted_rows", f"SELECT * FROM {plan.converted_relation(str(rows))}")
    return replace(plan, columns={name: replace(column, layers=()) for name, column in plan.columns.items()}), converted


def _count_rows(engine: Engine, rows: Relation) -> int:
    return int(engine.fetch(f"SELECT count(*) AS n FROM {rows}")[0]["n"])
