"""Reads governance tables of decisions, of older lakes too."""

from typing import Any

from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance


def recorded_rows(engine: Engine, name: str, items: str = "*", rest: str = "ORDER BY seq") -> list[dict[str, Any]]:
    """The rows of a governance table; none if it does not exist yet. Columns that an older lake lacks are None."""
    spec = governance.table_spec(name)
    stored = engine.info(spec.name)
    if stored is None:
        return []
    present = {column.name for column in stored.columns}
    missing = "".join(f", NULL AS {column.name}" for column in spec.columns if column.name not in present)
    return engine.fetch(f"SELECT {items} FROM (SELECT *{missing} FROM {spec.name}) AS stored {rest}")
