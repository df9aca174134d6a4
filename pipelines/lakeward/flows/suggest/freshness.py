"""Measures the time between deliveries against the contract. A finding only, because a suite has no rule for it."""

from collections.abc import Iterator
from typing import Any

from lakeward.core.evidence import Evidence
from lakeward.core.sql import equals
from lakeward.flows.base import governance
from lakeward.flows.suggest.history import HOLDOUT_EVERY, History
from lakeward.flows.suggest.proposal import Finding
from lakeward.quality.score_sql import RECEIVED_ONLY

# Runs in quicker succession ingest one delivery, file by file.
ONE_DELIVERY_S = 60


def find_freshness(history: History) -> Iterator[Finding]:
    """The time between deliveries, if the contract has no freshness, or deliveries exceed it."""
    table = governance.table_spec("runs").name
    info = history.engine.info(table)
    if info is None:
        return
    ends = f"SELECT max(finished_at) AS finished FROM {table} WHERE {equals(dataset=history.contract.name)} AND {RECEIVED_ONLY} GROUP BY run_id"
    gaps = f"SELECT epoch(finished) - lag(epoch(finished)) OVER (ORDER BY finished) AS gap FROM ({ends})"
    late = history.contract.sla.freshness_seconds
    sql = (
        "SELECT median(gap) AS value, quantile_cont(gap, 0.95) AS long, count(*) AS gaps, "
        f"count_if(gap > {late if late is not None else 'NULL'}) AS late FROM ({gaps}) WHERE gap > {ONE_DELIVERY_S}"
    )
    found = history.engine.fetch(sql)[0]
    if found["gaps"] >= HOLDOUT_EVERY and not (late is not None and not found["late"]):
        facts: dict[str, Any] = {"usual": round(found["value"]), "long": round(found["long"]), "gaps": found["gaps"]}
        code = "suggest_freshness" if late is None else "suggest_freshness_late"
        yield Finding(
            code, facts | {"late": found["late"], "promised": late}, Evidence(sql, {str(table): info.version}, facts["usual"])
        )
