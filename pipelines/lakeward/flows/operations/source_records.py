"""What the lake holds of a collected source: how far its clock is off, how often values may have been missed, and what is silent."""

from dataclasses import replace
from datetime import timedelta

from lakeward.contracts.model import Contract
from lakeward.core.names import Layer
from lakeward.core.sql import equals, identifier, instant, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import Workspace, landing_of
from lakeward.flows.batch.series_limits import reporting_series
from lakeward.flows.batch.source_events import SOURCE_EVENTS
from lakeward.flows.operations.source_answers import SourceStatus
from lakeward.quality.series.gaps import TOLERANCE
from lakeward.quality.series.source_record import LIMIT_COLUMNS
from lakeward.sources.collectors.state import HEARING

# Events behind which values may be missing, and for how long they are shown.
GAPS = ("source_gap", "source_sequence_gap", "source_session_lost", "source_gap_accepted")
RECENT = timedelta(days=1)


def with_records(workspace: Workspace, engine: Engine, contract: Contract, status: SourceStatus) -> SourceStatus:
    """The status with `clock_offset`, `gaps` and `silent`."""
    return replace(
        status,
        clock_offset=_clock_offset(engine, contract),
        gaps=_gaps(workspace, engine, contract),
        silent=_silent(workspace, engine, contract) if _is_up_to_date(status) else None,
    )


def silence_notices(name: str, status: SourceStatus) -> tuple[Notice, ...]:
    """What to do about series that are silent."""
    return (Notice("next_series_silent", {"dataset": name, "series": status.silent}),) if status.silent else ()


def _is_up_to_date(status: SourceStatus) -> bool:
    """Whether the lake knows all that came, from a source that is heard."""
    return status.running and status.state in HEARING and not status.segments and not status.unlanded


def _silent(workspace: Workspace, engine: Engine, contract: Contract) -> int | None:
    table = governance.table_name("series_state")
    expected = [(row["series"], row["interval_us"]) for row in reporting_series(contract, landing_of(workspace, contract.name))]
    if not expected or not engine.exists(table):
        return None
    now, late = instant(workspace.clock.now()), f"expected.interval_us * {1 + TOLERANCE!r}"
    series = engine.literal_rows({"series": LIMIT_COLUMNS["series"], "interval_us": LIMIT_COLUMNS["interval_us"]}, expected)
    newest = f"SELECT series, max(last_ts) AS last_ts FROM {table} WHERE {equals(dataset=contract.name)} GROUP BY series"
    query = (
        f"SELECT count(*) AS n FROM ({series}) AS expected JOIN ({newest}) AS seen ON expected.series = seen.series "
        f"WHERE epoch_us({now}) - epoch_us(seen.last_ts) > {late}"
    )
    return int(engine.fetch(query)[0]["n"])


def _clock_offset(engine: Engine, contract: Contract) -> float | None:
    """Median delay of the newest rows of silver, in seconds; None without a column that says it."""
    table = contract.table(Layer.SILVER)
    delay = next((column.name for column in contract.columns if column.delay_of), None)
    if delay is None or engine.info(table) is None or delay not in engine.types(table):
        return None
    newest = f"SELECT max(_batch_seq) FROM {table}"
    [found] = engine.fetch(f"SELECT median({identifier(delay)}) AS seconds FROM {table} WHERE _batch_seq = ({newest})")
    return None if found["seconds"] is None else round(found["seconds"], 3)


def _gaps(workspace: Workspace, engine: Engine, contract: Contract) -> int:
    table = governance.table_name(SOURCE_EVENTS)
    if engine.info(table) is None:
        return 0
    since = literal((workspace.clock.now() - RECENT).isoformat())
    kinds = ", ".join(map(literal, GAPS))
    recent = f"dataset = {literal(contract.name)} AND kind IN ({kinds}) AND happened_at >= CAST({since} AS TIMESTAMPTZ)"
    [found] = engine.fetch(f"SELECT count(*) AS n FROM {table} WHERE {recent}")
    return int(found["n"])
