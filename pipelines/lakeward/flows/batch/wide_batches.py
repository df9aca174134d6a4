"""Converts a small batch once, where planning the conversion in each query takes longer than the rows."""

from dataclasses import replace

from lakeward.core.names import Relation
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import RowStatistics
from lakeward.quality.plan import JudgePlan
from lakeward.quality.plan_parts import WIDE

# Values of a batch that are few enough to be stored beside it: 100 MB at most.
_CELLS = 4_000_000


def convert_once(
    engine: Engine, plan: JudgePlan, rows: Relation, statistics: RowStatistics | None = None
) -> tuple[JudgePlan, Relation]:
    """The batch with its converted columns stored, and the plan over it; both as they are if it is long, or nothing is converted.

    Args:
        statistics: Statistics of exactly these rows; without them only the rows of a wide batch are counted.
    """
    if not (statistics or len(plan.columns) > WIDE) or all(not column.layers for column in plan.columns.values()):
        return plan, rows
    count = statistics.rows if statistics else _count_rows(engine, rows)
    if count * len(plan.columns) > _CELLS:
        return plan, rows
    converted = engine.materialise("converted_rows", f"SELECT * FROM {plan.converted_relation(str(rows))}")
    return replace(plan, columns={name: replace(column, layers=()) for name, column in plan.columns.items()}), converted


def _count_rows(engine: Engine, rows: Relation) -> int:
    return int(engine.fetch(f"SELECT count(*) AS n FROM {rows}")[0]["n"])
