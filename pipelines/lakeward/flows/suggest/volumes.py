"""Proposes how many rows a batch has, from what `governance` counted of each."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from statistics import median, quantiles

from lakeward.core.evidence import Evidence
from lakeward.core.sql import equals
from lakeward.flows.base import governance
from lakeward.flows.suggest.past import KEPT_BACK, Past
from lakeward.flows.suggest.proposal import Firing, Proposal, Tried, proposed
from lakeward.profiling.suite_text import widened

ROWS = "expect_table_row_count_to_be_between"
# Tukey's outer fence; batches that are all alike will differ by a tenth one day.
REACH, ALIKE = 3, 0.1


def propose_volume(past: Past) -> Iterator[Proposal]:
    """Bounds of the rows that one batch brings, tried on each."""
    where = f"{equals(dataset=past.contract.name)} AND batch_seq BETWEEN {past.learned[0]} AND {(past.held or past.learned)[-1]}"
    rows = {run["batch_seq"]: run["bronze"] for run in governance.rows(past.engine, "runs", where, "generation, batch_seq")}
    taught, held = ([rows[batch] for batch in batches if batch in rows] for batches in (past.learned, past.held))
    if len(taught) < KEPT_BACK - 1:
        return
    low, high = batch_bounds(taught)
    facts = {"batches": len(taught), "usual": int(median(taught))}
    evidence = _evidence(past, where, len(rows))
    proposal = proposed("volume", ROWS, {"min_value": low, "max_value": high}, ("suggest_volume", facts), evidence)
    yield proposal.tried(Firing(_tried(taught, low, high), _tried(held, low, high) if held else None))


def batch_bounds(rows: Sequence[int]) -> tuple[int, int]:
    """Bounds of the rows of one batch that a few odd batches, such as a first load of years, do not move."""
    first, middle, third = quantiles(rows, method="inclusive")
    reach = REACH * max(third - first, ALIKE * middle)
    usual = [count for count in rows if first - reach <= count <= third + reach]
    low, high = widened(Decimal(min(usual)), Decimal(max(usual)))
    return max(int(low), 1), int(high)


def _tried(counts: Sequence[int], low: int, high: int) -> Tried:
    return Tried(len(counts), sum(not low <= count <= high for count in counts), sum(counts))


def _evidence(past: Past, where: str, batches: int) -> Evidence:
    table = governance.spec("runs").name
    info = past.engine.info(table)
    versions: Mapping[str, int] = {str(table): info.version} if info else {}
    sql = f"SELECT count(DISTINCT batch_seq) AS value, min(bronze) AS least, max(bronze) AS most FROM {table} WHERE {where}"
    return Evidence(sql, versions, batches)
