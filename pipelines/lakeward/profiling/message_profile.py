"""Profiles messages: the product's own decoder reads them by the proposed layout, and the columns are measured as those of a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.model import COUNTED_TIMES, Column, DataType, Kind
from lakeward.core.names import Relation
from lakeward.core.sql import identifier
from lakeward.engines.protocols import Engine
from lakeward.profiling.findings import NUMBERS, ColumnProfile, Key, Profile
from lakeward.profiling.keys import find_key, find_time_column, measure_times
from lakeward.profiling.payload_layouts import PayloadLayout
from lakeward.profiling.probe import FileProbe
from lakeward.profiling.profile import measure_columns
from lakeward.profiling.sample import Sample
from lakeward.profiling.series_proposals import SeriesProposal, propose_series
from lakeward.profiling.type_candidates import STRING
from lakeward.profiling.type_trials import StagedRecords

ADDRESS, RETAINED = "address", "retained"
# Columns of a reading that every draft has; the others only where a message fills them.
_ALWAYS = ("series", "ts", "value", RETAINED)
_OF_ALL_SERIES = ("value", "value_text", RETAINED)
# A time of the record that fewer have than this share is not the time of the records.
_LEAST_TIMES = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageProfile:
    """What messages show of themselves.

    Args:
        clock_offset: Median of receipt minus source time, in seconds; None where only the time of receipt is known.
        reasons: Message code of why messages could not be decoded -> how many.
        series: Proposed mapping of addresses; empty for rows that are no readings.
    """

    profile: Profile
    clock_offset: float | None
    reasons: Mapping[str, int]
    series: tuple[SeriesProposal, ...]


def profile_messages(engine: Engine, segment: BatchInput, layout: PayloadLayout) -> MessageProfile | None:
    """The profile of a segment of messages; None where none could be decoded."""
    columns = tuple(Column(name, STRING, source) for name, source in layout.names.items())
    read = engine.stage((segment,), layout.record_format, columns)
    named = ", ".join(identifier(name) for name in layout.names)
    rows = engine.materialise("profile_staged", f"SELECT {named}, _row FROM {read.rows}")
    reasons = engine.fetch(f"SELECT reason, count(*) AS n FROM {read.rejects} GROUP BY reason ORDER BY n DESC, reason")
    [count] = engine.fetch(f"SELECT count(*) AS n FROM {rows}")
    rejects = {row["reason"]: row["n"] for row in reasons}
    if not count["n"]:
        return None
    sample = Sample(
        probe=FileProbe(segment, layout.record_format),
        staged=StagedRecords(engine, rows, layout.record_format),
        headers=tuple(layout.names.values()),
        names=layout.names,
        joined={},
        rows=count["n"],
        rejects=sum(rejects.values()),
        files=1,
        drift=(),
    )
    staged, found, values = measure_columns(engine, sample)
    time = _time_column(found, layout, sample.rows)
    series = propose_series(engine, values) if layout.has_readings and time else ()
    profile = _profile(staged, tuple(_drafted(found, layout, time, series)), values, sample, layout)
    return MessageProfile(
        profile=profile, clock_offset=_clock_offset(engine, values, profile, layout), reasons=rejects, series=series
    )


def _profile(
    staged: StagedRecords, columns: tuple[ColumnProfile, ...], values: Relation, sample: Sample, layout: PayloadLayout
) -> Profile:
    time = _time_column(columns, layout, sample.rows)
    key = _key(staged.engine, values, columns, time, layout, sample.rows)
    times = measure_times(staged, values, time, _series_key(key, layout, time)) if time else None
    return Profile(
        record_format=staged.record_format,
        agreeing_records=0,
        sampled_records=0,
        rows=sample.rows,
        rejects=sample.rejects,
        suffix="",
        columns=columns,
        key=key,
        # How long a look lasts says nothing of how often messages come.
        times=replace(times, span_seconds=None) if times else None,
    )


def _time_column(found: tuple[ColumnProfile, ...], layout: PayloadLayout, rows: int) -> ColumnProfile | None:
    if layout.time:
        return next((column for column in found if column.name == layout.time and column.type.kind is Kind.TIMESTAMP), None)
    own = find_time_column([column for column in found if column.name != layout.received])
    if own and own.converted >= _LEAST_TIMES * rows:
        return own
    return next((column for column in found if column.name == layout.received), None)


def _drafted(
    found: tuple[ColumnProfile, ...], layout: PayloadLayout, time: ColumnProfile | None, series: Sequence[SeriesProposal]
) -> Iterator[ColumnProfile]:
    """The columns of the contract: what neither a message nor the mapping fills is left out, and so is what serves the look alone."""
    always = (*_ALWAYS, "unit") if any(one.unit for one in series) else _ALWAYS
    for column in found:
        if layout.has_readings and (column.name in {layout.received, ADDRESS} or not (column.filled or column.name in always)):
            continue
        if column.name == layout.received and column is not time:
            continue
        yield _of_all_series(column) if column.name in {layout.address, *_OF_ALL_SERIES} else column


def _of_all_series(column: ColumnProfile) -> ColumnProfile:
    """Without range, list and form, which series have not in common, or which a new one has not; numbers may have a fraction."""
    type_ = DataType(Kind.DOUBLE) if column.name == "value" and column.type.kind in NUMBERS else column.type
    return replace(column, type=type_, low=None, high=None, choices=(), pattern=None, nulls=(), suspects=())


def _key(
    engine: Engine,
    values: Relation,
    columns: tuple[ColumnProfile, ...],
    time: ColumnProfile | None,
    layout: PayloadLayout,
    rows: int,
) -> Key:
    if time is None:
        return Key()
    # Of messages that came twice, all columns but these say the same.
    own = [column.name for column in columns if column.name not in {RETAINED, layout.address, time.name}]
    pair = f"{identifier(layout.address)}, {identifier(time.name)}"
    whole = ", ".join([pair, *map(identifier, own)])
    [found] = engine.fetch(
        f"SELECT count(DISTINCT ({pair})) AS pairs, count(DISTINCT ({whole})) AS wholes, count({identifier(time.name)}) AS timed FROM {values}"
    )
    if found["timed"] == rows and found["pairs"] == (found["wholes"] if layout.has_readings else rows):
        return Key((layout.address, time.name))
    if layout.has_readings:
        return Key()
    key = find_key(engine, values, columns, time, rows)
    # Two numbers that tell messages of a short look apart are chance.
    return key if len(key.columns) == 1 else Key()


def _series_key(key: Key, layout: PayloadLayout, time: ColumnProfile) -> Key:
    return key if len(key.columns) > 1 else Key((layout.address, time.name))


def _clock_offset(engine: Engine, values: Relation, profile: Profile, layout: PayloadLayout) -> float | None:
    time = profile.times.column if profile.times else layout.received
    if profile.column(time).source_name == layout.received_field:
        return None
    received = identifier(layout.received)
    [found] = engine.fetch(
        f"SELECT median(epoch({received}) - epoch({identifier(time)})) AS seconds, max({received}) AS at FROM {values} WHERE {identifier(time)} IS NOT NULL"
    )
    return None if found["seconds"] is None else round(found["seconds"] + _zone_seconds(profile, found["at"]), 3)


def _zone_seconds(profile: Profile, at: datetime) -> float:
    """By how much times without an offset, which a profile takes for UTC, are later than in the contract's zone."""
    zone, times = profile.record_format.zone, profile.times
    if not zone or not times or times.offsets or profile.column(times.column).time_format in COUNTED_TIMES:
        return 0.0
    return (at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()).total_seconds()
