"""Sensor rules that know their source: ranges and intervals of the mapping, and the events of the collector."""

from datetime import UTC, datetime

import pytest

from lakeward.contracts.payload import RECORDS_PER_MESSAGE
from lakeward.contracts.segment_keys import MAX_ROWS
from lakeward.flows.batch.series_limits import SeriesLimits
from lakeward.quality.series.rule_sql import ROWS_PER_FILE, SECOND
from lakeward.quality.series.source_record import FOREVER, MAX_SPANS, SourceRecord, SourceSpan, merge_spans
from support.judging import expect
from support.sensor_batches import BatchSequence, reading

BEGAN = int(datetime(2020, 3, 1, tzinfo=UTC).timestamp()) * SECOND
NOTHING = {
    "address": None,
    "interval_us": None,
    "low": None,
    "high": None,
    "unit": "",
    "changes_only": False,
    "is_checked": False,
}


def limit(series="m/t", first=0, end=2**62, **values):
    return {"series": series, "first_place": first, "end_place": end, "version": 1, "line": 2} | NOTHING | values


def span(begin, end, scope=""):
    return SourceSpan(BEGAN + begin * SECOND, BEGAN + end * SECOND, scope)


def judge(rows, *limits, expectations=(), more=(), **record):
    """The verdicts by type of rule, failing rows by the same, of rows in one batch or, with `more`, in several."""
    rules = SeriesLimits(limits, ("series", "value", "unit")).rules()
    units = SeriesLimits(limits).units
    line = BatchSequence(expectations, record=SourceRecord(units=units, **record), limits=limits, mapped=rules)
    verdicts = [line.judge_next(part) for part in (rows, *more)][-1]
    names = {rule.id: rule.type for rule in rules} | {"r": "r"}
    return {names[id_]: v for id_, v in verdicts.items()}, {names[id_]: rows for id_, rows in line.failing.items()}


def gap(**kwargs):
    return expect("series_no_gap", id_="r", source_events=True, **kwargs)


def test_a_checked_range_fails_each_reading_outside_and_a_proposed_one_is_a_rule_of_its_own():
    rows = [reading(0, 5), reading(10, -1), reading(20, 11), reading(0, 11, series="m/p"), reading(0, 99, series="m/x")]
    verdicts, failing = judge(rows, limit(low=0.0, high=10.0, is_checked=True), limit("m/p", high=10.0))
    assert failing == {"series_range": [(1, 2), (1, 3)], "series_proposed_range": [(1, 4)]}
    told = {kind: (v.rule.severity.value, v.evaluated, v.failed) for kind, v in verdicts.items()}
    assert told == {"series_range": ("quarantine", 3, 2), "series_proposed_range": ("warn", 1, 1)}


def test_every_record_of_a_segment_has_a_place():
    assert (MAX_ROWS + 1) * RECORDS_PER_MESSAGE <= ROWS_PER_FILE


def test_a_range_holds_for_the_rows_that_were_read_by_its_version():
    old, new = (
        limit(high=10.0, is_checked=True, end=2 * ROWS_PER_FILE),
        limit(high=20.0, is_checked=True, first=2 * ROWS_PER_FILE),
    )
    _, failing = judge([reading(0, 15)], old, new, more=([reading(10, 15), reading(20, 25)],))
    assert failing["series_range"] == [(1, 1), (2, 2)]


def test_a_reading_in_another_unit_is_not_judged_by_the_range():
    rows = [reading(at, 50, unit=unit) for at, unit in enumerate(("Cel", "°C", "[degF]", None, "DEGC", "deg C"))]
    verdicts, failing = judge(rows, limit(high=10.0, unit="Cel", is_checked=True))
    assert (failing["series_range"], verdicts["series_range"].evaluated) == ([(1, 1), (1, 2), (1, 5), (1, 6)], 4)


def test_the_version_of_a_rule_changes_with_what_the_mapping_says_of_it_alone():
    def version(**values):
        [rule] = SeriesLimits((limit(**{"high": 10.0} | values),), ("series", "value", "")).rules()
        return rule.version

    assert version(line=7) == version() == version(version=9)
    assert version(high=11.0) != version() != version(unit="Cel")


def test_a_silence_of_more_than_one_and_a_half_intervals_fails():
    rows = [reading(at) for at in (0, 10, 25, 41)] + [reading(at, series="m/x") for at in (0, 500)]
    verdicts, failing = judge(rows, limit(interval_us=10 * SECOND))
    assert failing == {"series_interval": [(1, 4)]}
    assert (verdicts["series_interval"].evaluated, verdicts["series_interval"].rule.severity) == (3, "warn")


def test_a_gap_while_nobody_listened_is_not_the_plants_and_is_counted():
    rows = [reading(at) for at in (0, 10, 100, 110, 200)]
    verdicts, failing = judge(rows, limit(interval_us=10 * SECOND), away=(span(40, 90),))
    assert failing["series_interval"] == [(1, 5)]
    assert (verdicts["series_interval"].evaluated, verdicts["series_interval"].observed) == (3, '{"unheard": 1}')


def test_a_gap_between_two_batches_is_excused_as_one_within():
    verdicts, failing = judge(
        [reading(0)], limit(interval_us=10 * SECOND), more=([reading(100), reading(200)],), away=(span(40, 90),)
    )
    assert (failing["series_interval"], verdicts["series_interval"].observed) == ([(2, 2)], '{"unheard": 1}')


def test_a_series_that_reports_changes_is_silent_only_where_its_device_is_off():
    rows = [reading(at) for at in (0, 100, 200)]
    quiet = limit(interval_us=10 * SECOND, changes_only=True, address="G/E//t")
    verdicts, failing = judge(rows, quiet)
    assert (failing["series_interval"], verdicts["series_interval"].outcome) == ([], "UNKNOWN")
    assert verdicts["series_interval"].observed == '{"unchanged": 2}'
    for scope, failed in (("G/E/", [(1, 2)]), ("G/other/", [])):
        assert judge(rows, quiet, dead=(span(50, 60, scope),))[1]["series_interval"] == failed


def test_a_source_that_reports_changes_alone_says_so_of_all_its_series():
    verdicts, failing = judge([reading(0), reading(100)], expectations=(gap(),), changes_only=True)
    assert (failing["r"], verdicts["r"].observed) == ([], '{"unchanged": 1}')


def test_a_loss_that_the_source_told_fails_once_in_each_series_that_it_speaks_of():
    rows = [reading(at, series=series) for at in (0, 10, 20, 30) for series in ("nsu=u;s=a", "nsu=u;s=b")]
    verdicts, failing = judge(rows, expectations=(gap(),), lost=(span(15, 15, "nsu=u;s=a"),))
    assert (failing["r"], verdicts["r"].evaluated) == ([(1, 5)], 6)
    assert judge(rows, expectations=(gap(),), lost=(span(15, 15),))[1]["r"] == [(1, 5), (1, 6)]


def test_a_loss_while_nobody_listened_is_a_failure():
    lost_session = {"away": (span(10, 90),), "lost": (span(90, 90),)}
    verdicts, failing = judge([reading(0), reading(100)], expectations=(gap(),), **lost_session)
    assert (failing["r"], verdicts["r"].observed) == ([(1, 2)], None)


def test_without_the_argument_a_rule_of_a_suite_is_as_it_was():
    rows, plain = [reading(0), reading(100)], expect("series_no_gap", id_="r")
    assert judge(rows, expectations=(plain,), away=(span(40, 60),))[1]["r"] == [(1, 2)]


def test_a_flat_line_of_a_series_that_reports_changes_is_not_judged():
    rows = [reading(at, 5.0, series=series) for series in ("m/t", "m/x") for at in range(0, 50, 10)]
    flat = expect("series_not_flat", id_="r", max_flat_seconds=20, source_events=True)
    verdicts, failing = judge(rows, limit(changes_only=True), expectations=(flat,))
    assert (failing["r"], verdicts["r"].evaluated) == ([(1, 9), (1, 10)], 4)


def test_of_many_times_without_a_listener_the_newest_stay_as_they_are():
    merged = merge_spans(span(hour * 3600, hour * 3600 + 5) for hour in range(720))
    assert len(merged) <= MAX_SPANS
    assert merged[-100:] == tuple(span(hour * 3600, hour * 3600 + 5) for hour in range(620, 720))


def test_spans_that_touch_are_one():
    assert merge_spans((SourceSpan(0, 5), SourceSpan(5, 9), SourceSpan(20, 30), SourceSpan(22, 25))) == (
        SourceSpan(0, 9),
        SourceSpan(20, 30),
    )


@pytest.mark.parametrize("scope", ["", "edge"])
def test_of_many_spans_the_newest_stay_apart_and_older_ones_are_no_failure(scope):
    spans = [SourceSpan(10 * at, 10 * at + 2, f"{scope}{at % 2}" if scope else "") for at in range(1000)]
    merged = merge_spans(reversed(spans))
    assert len(merged) == (MAX_SPANS - 1 if scope else MAX_SPANS)
    assert set(spans[1 - MAX_SPANS :]) <= set(merged)
    assert scope or merged[0] == SourceSpan(0, spans[-MAX_SPANS].end)
    lasting = [SourceSpan(at, FOREVER, f"d{at}/") for at in range(MAX_SPANS)]
    assert SourceSpan(0, 9000, "born/") in merge_spans((*lasting, SourceSpan(0, 9000, "born/")))


def test_a_month_of_short_times_away_hides_no_silence_and_no_loss():
    hours = [-3600 * hour for hour in range(1, 721)]
    away = merge_spans(span(begin, begin + 5) for begin in hours)
    rows = [reading(at) for at in (-3 * 3600 + 60, -2 * 3600 - 60)]
    assert judge(rows, limit(interval_us=10 * SECOND), away=away)[1]["series_interval"] == [(1, 2)]
    lost = merge_spans(span(at, at) for at in hours)
    rows = [reading(-3 * 3600 + at) for at in (-30, 30)]
    assert judge(rows, expectations=(gap(),), lost=lost)[1]["r"] == [(1, 2)]


def test_a_silence_that_was_heard_before_or_after_a_short_time_away_fails():
    def fails(*away, end=36_010):
        rows = [reading(0), reading(end)]
        return judge(rows, limit(interval_us=10 * SECOND), away=away)[1]["series_interval"] == [(1, 2)]

    assert fails(span(36_000, 36_005))
    assert fails(span(5, 35_000))
    assert fails(span(5, 10), span(36_000, 36_005))
    assert not fails(span(50, 36_005))  # a lost connection is noticed up to a minute later
    assert not fails(span(5, 15), span(20, 28), end=40)  # three times heard, none of them long enough
    assert fails(span(60, 65), end=50)
