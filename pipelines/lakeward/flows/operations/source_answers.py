"""What `status` says of a source that is no drop folder. The sources themselves are not imported: most projects have none."""

from dataclasses import dataclass
from datetime import datetime

from lakeward.contracts.collected_source import HttpSource, ModbusSource, OpcUaSource, SparkplugSource
from lakeward.contracts.model import Contract
from lakeward.contracts.source import KafkaSource, OpcUaHistorySource, SqlSource, WatermarkMode
from lakeward.flows.base.answers import Notice, fields_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """The state of one dataset's collector, and of what it has landed.

    Args:
        state: Message code of what the collector said last; None if none ever ran.
        running: Whether it gave a sign of life in the last 30 seconds.
        since: When that state began.
        last_message: When the last message came.
        rate: Messages per second over the last minute; None if it does not run.
        unlanded: Messages that are on disk, but in no segment yet.
        segments: Number of landed segments that no run has read.
        bytes: Bytes of their files.
        rows: Number of their rows; None if they can't be counted quickly.
        oldest: When the first of them was landed.
        gaps: How often in the last 24 hours values of the source may have been missed: numbers of messages with a gap, lost sessions, and
            history that a server does not have.
        silent: Series of which no value came for more than one and a half of their intervals in `series.csv`, while the source was heard;
            those whose source reports changes alone are none. None where no collector listens, or values wait to be read.
        clock_offset: Median seconds from source time to receipt in the newest batch; None without a column with `delayOf`.
    """

    state: str | None
    running: bool
    since: datetime | None
    last_message: datetime | None
    rate: float | None
    unlanded: int
    segments: int
    bytes: int
    rows: int | None
    oldest: datetime | None
    clock_offset: float | None = None
    gaps: int = 0
    silent: int | None = None

    def as_dict(self) -> dict[str, object]:
        """The keys of `source` in `lakeward status --json`."""
        return fields_of(self)


def guarantee_of(contract: Contract) -> Notice | None:
    """What is promised of the rows of a source; None of files, and of a broker, whose settings decide."""
    found: tuple[str, dict[str, object]] | None
    match contract.source:
        case SqlSource(watermark=watermark):
            is_exact = watermark.mode is WatermarkMode.XID8
            facts = {"column": watermark.column, "lookback": watermark.lookback}
            found = ("guarantee_xid8", {"column": watermark.column}) if is_exact else ("guarantee_lookback", facts)
        case KafkaSource():
            found = "guarantee_offsets", {}
        case HttpSource():
            found = "guarantee_answered", {}
        case OpcUaSource(repair_hours=hours):
            found = ("guarantee_history", {"hours": hours}) if hours else ("guarantee_queue", {})
        case OpcUaHistorySource(settle_seconds=seconds):
            found = "guarantee_settled", {"seconds": seconds}
        case ModbusSource(poll_ms=step):
            found = "guarantee_polls", {"milliseconds": step}
        case SparkplugSource(host=host):
            found = "guarantee_births", {"host": host}
        case _:
            found = None
    return Notice(found[0], {"dataset": contract.name, **found[1]}) if found else None
