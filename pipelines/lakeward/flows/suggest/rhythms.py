"""Finds how often readings and batches come, against what the contract promises of both. A contract's promises are no rules of a suite."""

from collections.abc import Iterator
from typing import Any

from lakeward.core.evidence import Evidence
from lakeward.core.names import Layer
from lakeward.core.sql import identifier
from lakeward.flows import governance
from lakeward.flows.suggest.past import KEPT_BACK, Past
from lakeward.flows.suggest.proposal import Finding

# A period that fewer of the steps have is an accident, no promise.
REGULAR = 0.5
# Runs that follow each other faster take in one delivery, file by file.
ONE_DELIVERY_S = 60


def find_periods(past: Past) -> Iterator[Finding]:
    """The commonest step between readings of one series, where the contract does not promise it."""
    if past.contract.time_column is None or past.contract.layer is Layer.GOLD:
        return
    sql = _periods(past)
    found = past.fetch(sql)
    steps = sum(row["steps"] for row in found)
    if not found or not steps:
        return
    best = found[0]
    promised = past.contract.sla.period_seconds
    if best["regular"] < REGULAR * best["steps"] or (promised is not None and float(promised) == best["value"]):
        return
    facts = {"period": f"{best['value']:g}", "series": best["series"], "others": sum(row["series"] for row in found[1:])}
    share = f"{best['regular'] / best['steps']:.1%}"
    versions = {str(past.table): past.version}
    yield Finding(
        "suggest_period", {**facts, "share": share, "promised": promised or "–"}, Evidence(sql, versions, best["value"])
    )


def _periods(past: Past) -> str:
    """Per period, in seconds, how many series have it and how many of their steps: the commonest first."""
    series = ", ".join(map(identifier, past.contract.series)) or "1"
    time = f"epoch({identifier(past.contract.time_column or '')})"
    steps = (
        f"SELECT ({series}) AS series, {time} - lag({time}) OVER (PARTITION BY {series} ORDER BY {time}) AS step "
        f"FROM {past.table} WHERE {past.recent}"
    )
    own = "SELECT series, step, median(step) OVER (PARTITION BY series) AS period FROM (" + steps + ") WHERE step > 0"
    by_series = f"SELECT series, any_value(period) AS period, count(*) AS steps, count_if(step = period) AS regular FROM ({own}) GROUP BY 1"
    return (
        "SELECT round(period, 3) AS value, count(*) AS series, sum(steps) AS steps, sum(regular) AS regular "
        f"FROM ({by_series}) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20"
    )


def find_freshness(past: Past) -> Iterator[Finding]:
    """How far apart deliveries come, where the contract promises nothing of it, or too much."""
    table = governance.spec("runs").name
    info = past.engine.info(table)
    if info is None:
        return
    ends = f"SELECT max(finished_at) AS finished FROM {table} WHERE dataset = '{past.contract.name}' GROUP BY run_id"
    gaps = f"SELECT epoch(finished) - lag(epoch(finished)) OVER (ORDER BY finished) AS gap FROM ({ends})"
    late = past.contract.sla.freshness_seconds
    sql = (
        "SELECT median(gap) AS value, quantile_cont(gap, 0.95) AS long, count(*) AS gaps, "
        f"count_if(gap > {late if late is not None else 'NULL'}) AS late FROM ({gaps}) WHERE gap > {ONE_DELIVERY_S}"
    )
    found = past.engine.fetch(sql)[0]
    if found["gaps"] >= KEPT_BACK and not (late is not None and not found["late"]):
        facts: dict[str, Any] = {"usual": round(found["value"]), "long": round(found["long"]), "gaps": found["gaps"]}
        code = "suggest_freshness" if late is None else "suggest_freshness_late"
        yield Finding(
            code, facts | {"late": found["late"], "promised": late}, Evidence(sql, {str(table): info.version}, facts["usual"])
        )
