"""The newest run of each dataset, found by the engine: the record of runs grows with every batch, and what is read of it must not."""

from typing import Any

from lakeward.core.sql import equals
from lakeward.engines.protocols import TableReader
from lakeward.flows.base import governance

_COLUMNS = "dataset, generation, batch_seq, flow, rows_in, score, warnings, finished_at"
_NEWEST = "QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY generation DESC, batch_seq DESC) = 1"


def newest_runs(engine: TableReader, flow: str = "") -> dict[str, dict[str, Any]]:
    """The run of each dataset's newest batch, by dataset: `dataset, generation, batch_seq, flow, rows_in, score, warnings, finished_at`.

    The number of the batch decides, not the time: the clocks of two machines may differ.

    Args:
        flow: Of batches of this flow alone; empty for all.
    """
    if engine.info(governance.table_name("runs")) is None:
        return {}
    chosen = f"WHERE {equals(flow=flow)}" if flow else ""
    return {row["dataset"]: row for row in engine.fetch(f"SELECT {_COLUMNS} FROM governance.runs {chosen} {_NEWEST}")}
