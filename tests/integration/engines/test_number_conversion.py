"""Numbers of text become the same values in both engines: nulls by value, thousands, counted times and codes of quality."""

import pytest

from lakeward.contracts.model import Column, DataType, Kind
from lakeward.core.sql import literal
from lakeward.quality.convert import convert_column
from support.both_engines import ENGINES, open_engine_named
from support.judging import TEXT, contract

TYPES = (DataType(Kind.DOUBLE), DataType(Kind.INTEGER), DataType(Kind.DECIMAL, 9, 2))
TEXTS = ("-999", "-999,00", "-9,99E+02", "1.234", "0.123", "-1.234.567,0", "1'234")


@pytest.mark.parametrize("name", ENGINES)
def test_both_engines_make_the_same_numbers_of_a_text(name, tmp_path):
    engine = open_engine_named(name, str(tmp_path / "lake"))
    found = {type_.kind: [_convert(engine, type_, text) for text in TEXTS] for type_ in TYPES}
    engine.close()
    for values in found.values():
        assert values == [None, None, None, 1234, "fails", -1234567, "fails"]


@pytest.mark.parametrize("name", ENGINES)
def test_both_engines_count_nanoseconds_exactly_and_tell_the_quality_of_readings(name, tmp_path):
    engine = open_engine_named(name, str(tmp_path / "lake"))
    time = contract(Column("x", DataType(Kind.TIMESTAMP), "x", time_format="epoch_ns"), zone="UTC")
    # As doubles, the first of these divided by 1,000 would be a microsecond less.
    nanoseconds = [1_772_344_800_000_039_000, 1_772_344_800_000_001_999, -1_001]
    micros = [round(_output(engine, time, 0, str(count)).timestamp() * 1_000_000) for count in nanoseconds]
    reading = Column("v", DataType(Kind.DOUBLE), "v", nulls=("Bad", "stale", "-999"))
    both = contract(reading, Column("x", DataType(Kind.INTEGER), "v", quality_of="v"), nulls=("", "NA"))
    codes = [_output(engine, both, 1, text) for text in ("1.5", "Bad", " Bad ", "stale", "-999.0", "", "NA")]
    engine.close()
    assert micros == [count // 1000 for count in nanoseconds]
    assert codes == [0, 0x80000000, 0x80000000, 0x40000000, 0x80000000, None, None]


@pytest.mark.parametrize("name", ENGINES)
def test_both_engines_take_the_seconds_between_two_times(name, tmp_path):
    engine = open_engine_named(name, str(tmp_path / "lake"))
    times = Column("ts", DataType(Kind.TIMESTAMP), "ts", time_format="epoch_ms")
    promised = contract(times, Column("x", DataType(Kind.DOUBLE), "$received_at", delay_of="ts"))
    ts, delay = (convert_column(promised, at, TEXT) for at in range(2))
    relation = (
        "(SELECT '1772366400000' AS ts, x FROM (VALUES ('2026-03-01T12:00:00.250Z'), ('2026-03-01T11:00:00Z'), (NULL)) t(x))"
    )
    for at in range(max(len(ts.layers), len(delay.layers))):
        layer = {**(ts.layers[at] if at < len(ts.layers) else {}), **(delay.layers[at] if at < len(delay.layers) else {})}
        relation = f"(SELECT *, {', '.join(f'{sql} AS {alias}' for alias, sql in layer.items())} FROM {relation})"
    found = [row["delay"] for row in engine.fetch(f"SELECT {delay.output} AS delay FROM {relation}")]
    engine.close()
    assert set(found) == {0.25, -3600.0, None}


def _convert(engine, type_, text):
    return _output(engine, contract(Column("x", type_, "x", nulls=("-999.0", "1.70141e38")), decimal=",", thousands="."), 0, text)


def _output(engine, promised, index, text):
    made = convert_column(promised, index, TEXT)
    relation = f"(SELECT {literal(text)} AS x)"
    for layer in made.layers:
        relation = f"(SELECT *, {', '.join(f'{sql} AS {alias}' for alias, sql in layer.items())} FROM {relation})"
    row = engine.fetch(f"SELECT {made.output} AS value, {made.unconverted or 'FALSE'} AS fails FROM {relation}")[0]
    return "fails" if row["fails"] else row["value"]
