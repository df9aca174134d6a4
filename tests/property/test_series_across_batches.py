"""However a feed is cut into batches, sensor rules find the same in it: nothing that spans two batches is lost, or counted twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.examples import examples
from support.judging import expect
from support.sensor_batches import BatchSequence, reading

SUITE = (
    expect("series_no_gap", id_="gap"),
    expect("series_not_flat", id_="flat", max_flat_seconds=25),
    expect("series_not_flat", id_="flat_slow", max_flat_seconds=25, heartbeat_seconds=40, tolerance=1),
    expect("series_rate_of_change_between", id_="rate", min_value=-0.2, max_value=0.2),
    expect("series_no_spike", id_="spike", max_readings=1),
    expect("series_timestamps_in_order", id_="order"),
    expect("series_no_duplicate_timestamps", id_="twice"),
    expect("series_no_duplicate_timestamps", id_="contradiction", allow_identical=True),
    expect("series_unit_unchanged", id_="unit"),
    expect("series_unit_unchanged", id_="unit_of_good", row_condition="quality == 0", condition_parser="pandas"),
    expect("series_range_by_state", id_="state", state_series="state", ranges={"run": [1, 4]}, series_regex="[ab]$"),
    expect("series_no_gap", id_="unplanned", state_series="state", stop_states=["idle"]),
)
BALANCE = expect("series_balance", id_="balance", input_series=["m/a"], output_series=["m/b", "m/c"])
STEPS = st.sampled_from((0, 10, 10, 10, 20, 50))
VALUES = st.sampled_from((None, 1.0, 1.0, 1.0, 2.0, 5.0, 9.0))


@st.composite
def feeds(draw):
    """Readings of three series of one machine, in the order of their times."""
    rows, at = [], 0
    for _ in range(draw(st.integers(2, 24))):
        at += draw(STEPS)
        series = draw(st.sampled_from(("m/a", "m/a", "m/b", "m/state")))
        word = draw(st.sampled_from(("run", "idle"))) if series == "m/state" else None
        rows.append(
            reading(at, draw(VALUES), series, word, draw(st.sampled_from((0, 0, 2))), draw(st.sampled_from(("Cel", "K"))))
        )
    # A state speaks for its own time too, and so must not come in a later batch than the readings of that time.
    return sorted(rows, key=lambda row: (row[1], row[0] != "m/state"))


def totals(*batches):
    line = BatchSequence(SUITE)
    for rows in batches:
        line.judge_next(rows)
    return dict(line.totals)


@settings(max_examples=examples(10), deadline=None)
@given(feeds(), st.data())
def test_cutting_a_feed_into_batches_changes_no_total(rows, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), min_size=1, max_size=3)))
    batches = [rows[low:high] for low, high in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    assert totals(*batches) == totals(rows)


QUIET = [(0.0, 0.1, 0.2)[number % 3] for number in range(6)]
FEED = [
    *(reading(10 * at, value) for at, value in enumerate((*QUIET, 8.0, *QUIET))),
    *(reading(at, 0.3) for at in (200, 210, 220, 230, 240, 250)),
    *(reading(at, 0.4, unit="K") for at in (250, 260)),
]


# What is wrong in the feed; to `flat_slow` a step of 1 is none, so that three stretches are flat after 25 s.
FOUND = {"gap": 1, "unplanned": 1, "flat": 3, "flat_slow": 11, "rate": 2, "spike": 1, "twice": 1, "contradiction": 1}
FOUND |= {"unit": 1, "unit_of_good": 1}


@pytest.mark.parametrize("cut", range(len(FEED) + 1))
def test_what_spans_two_batches_is_found_wherever_they_part(cut):
    found = totals(FEED[:cut], FEED[cut:])
    assert {id_: failed for id_, (_, failed) in found.items() if failed} == FOUND


@pytest.mark.parametrize("cut", range(13))
def test_a_balance_is_struck_with_the_last_of_its_readings(cut):
    at = (
        (at, series, value)
        for at, lost in ((0, 0), (10, 2), (20, 0))
        for series, value in (("m/a", 9 + lost), ("m/b", 4), ("m/c", 5))
    )
    feed = [reading(when, value, series) for when, series, value in (*at, (30, "m/a", 1), (30, "m/x", 2), (30, "m/a", 3))]
    line = BatchSequence((BALANCE,))
    line.judge_next(feed[:cut])
    line.judge_next(feed[cut:])
    assert line.totals["balance"] == [3, 1]


def test_a_late_batch_is_judged_by_itself_and_leaves_what_is_known():
    late = BatchSequence(SUITE[:1])
    late.judge_next([reading(0), reading(10), reading(20)])
    late.judge_next([reading(5), reading(15)])
    late.judge_next([reading(60)])
    assert late.totals["gap"] == [3, 1]


def test_a_clock_gone_wild_leaves_what_is_known():
    wild = BatchSequence(SUITE[:1])
    wild.judge_next([reading(0), reading(10), reading(10**9)])
    wild.judge_next([reading(20), reading(30)])
    assert wild.totals["gap"] == [3, 0]


def test_a_spike_at_the_end_of_a_batch_is_counted_in_the_next_and_diverts_no_row_of_it():
    line = BatchSequence(SUITE[4:5])
    at = 1 + len(QUIET)
    line.judge_next(FEED[:at])
    assert line.totals["spike"][1] == 0
    line.judge_next(FEED[at:13])
    assert (line.totals["spike"][1], line.failing["spike"]) == (1, [])
