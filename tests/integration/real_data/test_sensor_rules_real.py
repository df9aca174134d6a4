"""Sensor rules, with their defaults, on real measurements: counted again by a reader of the test's own, and held against the labels."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from lakeward.contracts.model import Kind
from support.judging import column, contract, expect, rules_of
from support.real_data import DATA
from support.sensor_truth import Defect, flag_readings, load_readings, score_detection

pytestmark = [pytest.mark.slow, pytest.mark.real_data]

NAB = sorted((DATA / "nab").glob("real*/*.csv"))
SKAB = sorted((DATA / "skab").glob("*/*.csv"))
SIGNALS = ("Accelerometer1RMS", "Current", "Pressure", "Temperature", "Thermocouple", "Voltage", "Volume Flow RateRMS")


def rule(type_: str, id_: str, **kwargs: object):
    return expect(f"series_{type_}", id_=id_, time_column="ts", series_columns=["file"], **kwargs)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)


def times(file: Path, name: str, delimiter: str = ",") -> list[datetime]:
    with file.open(encoding="utf-8") as opened:
        return [moment(row[name]) for row in csv.DictReader(opened, delimiter=delimiter)]


def labelled_windows(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


@pytest.fixture(scope="module")
def nab():
    made = contract(column("file"), column("ts", Kind.TIMESTAMP), column("value", Kind.DOUBLE), zone="UTC")
    rules = rules_of(
        made,
        *(rule("no_gap", "gap", max_gap_seconds=3 * 3600), rule("timestamps_in_order", "order"), rule("no_spike", "spike")),
        *(rule("no_duplicate_timestamps", "twice"), rule("no_duplicate_timestamps", "contradiction", allow_identical=True)),
        rule("not_flat", "flat", max_flat_seconds=6 * 3600),
    )
    items = "parse_path(filename)[-2] || '/' || parse_path(filename)[-1] AS file, timestamp AS ts, value"
    return flag_readings(load_readings(NAB, items=items), made, rules, "file", "ts")


@pytest.fixture(scope="module")
def skab():
    items = "parse_path(filename)[-2] || '/' || parse_path(filename)[-1] AS file, datetime AS ts"
    signals = ", ".join(f'"{name}" AS s{place}' for place, name in enumerate(SIGNALS))
    made = contract(
        column("file"), column("ts", Kind.TIMESTAMP), *(column(f"s{n}", Kind.DOUBLE) for n in range(len(SIGNALS))), zone="UTC"
    )
    spikes = (rule("no_spike", name, column=f"s{place}") for place, name in enumerate(SIGNALS))
    rules = rules_of(made, rule("no_gap", "gap", max_gap_seconds=2), *spikes)
    return flag_readings(load_readings(SKAB, ";", f"{items}, {signals}"), made, rules, "file", "ts")


def test_gaps_of_the_test_bed_are_those_that_a_reader_counts(skab):
    steps = (later - sooner for file in SKAB for sooner, later in pairwise(times(file, "datetime", ";")))
    assert len(skab["gap"]) == sum(step > timedelta(seconds=2) for step in steps) == 70


@pytest.mark.exhaustive
def test_gaps_and_repeats_of_the_machine_sets_are_those_that_a_reader_counts(nab):
    ordered = [sorted(times(file, "timestamp")) for file in NAB]
    gaps = sum(later - sooner > timedelta(hours=3) for one in ordered for sooner, later in pairwise(one))
    repeats = sum(later == sooner for one in ordered for sooner, later in pairwise(one))
    assert (len(nab["gap"]), len(nab["twice"])) == (gaps, repeats)
    machine = "realKnownCause/machine_temperature_system_failure.csv"
    assert sum(flag.series == machine for flag in nab["contradiction"]) == 12


def test_readings_out_of_order_are_those_behind_a_newer_one(nab):
    late = 0
    for file in NAB:
        newest = datetime.min.replace(tzinfo=UTC)
        for at in times(file, "timestamp"):
            late += at < newest
            newest = max(newest, at)
    assert len(nab["order"]) == late > 0


def windows() -> Iterator[Defect]:
    listed = json.loads((DATA / "nab/labels/combined_windows.json").read_text(encoding="utf-8"))
    for file in NAB:
        yield from (Defect(labelled_windows(file), moment(start), moment(end)) for start, end in listed[labelled_windows(file)])


def anomalous(file: Path) -> Iterator[Defect]:
    """Stretches that the test bed's own labels call anomalous."""
    with file.open(encoding="utf-8") as opened:
        marked = [(moment(row["datetime"]), float(row.get("anomaly") or 0)) for row in csv.DictReader(opened, delimiter=";")]
    start = None
    for at, label in [*marked, (marked[-1][0], 0.0)]:
        if label and start is None:
            start = at
        if not label and start is not None:
            yield Defect(labelled_windows(file), start, at)
            start = None


def test_labels_of_process_faults_are_not_what_sensor_rules_tell(nab, skab):
    """The figures of docs/reference/sensor-rules.md: by chance, 9 % of the readings lie in a window of NAB, 28 % in a fault of SKAB."""
    spikes, flat = score_detection(nab["spike"], windows()), score_detection(nab["flat"], windows())
    assert (spikes.found_defects, spikes.defects, spikes.flags, spikes.true_flags) == (25, 49, 4494, 303)
    assert (flat.found_defects, flat.flags, flat.true_flags) == (6, 5580, 546)
    pump = score_detection([flag for name in SIGNALS for flag in skab[name]], [one for file in SKAB for one in anomalous(file)])
    assert (pump.found_defects, pump.defects, pump.flags, pump.true_flags) == (25, 34, 213, 52)
