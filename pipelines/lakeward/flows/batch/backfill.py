"""Takes in the rows of a span of time again, or for the first time, in batches of their own: where the source goes on does not move."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from lakeward.contracts.model import Contract
from lakeward.contracts.source import SPAN_SOURCES
from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows.base.batch_context import ignore_step
from lakeward.flows.base.report import RunReport
from lakeward.flows.base.workspace import OnProgress, ignore_progress, open_workspace, record_telemetry
from lakeward.flows.batch.ingest import run_ingest
from lakeward.sources.history.source import OpcUaHistory
from lakeward.sources.protocols import ReceiveResult, Source
from lakeward.sources.sql.source import SqlTable


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time, as a person writes it: dates or times of ISO 8601, `since <= time < until`; without an offset in the contract's zone."""

    since: str
    until: str


def backfill_dataset(settings: Settings, name: str, span: Span, *, on_progress: OnProgress = ignore_progress) -> RunReport:
    """Read the rows of a span from the database, or the server's history, and run them. Rows that silver has already are duplicates or corrections, by their key.

    Repeated, it lands nothing unless the rows of the span have changed.

    Raises:
        UsageError: The dataset is read from no database and no history, has no time column or no key, or a time is not valid.
        LakewardError: As `run_dataset`.
    """
    workspace = open_workspace(settings, on_progress)
    contract = workspace.project.contract(name)
    column = _time_column(contract)
    zone = ZoneInfo(contract.record_format.zone or workspace.project.zone)
    since, until = (_time(text, zone) for text in (span.since, span.until))
    if since >= until:
        raise UsageError("backfill_times", found=f"{span.since} … {span.until}")
    landed = 0

    def receive(source: Source) -> ReceiveResult:
        nonlocal landed
        landed = source.receive_span(column, since, until) if isinstance(source, SqlTable | OpcUaHistory) else 0
        return ReceiveResult(landed, 0, ())

    with record_telemetry(workspace, "backfill") as traced:
        report = run_ingest(traced, name, ignore_step, receive=receive)
    if landed:
        return report
    facts: dict[str, object] = {"dataset": name, "since": span.since, "until": span.until}
    return replace(report, warnings=(*report.warnings, ("backfill_nothing_new", facts)))


def _time_column(contract: Contract) -> str:
    """The time column, as the database calls it."""
    if not isinstance(contract.source, SPAN_SOURCES):
        raise UsageError("backfill_no_database", dataset=contract.name)
    if contract.time_column is None:
        raise UsageError("backfill_without_time", dataset=contract.name)
    if not contract.primary_key and not contract.duplicates_exact:
        raise UsageError("backfill_without_key", dataset=contract.name)
    return contract.column(contract.time_column).source_name


def _time(text: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError("backfill_times", found=text) from None
    return found if found.tzinfo else found.replace(tzinfo=zone)
