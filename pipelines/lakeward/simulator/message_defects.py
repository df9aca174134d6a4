"""Defects of transport: labels, clocks, order, loss and repetition. The measurement itself is right.

Each function changes the feed in place and returns its defects. They run in the order of `MESSAGE_DEFECTS`: defects of devices
first, defects of the network last.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from lakeward.simulator.feed import BAD, UNCERTAIN, Feed, Message
from lakeward.simulator.physics import Signal
from lakeward.simulator.plant import CLOCK_AHEAD, CLOCK_RESET, OFFSET, SITE
from lakeward.simulator.randomness import noise
from lakeward.simulator.shift import HOUR, MINUTE, TICK_S, TICKS
from lakeward.simulator.signal_defects import Mark, random_span, signals_with_tags

# Machines whose controllers report slow tags on change only.
ON_CHANGE = "/pack"
# Machines whose network may fail.
DEVICES = ("press01", "press02", "cnc01", "furnace01")

MessageDefect = Callable[[Feed, random.Random], Iterator[Mark]]


def new_tag(feed: Feed, rng: random.Random) -> Iterator[Mark]:
    """An unannounced tag begins to report; magnitude: its unit. Not a defect."""
    series, span = f"{SITE}/line2/pack02/humidity_pct", range(12 * HOUR, TICKS)
    feed.signals[series] = Signal(series=series, unit="%", decimals=2, values=[48 + wobble for wobble in noise(rng, TICKS, 1.5)])
    feed.rows[series] = [feed.message(series, tick).line() if tick in span else "" for tick in range(TICKS)]
    yield series, span, "new_tag", "%"


def deadband(feed: Feed, _: random.Random) -> Iterator[Mark]:
    """A tag reports on change of 0.5, or after 10 minutes: silent for good reason; magnitude: the dead band. Not a defect."""
    for series in (name for name in _series_with_tags(feed, "ambient_degc") if ON_CHANGE in name):
        values, rows = feed.signals[series].values, feed.rows[series]
        last = 0
        for tick in range(1, TICKS):
            if abs(values[tick] - values[last]) < 0.5 and tick - last < 10 * MINUTE:
                rows[tick] = ""
            else:
                last = tick
        yield series, range(TICKS), "deadband", 0.5


def bad_status(feed: Feed, rng: random.Random) -> Iterator[Mark]:
    """A sensor is gone: bad status, no value; magnitude: the status."""
    for series in rng.sample(_series_with_tags(feed, "temp_degc"), 3):
        span = random_span(rng, 5 * MINUTE, 30 * MINUTE)
        _rewrite(feed, series, span, lambda reading: replace(reading, value="", status=BAD))
        yield series, span, "bad_status", BAD


def uncertain_status(feed: Feed, rng: random.Random) -> Iterator[Mark]:
    """A burst of uncertain status with plausible values; magnitude: the status."""
    for series in rng.sample(_series_with_tags(feed, "vib_mms"), 3):
        span = random_span(rng, MINUTE, 10 * MINUTE)
        _rewrite(feed, series, span, lambda reading: replace(reading, status=UNCERTAIN))
        yield series, span, "uncertain_status", UNCERTAIN


def unknown_unit(feed: Feed, rng: random.Random) -> Iterator[Mark]:
    """A unit that is no UCUM code; magnitude: its text."""
    for series in rng.sample([name for name in _series_with_tags(feed, "ambient_degc") if ON_CHANGE not in name], 2):
        span = random_span(rng, 40 * MINUTE, 60 * MINUTE)
        _rewrite(feed, series, span, lambda reading: replace(reading, unit="°C"))
        yield series, span, "unknown_unit", "°C"


def decimal_comma(feed: Feed, rng: random.Random) -> Iterator[Mark]:
    """A gateway in another locale writes 21,5 for 21.5; magnitude: the separator."""
    for series in rng.sample(_series_with_tags(feed, "seal_degc"), 1):
        span = random_span(rng, 120 * MINUTE, 200 * MINUTE)
        _rewrite(feed, series, span, lambda reading: replace(reading, value=f'"{reading.value.replace(".", ",")}"'))
        yield series, span, "decimal_comma", "comma"


def clock_ahead(feed: Feed, rng: random.Random) -> Iterator[Mark]:
    """A device jumps to another zone for two hours; magnitude: seconds ahead."""
    start = rng.randrange(13 * HOUR, 15 * HOUR)
    span = range(start, start + 2 * HOUR)
    for series in _device(feed, CLOCK_AHEAD):
        for tick in span:
            feed.rows[series][tick] = replace(feed.message(series, tick), at=feed.stamps[tick + HOUR]).line()
        yield series, span, "clock_ahead", HOUR * TICK_S


def clock_reset(feed: Feed, rng: random.Random) -> Iterator[Mark]:
    """A device restarts without a clock and counts from 1970 until it hears the time; magnitude: the year."""
    start = rng.randrange(3 * HOUR, 5 * HOUR)
    span = range(start, start + 40 * MINUTE)
    for series in _device(feed, CLOCK_RESET):
        for tick in span:
            up = (tick - start) * TICK_S
            at = f"1970-01-01T08:{up // 60:02d}:{up % 60:02d}{OFFSET}"
            feed.rows[series][tick] = replace(feed.message(series, tick), at=at).line()
        yield series, span, "clock_reset", 1970


def torn_row(feed: Feed, rng: random.Random) -> Iterator[Mark]:
    """A line that ends after its third field; magnitude: the fields that are left."""
    for series in rng.sample(_series_with_tags(feed, "speed_ppm", "load_pct", "force_kn"), 4):
        for tick in sorted(rng.sample(range(HOUR, TICKS), 3)):
            feed.rows[series][tick] = feed.rows[series][tick].rsplit(",", 4)[0]
            yield series, range(tick, tick + 1), "torn_row", 3


def gap(feed: Feed, rng: random.Random) -> Iterator[Mark]:
    """Tags and whole devices fall silent for 1 to 60 minutes; half were stored and sent later; magnitude: seconds."""
    silent = [
        ([series], random_span(rng, MINUTE, 60 * MINUTE))
        for series in rng.sample(_series_with_tags(feed, "oil_bar", "zone1_degc"), 2)
    ]
    # Whole devices fall silent in the first hour, in which no other defect of a tag begins.
    for device in rng.sample(DEVICES, 2):
        start = rng.randrange(HOUR // 2)
        silent.append((_device(feed, device), range(start, start + rng.randint(MINUTE, HOUR // 2))))
    for number, (group, span) in enumerate(silent):
        for series in group:
            rows = feed.rows[series]
            if number % 2:
                feed.replayed.extend(rows[tick] for tick in span if rows[tick])
            rows[span[0] : span[-1] + 1] = [""] * len(span)
            yield series, span, "gap_replayed" if number % 2 else "gap", len(span) * TICK_S


def duplicate(feed: Feed, rng: random.Random) -> Iterator[Mark]:
    """The same message twice, one in a hundred; magnitude: how often."""
    for series, tick in _draw_messages(feed, rng, 0.01):
        feed.extra_messages[tick].append(feed.rows[series][tick])
        yield series, range(tick, tick + 1), "duplicate", 2


def contradiction(feed: Feed, rng: random.Random) -> Iterator[Mark]:
    """The same time once more with another value, one in ten thousand; magnitude: the difference."""
    for series, tick in _draw_messages(feed, rng, 0.0001):
        if feed.signals[series].decimals:
            reading = feed.message(series, tick)
            feed.extra_messages[tick].append(replace(reading, value=f"{float(reading.value) + 0.5:.2f}").line())
            yield series, range(tick, tick + 1), "contradiction", 0.5


def late(feed: Feed, rng: random.Random) -> Iterator[Mark]:
    """Messages overtaken by others: one in fifty by up to 5 minutes, one in a thousand by hours; magnitude: seconds."""
    for share, longest in ((0.02, 5 * MINUTE), (0.001, 6 * HOUR)):
        for series, tick in _draw_messages(feed, rng, share):
            arrival = min(tick + rng.randint(1, longest), TICKS - 1)
            feed.extra_messages[arrival].append(feed.rows[series][tick])
            feed.rows[series][tick] = ""
            yield series, range(tick, tick + 1), "late", (arrival - tick) * TICK_S


def _rewrite(feed: Feed, series: str, span: range, change: Callable[[Message], Message]) -> None:
    for tick in span:
        feed.rows[series][tick] = change(feed.message(series, tick)).line()


def _series_with_tags(feed: Feed, *tags: str) -> list[str]:
    return [signal.series for signal in signals_with_tags(feed.signals, *tags)]


def _device(feed: Feed, machine: str) -> list[str]:
    return [series for series in feed.signals if f"/{machine}/" in series]


def _draw_messages(feed: Feed, rng: random.Random, share: float) -> Iterator[tuple[str, int]]:
    # The draws are made first: what a defect moves must not decide which message is drawn next.
    series = list(feed.rows)
    picks = [(rng.choice(series), rng.randrange(TICKS)) for _ in range(int(share * TICKS * len(series)))]
    return ((name, tick) for name, tick in picks if feed.rows[name][tick])


MESSAGE_DEFECTS: tuple[MessageDefect, ...] = (
    new_tag, deadband, bad_status, uncertain_status, unknown_unit, decimal_comma, clock_ahead, clock_reset, torn_row, gap,
    duplicate, contradiction, late,
)  # fmt: skip
