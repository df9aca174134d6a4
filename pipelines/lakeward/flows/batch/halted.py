"""Lists halted datasets. Separate from `halt`, so that callers need not import the judge."""

from lakeward.core.sql import equals
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.quality.rule import Outcome, Severity


def halted_batches(engine: Engine) -> dict[str, int]:
    """Number of the halted batch of each halted dataset."""
    if engine.info(governance.table_name("verdicts")) is None:
        return {}
    has_runs = engine.info(governance.table_name("runs")) is not None
    return {row["dataset"]: row["seq"] for row in engine.fetch(halted_batches_sql(has_runs=has_runs))}


def halted_batches_sql(*, has_runs: bool) -> str:
    """SQL: `dataset, seq`, the halted batch of each halted dataset.

    Args:
        has_runs: Whether `governance.runs` exists.
    """
    waiting = "ANTI JOIN governance.runs USING (dataset, generation, batch_seq)" if has_runs else ""
    return f"""
        SELECT dataset, max(batch_seq) AS seq FROM governance.verdicts
        JOIN (SELECT dataset, max(generation) AS generation FROM governance.contracts GROUP BY dataset) USING (dataset, generation)
        {waiting} WHERE {equals(severity=Severity.HALT, outcome=Outcome.FAIL)} GROUP BY dataset"""
