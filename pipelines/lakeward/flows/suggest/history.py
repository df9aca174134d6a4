"""The history of a dataset, split into training batches and newer holdout batches."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from lakeward.contracts.model import Contract, Kind
from lakeward.core.errors import UsageError
from lakeward.core.evidence import Evidence
from lakeward.core.names import TableName
from lakeward.core.sql import identifier
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.quality.score_sql import LATE_FLOWS

# The newest fifth of the batches is the holdout; with fewer than five there is none.
HOLDOUT_EVERY = 5
# Maximum number of rows for quantiles and steps; counts, bounds and proofs use all rows.
SAMPLE_ROWS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The stored rows that rules are learned from.

    Args:
        contract: The contract, with those columns that the table has in the same type.
        version: The table's version; all measurements use it.
        training_batches, holdout_batches: Numbers of the training batches, and of the holdout batches, in order.
        training_rows: Number of stored rows of each training batch.
        first, last: Time range of the training batches: event times, or, without a time column, when they were planned.
        hidden: Dataset -> columns that the reader may not see in clear.
        on_read: Takes each other table that is read, as `layer.name`, for the access log.
    """

    engine: Engine
    contract: Contract
    table: TableName
    version: int
    training_batches: tuple[int, ...]
    holdout_batches: tuple[int, ...]
    training_rows: tuple[int, ...]
    first: datetime | None
    last: datetime | None
    hidden: Mapping[str, frozenset[str]] = field(default_factory=dict)
    on_read: Callable[[str], None] = lambda _: None

    @property
    def row_count(self) -> int:
        """Number of rows of the training batches."""
        return sum(self.training_rows)

    @property
    def training_filter(self) -> str:
        """SQL condition of the training rows."""
        return f"_batch_seq <= {self.training_batches[-1]}"

    @property
    def sample_filter(self) -> str:
        """SQL condition of a fixed sample of the training rows."""
        step = self.row_count // SAMPLE_ROWS + 1
        return self.training_filter if step == 1 else f"{self.training_filter} AND hash(_batch_seq, _file_seq, _row) % {step} = 0"

    @property
    def recent_filter(self) -> str:
        """SQL condition of the newest training batches, whole, so that neighbours in time stay neighbours."""
        return f"{self.recent_or_holdout_filter} AND {self.training_filter}"

    @property
    def recent_or_holdout_filter(self) -> str:
        """SQL condition of the newest training batches and the holdout batches."""
        rows, oldest = 0, self.training_batches[-1]
        for batch, count in zip(reversed(self.training_batches), reversed(self.training_rows), strict=True):
            rows += count
            if rows > SAMPLE_ROWS:
                break
            oldest = batch
        return f"_batch_seq >= {oldest}"

    def fetch(self, query: str) -> list[dict[str, Any]]:
        """Run a query with a small result, at the version of the history."""
        return self.engine.fetch(query, {self.table: self.version})

    def evidence(self, items: str, value: int, condition: str | None = None) -> Evidence:
        """The query that reproduces a finding: column `value` is its number of rows, the others (`items`) are its figures."""
        where = f"{self.training_filter} AND {condition}" if condition else self.training_filter
        return Evidence(f"SELECT {items} FROM {self.table} WHERE {where}", {str(self.table): self.version}, value)


def open_history(engine: Engine, contract: Contract) -> History:
    """The current history of a dataset.

    Raises:
        UsageError: No row was ever published.
    """
    table = contract.table(contract.layer)
    info = engine.info(table)
    batches = _batch_rows(engine, contract, table, info.version) if info else []
    if info is None or not batches:
        raise UsageError("suggest_no_history", dataset=contract.name, table=table)
    stored = {column.name: column.type for column in info.columns}
    known_contract = replace(contract, columns=tuple(c for c in contract.columns if stored.get(c.name) == c.type))
    training, holdout = split_batches([row["batch"] for row in batches])
    training_rows = batches[: len(training)]
    first, last = _time_span(engine, contract, training_rows)
    return History(
        engine=engine,
        contract=known_contract,
        table=table,
        version=info.version,
        training_batches=training,
        holdout_batches=holdout,
        training_rows=tuple(row["rows"] for row in training_rows),
        first=first,
        last=last,
    )


def split_batches(batches: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Split batches into the older training batches and the newest fifth as holdout."""
    spared = len(batches) // HOLDOUT_EVERY
    return tuple(batches[: len(batches) - spared]), tuple(batches[len(batches) - spared :])


def _batch_rows(engine: Engine, contract: Contract, table: TableName, version: int) -> list[dict[str, Any]]:
    time = contract.time_column
    timed = time is not None and contract.column(time).type.kind is Kind.TIMESTAMP
    own = identifier(time) if time and timed else "CAST(NULL AS TIMESTAMPTZ)"
    query = f"SELECT _batch_seq AS batch, count(*) AS rows, min({own}) AS first, max({own}) AS last FROM {table} GROUP BY 1 ORDER BY 1"
    reworked = _reworked_batches(engine, contract)
    return [row for row in engine.fetch(query, {table: version}) if row["batch"] not in reworked]


def _reworked_batches(engine: Engine, contract: Contract) -> frozenset[int]:
    """Numbers of the replays and releases: their rows came with other batches, and they say nothing of a delivery."""
    found = (governance.read_rows(engine, "runs", dataset=contract.name, flow=flow) for flow in LATE_FLOWS)
    return frozenset(row["batch_seq"] for rows in found for row in rows)


def _time_span(
    engine: Engine, contract: Contract, training_rows: Sequence[dict[str, Any]]
) -> tuple[datetime | None, datetime | None]:
    firsts, lasts = [row["first"] for row in training_rows if row["first"]], [row["last"] for row in training_rows if row["last"]]
    if firsts:
        return min(firsts), max(lasts)
    numbers = f"batch_seq BETWEEN {training_rows[0]['batch']} AND {training_rows[-1]['batch']}"
    planned = [row["planned_at"] for row in governance.read_rows(engine, "batches", numbers, dataset=contract.name)]
    return (min(planned), max(planned)) if planned else (None, None)
