"""Proposes how long a series may be silent, from the steps between its readings; series with a rhythm of their own by themselves."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Kind
from lakeward.core.evidence import Evidence
from lakeward.core.names import Layer
from lakeward.core.sql import identifier, literal
from lakeward.flows.suggest.past import Past
from lakeward.flows.suggest.proposal import Finding, Firing, Proposal, proposed, tried_of
from lakeward.profiling.suite_text import widened

NO_GAP = "expect_series_no_gap"
# A reading may be late by half a period before it is missing; one in two hundred may be missing, and its series is regular still.
TOLERANCE, REACH = Decimal("1.5"), 0.995
# Fewer steps show no rhythm.
ENOUGH_STEPS = 20
# Series with a rhythm of their own, by name; more are no exceptions.
EXCEPTIONS = 20


def propose_gaps(past: Past, sensitive: frozenset[str]) -> Iterator[Proposal | Finding]:
    """The longest silence of the series that share the commonest period, and, apart, of the few that have another."""
    time, series = past.contract.time_column, past.contract.series
    timed = time is not None and past.contract.column(time).type.kind is Kind.TIMESTAMP
    if not timed or past.contract.layer is Layer.GOLD or len(series) > 1 or sensitive & set(series):
        return
    rows = past.fetch(_rhythms(past))
    limit = Decimal(str(rows[0]["usual"])) * TOLERANCE if rows else Decimal(0)
    others = [row for row in rows if row["reach"] > limit]
    if not rows or len(others) > EXCEPTIONS or 2 * len(others) >= rows[0]["series"]:
        return
    names = sorted(row["name"] for row in others)
    facts = {"period": f"{rows[0]['usual']:g}", "series": rows[0]["series"] - len(others)}
    proposal = _gap(past, limit, ("NOT_IN", names), ("suggest_gap", facts))
    yield proposal
    promised = past.contract.sla.period_seconds
    if promised is None or promised != Decimal(str(rows[0]["usual"])):
        yield Finding("suggest_period", facts | {"others": len(others), "promised": promised or "–"}, proposal.evidence)
    if others:
        _, most = widened(Decimal(0), max(Decimal(str(row["reach"])) for row in others) * TOLERANCE)
        yield _gap(past, most, ("IN", names), ("suggest_gap_apart", {"series": len(others)}))


def _gap(past: Past, limit: Decimal, chosen: tuple[str, Sequence[str]], why: tuple[str, dict[str, object]]) -> Proposal:
    operator, names = chosen
    kwargs: dict[str, Any] = {"max_gap_seconds": float(limit)}
    condition = "TRUE"
    if names:
        column = past.contract.series[0]
        kwargs["row_condition"] = {
            "type": "comparison",
            "column": {"name": column},
            "operator": operator,
            "parameter": list(names),
        }
        listed = ", ".join(map(literal, names))
        condition = f"{identifier(column)} {operator.replace('_', ' ')} ({listed})"
    firing = _firing(past, limit, condition)
    steps = _steps(past, f"{past.lately} AND {condition}")
    sql = f"SELECT count(step) AS value, quantile_cont(step, {REACH}) AS reach FROM ({steps}) WHERE batch <= {past.learned[-1]}"
    return proposed("gap", NO_GAP, kwargs, why, Evidence(sql, {str(past.table): past.version}, firing.learned.rows)).tried(firing)


def _firing(past: Past, limit: Decimal, condition: str) -> Firing:
    """The rule's own meaning in one query for all batches: a step into the batch counts with it, be its begin in an earlier one."""
    steps = _steps(past, f"{past.lately} AND {condition}")
    counts = f"count(step) AS rows, count_if(step > {limit}) AS failed"
    found = {row["batch"]: row for row in past.fetch(f"SELECT batch, {counts} FROM ({steps}) GROUP BY 1")}
    return Firing(tried_of(found, past.learned), tried_of(found, past.held) if past.held else None)


def _rhythms(past: Past) -> str:
    """SELECT of the series with the longest steps: `name` and `reach`, their longest usual one, in seconds.

    Beside each stands what all have in common: `usual`, the commonest period, and `series`, how many they are.
    """
    by_series = (
        f"SELECT name, round(median(step), 3) AS period, quantile_cont(step, {REACH}) AS reach "
        f"FROM ({_steps(past, past.recent)}) WHERE step > 0 GROUP BY 1 HAVING count(*) >= {ENOUGH_STEPS}"
    )
    together = "mode(period) OVER () AS usual, count(*) OVER () AS series"
    return f"SELECT name, reach, {together} FROM ({by_series}) ORDER BY reach DESC, name LIMIT {EXCEPTIONS + 1}"


def _steps(past: Past, condition: str) -> str:
    """SELECT of the readings: `name` of the series, `batch`, and seconds since the one before."""
    name = identifier(past.contract.series[0]) if past.contract.series else "''"
    time = f"epoch({identifier(past.contract.time_column or '')})"
    return (
        f"SELECT {name} AS name, _batch_seq AS batch, {time} - lag({time}) OVER (PARTITION BY {name} ORDER BY {time}) AS step "
        f"FROM {past.table} WHERE {condition}"
    )
