"""Proposes the number of rows of a batch, from the counts in `governance`."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from statistics import median, quantiles

from lakeward.core.evidence import Evidence
from lakeward.core.sql import equals
from lakeward.flows.base import governance
from lakeward.flows.suggest.history import HOLDOUT_EVERY, History
from lakeward.flows.suggest.proposal import FiringRates, RuleProposal, TrialResult, make_proposal
from lakeward.profiling.suite_text import widen_range
from lakeward.quality.score_sql import RECEIVED_ONLY

ROWS = "expect_table_row_count_to_be_between"
# Tukey's outer fence; the interquartile range counts as at least a tenth of the median, even if all batches are alike.
REACH, ALIKE = 3, 0.1


def propose_volume(history: History) -> Iterator[RuleProposal]:
    """Propose bounds of the rows of one batch, tested on each batch."""
    where = f"{equals(dataset=history.contract.name)} AND {RECEIVED_ONLY} AND batch_seq BETWEEN {history.training_batches[0]} AND {(history.holdout_batches or history.training_batches)[-1]}"
    rows = {
        run["batch_seq"]: run["bronze"] for run in governance.read_rows(history.engine, "runs", where, "generation, batch_seq")
    }
    training, holdout = (
        [rows[batch] for batch in batches if batch in rows] for batches in (history.training_batches, history.holdout_batches)
    )
    if len(training) < HOLDOUT_EVERY - 1:
        return
    low, high = batch_bounds(training)
    facts = {"batches": len(training), "usual": int(median(training))}
    evidence = _volume_evidence(history, where, len(rows))
    proposal = make_proposal("volume", ROWS, {"min_value": low, "max_value": high}, ("suggest_volume", facts), evidence)
    yield proposal.with_firing(
        FiringRates(_trial_result(training, low, high), _trial_result(holdout, low, high) if holdout else None)
    )


def batch_bounds(rows: Sequence[int]) -> tuple[int, int]:
    """Bounds of the rows of one batch, robust to a few outliers such as an initial load."""
    first, middle, third = quantiles(rows, method="inclusive")
    reach = REACH * max(third - first, ALIKE * middle)
    usual = [count for count in rows if first - reach <= count <= third + reach]
    low, high = widen_range(Decimal(min(usual)), Decimal(max(usual)))
    return max(int(low), 1), int(high)


def _trial_result(counts: Sequence[int], low: int, high: int) -> TrialResult:
    return TrialResult(len(counts), sum(not low <= count <= high for count in counts), sum(counts))


def _volume_evidence(history: History, where: str, batches: int) -> Evidence:
    table = governance.table_spec("runs").name
    info = history.engine.info(table)
    versions: Mapping[str, int] = {str(table): info.version} if info else {}
    sql = f"SELECT count(DISTINCT batch_seq) AS value, min(bronze) AS least, max(bronze) AS most FROM {table} WHERE {where}"
    return Evidence(sql, versions, batches)
