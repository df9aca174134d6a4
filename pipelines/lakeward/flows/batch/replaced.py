"""How many published rows of a dataset later rows replaced, found by counting: also in lakes whose runs did not record it."""

from collections.abc import Mapping, Sequence
from typing import Any

from lakeward.engines.protocols import Engine
from lakeward.engines.tables import TableInfo
from lakeward.flows.base import governance


def count_replaced_rows(engine: Engine, dataset: str, runs: Sequence[Mapping[str, Any]], silver: TableInfo | None) -> int:
    """Rows that the batches of the latest generation published, and that are stored no more; 0 for computed rows.

    Silver only ever loses a row to one that replaces it, so the rows that were published and those that are there differ by these.

    Args:
        runs: The dataset's rows of `governance.runs`.
        silver: Its silver table; None if it has none.
    """
    if not runs or silver is None:
        return 0
    generation = max(run["generation"] for run in runs)
    latest = [run for run in runs if run["generation"] == generation]
    last = max(run["batch_seq"] for run in latest)
    stored = silver.rows
    if (
        engine.txn(silver.name, governance.application_id(dataset, generation)) != last
    ):  # a killed batch, or one without good rows
        stored = engine.fetch(f"SELECT count(*) AS n FROM {silver.name} WHERE _batch_seq <= {last}")[0]["n"]
    return int(sum(run["silver"] for run in latest) - stored)
