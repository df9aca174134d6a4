"""Defects of the sensor or the controller: the message is well formed, its value is wrong.

Each function changes signals in place and returns its defects. Each kind has tags of its own, so that no defect hides another.
"""

import random
from collections.abc import Callable, Iterator

from lakeward.simulator.physics import Signal, Signals
from lakeward.simulator.plant import CLOCK_AHEAD, CLOCK_RESET
from lakeward.simulator.randomness import noise
from lakeward.simulator.shift import HOUR, MINUTE, TICKS

# Series, ticks from first to last, kind, magnitude: see `truth.InjectedDefect`.
Mark = tuple[str, range, str, object]
SignalDefect = Callable[[Signals, random.Random], Iterator[Mark]]

ROLLOVER = 2**16
# What a controller reports where it has no value and no status to say so.
SENTINEL = -9999.0


def random_span(rng: random.Random, shortest: int, longest: int) -> range:
    """A stretch of `shortest` to `longest` ticks inside the day, the first hour left out."""
    length = rng.randint(shortest, longest)
    start = rng.randrange(HOUR, TICKS - length)
    return range(start, start + length)


def signals_with_tags(signals: Signals, *tags: str) -> list[Signal]:
    """The signals of these tags, in the order of the plant, without the machines whose clock goes wrong."""
    return [signal for signal in signals.values() if signal.tag in tags and signal.machine not in (CLOCK_AHEAD, CLOCK_RESET)]


def drift(signals: Signals, rng: random.Random) -> Iterator[Mark]:
    """From a random onset to the end of the day the sensor walks away; magnitude: shift per hour."""
    for signal in rng.sample(signals_with_tags(signals, "vib_mms"), 2):
        onset, per_hour = rng.randrange(2 * HOUR, 14 * HOUR), round(rng.uniform(0.05, 0.2), 3)
        span = range(onset, TICKS)
        for tick in span:
            signal.values[tick] += per_hour * (tick - onset) / HOUR
        yield signal.series, span, "drift", per_hour


def stuck(signals: Signals, rng: random.Random) -> Iterator[Mark]:
    """The value freezes for 5 to 120 minutes while the status stays good; magnitude: the frozen value."""
    for signal in rng.sample(signals_with_tags(signals, "power_kw"), 4):
        span = random_span(rng, 5 * MINUTE, 120 * MINUTE)
        frozen = round(signal.values[span[0]], signal.decimals)
        signal.values[span[0] : span[-1] + 1] = [frozen] * len(span)
        yield signal.series, span, "stuck", frozen


def spike(signals: Signals, rng: random.Random) -> Iterator[Mark]:
    """One to three samples leap by 5 to 20 of the sensor's spreads; magnitude: the leap."""
    for signal in signals_with_tags(signals, "force_kn", "load_pct", "gas_m3h", "speed_ppm"):
        spread = max(signal.values) / 20
        for hour in range(1, 22, 3):
            start = rng.randrange(hour * HOUR, (hour + 2) * HOUR)
            span = range(start, start + rng.randint(1, 3))
            leap = round(rng.choice((-1, 1)) * rng.uniform(5, 20) * spread, 2)
            for tick in span:
                signal.values[tick] += leap
            yield signal.series, span, "spike", leap


def saturation(signals: Signals, rng: random.Random) -> Iterator[Mark]:
    """The reading lies flat at the end of the sensor's range; magnitude: that end."""
    for signal in rng.sample(signals_with_tags(signals, "zone2_degc"), 1):
        span, end = random_span(rng, 10 * MINUTE, 30 * MINUTE), 1000.0
        signal.values[span[0] : span[-1] + 1] = [end] * len(span)
        yield signal.series, span, "saturation", end


def sentinel(signals: Signals, rng: random.Random) -> Iterator[Mark]:
    """The controller reports its own "no value" as a value; magnitude: that number."""
    for signal in rng.sample(signals_with_tags(signals, "coolant_lmin"), 1):
        span = random_span(rng, 2 * MINUTE, 6 * MINUTE)
        signal.values[span[0] : span[-1] + 1] = [SENTINEL] * len(span)
        yield signal.series, span, "sentinel", SENTINEL


def fahrenheit(signals: Signals, rng: random.Random) -> Iterator[Mark]:
    """After an update a sensor sends °F, still labelled `Cel`; magnitude: the factor (the offset is 32)."""
    for signal in rng.sample(signals_with_tags(signals, "oil_degc"), 1):
        span = random_span(rng, 90 * MINUTE, 180 * MINUTE)
        for tick in span:
            signal.values[tick] = signal.values[tick] * 1.8 + 32
        yield signal.series, span, "unit_fahrenheit", 1.8


def kilopascal(signals: Signals, rng: random.Random) -> Iterator[Mark]:
    """A pressure arrives in kPa, still labelled `bar`; magnitude: the factor."""
    for signal in rng.sample(signals_with_tags(signals, "air_bar"), 1):
        span = random_span(rng, 30 * MINUTE, 90 * MINUTE)
        for tick in span:
            signal.values[tick] *= 100
        yield signal.series, span, "unit_kilopascal", 100


def quiet(signals: Signals, rng: random.Random) -> Iterator[Mark]:
    """A sensor whose noise is gone: not one frozen value, but far too smooth; magnitude: the noise that is left."""
    for signal in rng.sample(signals_with_tags(signals, "spindle_rpm"), 1):
        span = random_span(rng, 60 * MINUTE, 120 * MINUTE)
        mean = sum(signal.values[tick] for tick in span) / len(span)
        signal.values[span[0] : span[-1] + 1] = [mean + deviation for deviation in noise(rng, len(span), 0.05)]
        yield signal.series, span, "stuck_smooth", 0.05


def counter_reset(signals: Signals, rng: random.Random) -> Iterator[Mark]:
    """A controller restarts and its counter begins again at 0; magnitude: the count that was lost."""
    for signal in rng.sample(signals_with_tags(signals, "reject_count"), 1):
        tick = rng.randrange(8 * HOUR, 20 * HOUR)
        lost = signal.values[tick]
        signal.values[tick:] = [value - lost for value in signal.values[tick:]]
        yield signal.series, range(tick, tick + 1), "counter_reset", lost


def counter_rollover(signals: Signals, rng: random.Random) -> Iterator[Mark]:
    """A 16-bit counter passes its end in the middle of its day; magnitude: 2**16."""
    signal = max(signals_with_tags(signals, "good_count"), key=lambda candidate: candidate.values[-1] - candidate.values[0])
    first, last = signal.values[0], signal.values[-1]
    share = rng.uniform(0.4, 0.7)
    start = ROLLOVER - int((last - first) * share)
    signal.values[:] = [(value - first + start) % ROLLOVER for value in signal.values]
    tick = next(tick for tick in range(1, TICKS) if signal.values[tick] < signal.values[tick - 1])
    yield signal.series, range(tick, tick + 1), "counter_rollover", ROLLOVER


SIGNAL_DEFECTS: tuple[SignalDefect, ...] = (
    drift, stuck, quiet, spike, saturation, sentinel, fahrenheit, kilopascal, counter_reset, counter_rollover,
)  # fmt: skip
