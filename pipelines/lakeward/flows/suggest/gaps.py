"""Proposes the longest gap of a series, from the steps between its readings; separately for series with other periods."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Kind
from lakeward.core.evidence import Evidence
from lakeward.core.names import Layer
from lakeward.core.sql import OVER_ALL_ROWS, identifier, literal
from lakeward.flows.suggest.history import History
from lakeward.flows.suggest.proposal import Finding, FiringRates, RuleProposal, make_proposal, trial_result
from lakeward.profiling.suite_text import widen_range

NO_GAP = "expect_series_no_gap"
# A reading counts as missing after one and a half periods; a series with one in two hundred missing is still regular.
TOLERANCE, REACH = Decimal("1.5"), 0.995
# Fewer steps show no period.
ENOUGH_STEPS = 20
# Maximum number of series with other periods; more are no exceptions.
EXCEPTIONS = 20


def propose_gaps(history: History, sensitive: frozenset[str]) -> Iterator[RuleProposal | Finding]:
    """The longest gap of the series with the most common period, and separately of the few with another."""
    time, series = history.contract.time_column, history.contract.series
    timed = time is not None and history.contract.column(time).type.kind is Kind.TIMESTAMP
    if not timed or history.contract.layer is Layer.GOLD or len(series) > 1 or sensitive & set(series):
        return
    rows = history.fetch(_rhythms_query(history))
    limit = Decimal(str(rows[0]["usual"])) * TOLERANCE if rows else Decimal(0)
    others = [row for row in rows if row["reach"] > limit]
    if not rows or len(others) > EXCEPTIONS or 2 * len(others) >= rows[0]["series"]:
        return
    names = sorted(row["name"] for row in others)
    facts = {"period": f"{rows[0]['usual']:g}", "series": rows[0]["series"] - len(others)}
    proposal = _gap_rule(history, limit, ("NOT_IN", names), ("suggest_gap", facts))
    yield proposal
    promised = history.contract.sla.period_seconds
    if promised is None or promised != Decimal(str(rows[0]["usual"])):
        yield Finding("suggest_period", facts | {"others": len(others), "promised": promised or "–"}, proposal.evidence)
    if others:
        _, most = widen_range(Decimal(0), max(Decimal(str(row["reach"])) for row in others) * TOLERANCE)
        yield _gap_rule(history, most, ("IN", names), ("suggest_gap_apart", {"series": len(others)}))


def _gap_rule(
    history: History, limit: Decimal, chosen: tuple[str, Sequence[str]], why: tuple[str, dict[str, object]]
) -> RuleProposal:
    operator, names = chosen
    kwargs: dict[str, Any] = {"max_gap_seconds": float(limit)}
    condition = "TRUE"
    if names:
        column = history.contract.series[0]
        kwargs["row_condition"] = {
            "type": "comparison",
            "column": {"name": column},
            "operator": operator,
            "parameter": list(names),
        }
        listed = ", ".join(map(literal, names))
        condition = f"{identifier(column)} {operator.replace('_', ' ')} ({listed})"
    firing = _firing_rates(history, limit, condition)
    steps = _steps_query(history, f"{history.recent_or_holdout_filter} AND {condition}")
    sql = f"SELECT count(step) AS value, quantile_cont(step, {REACH}) AS reach FROM ({steps}) WHERE batch <= {history.training_batches[-1]}"
    return make_proposal(
        "gap", NO_GAP, kwargs, why, Evidence(sql, {str(history.table): history.version}, firing.training.rows)
    ).with_firing(firing)


def _firing_rates(history: History, limit: Decimal, condition: str) -> FiringRates:
    """Evaluates the rule for all batches in one query: a step counts for the batch of its end."""
    steps = _steps_query(history, f"{history.recent_or_holdout_filter} AND {condition}")
    counts = f"count(step) AS rows, count_if(step > {limit}) AS failed"
    found = {row["batch"]: row for row in history.fetch(f"SELECT batch, {counts} FROM ({steps}) GROUP BY 1")}
    return FiringRates(
        trial_result(found, history.training_batches),
        trial_result(found, history.holdout_batches) if history.holdout_batches else None,
    )


def _rhythms_query(history: History) -> str:
    """SELECT of the series with the longest steps: `name` and `reach`, their longest regular step in seconds.

    Each row also has `usual`, the most common period, and `series`, the number of series.
    """
    by_series = (
        f"SELECT name, round(median(step), 3) AS period, quantile_cont(step, {REACH}) AS reach "
        f"FROM ({_steps_query(history, history.recent_filter)}) WHERE step > 0 GROUP BY 1 HAVING count(*) >= {ENOUGH_STEPS}"
    )
    together = f"mode(period) {OVER_ALL_ROWS} AS usual, count(*) {OVER_ALL_ROWS} AS series"
    return f"SELECT name, reach, {together} FROM ({by_series}) ORDER BY reach DESC, name LIMIT {EXCEPTIONS + 1}"


def _steps_query(history: History, condition: str) -> str:
    """SELECT of the readings: `name` of the series, `batch`, and seconds since the previous reading."""
    name = identifier(history.contract.series[0]) if history.contract.series else "''"
    time = f"epoch({identifier(history.contract.time_column or '')})"
    return (
        f"SELECT {name} AS name, _batch_seq AS batch, {time} - lag({time}) OVER (PARTITION BY {name} ORDER BY {time}) AS step "
        f"FROM {history.table} WHERE {condition}"
    )
