"""What batches cost: processor time, bytes and memory of the process that ran them, shared out by the time of their threads.

The system counts a process as a whole; DuckDB's threads work for several datasets at a time. So the whole is what was counted, and
each batch gets the share that its own thread had of the processor. Shares sum to the whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from lakeward.core.clock import Clock
from lakeward.core.names import RunId
from lakeward.core.process_usage import ProcessUsage, process_usage, usage_before
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance

TABLE = "run_costs"
# Application of the table's commits: their number is that of the process's account.
APP = "lakeward/run_costs"
MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchShare:
    """A batch that this process finished.

    Args:
        thread_seconds: Processor time of its own thread; None where another process did the work: nothing is measured.
    """

    run_id: RunId
    dataset: str
    flow: str
    batch_seq: int
    thread_seconds: float | None


@dataclass(slots=True)
class CostAccount:
    """What the batches of one call of a flow cost; several threads add to it.

    Args:
        since: What the process had used before.
        shares: The batches so far.
    """

    since: ProcessUsage = field(default_factory=usage_before)
    shares: list[BatchShare] = field(default_factory=list)

    def settle(self, engine: Engine, clock: Clock) -> None:
        """Store a row for each batch, and begin anew. A process that is killed before leaves its batches unmeasured."""
        shares, self.shares = self.shares, []
        if not shares:
            return
        now = process_usage()
        rows = [{**row, "measured_at": clock.now()} for row in _rows(shares, self.since, now)]
        self.since = now
        table = governance.table_spec(TABLE).name
        while governance.append_rows(engine, TABLE, rows, Txn(APP, engine.txn(table, APP) + 1)) is None:
            pass  # another process took the number


def _rows(shares: list[BatchShare], since: ProcessUsage, now: ProcessUsage) -> Iterator[dict[str, object]]:
    """The rows of the batches; a remainder of rounding is the last one's."""
    measured = [share.thread_seconds for share in shares if share.thread_seconds is not None]
    total = sum(measured)
    for share in shares:
        part = None
        if share.thread_seconds is not None:
            part = share.thread_seconds / total if total else 1 / len(measured)
        yield {
            "run_id": share.run_id,
            "dataset": share.dataset,
            "flow": share.flow,
            "batch_seq": share.batch_seq,
            "cpu_seconds": None if part is None else Decimal((now.cpu_seconds - since.cpu_seconds) * part).quantize(MICRO),
            "bytes_read": _part(part, since.bytes_read, now.bytes_read),
            "bytes_written": _part(part, since.bytes_written, now.bytes_written),
            "peak_memory": None if part is None else now.peak_memory,
        }


def _part(part: float | None, before: int | None, after: int | None) -> int | None:
    return None if part is None or before is None or after is None else round((after - before) * part)
