"""How many published rows of a dataset later rows replaced, found by counting: also in lakes whose runs did not record it."""

from collections.abc import Iterable, Mapping
from typing import Any

from lakeward.core.names import Layer, TableName
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance


def count_replaced_rows(engine: Engine, dataset: str, runs: Iterable[Mapping[str, Any]]) -> int:
    """Rows that the batches of the latest generation published, and that are stored no more; 0 for computed rows.

    Silver only ever loses a row to one that replaces it, so the rows that were published and those that are there differ by these.

    Args:
        runs: The rows of `governance.runs`; those of other datasets are left out.
    """
    own = [run for run in runs if run["dataset"] == dataset]
    silver = engine.info(TableName(Layer.SILVER, dataset))
    if not own or silver is None:
        return 0
    generation = max(run["generation"] for run in own)
    latest = [run for run in own if run["generation"] == generation]
    last = max(run["batch_seq"] for run in latest)
    stored = silver.rows
    if (
        engine.txn(silver.name, governance.application_id(dataset, generation)) != last
    ):  # a killed batch, or one without good rows
        stored = engine.fetch(f"SELECT count(*) AS n FROM {silver.name} WHERE _batch_seq <= {last}")[0]["n"]
    return int(sum(run["silver"] for run in latest) - stored)
