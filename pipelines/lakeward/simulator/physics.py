"""From states to signals: first-order lags, batch cycles, the warmth of the hall, pieces counted. Knows nothing of defects."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from lakeward.simulator.plant import MACHINES, AnalogTag, Machine, tags
from lakeward.simulator.randomness import noise, seeded_random
from lakeward.simulator.shift import HOUR, TICK_S, TICKS, State, machine_states

# Share of the busy level that a machine shows while it is set up: it moves, without load.
SETUP_SHARE = 0.3


@dataclass(slots=True, kw_only=True)
class Signal:
    """One tag's day.

    Args:
        values: One per tick, changed in place by the defects of signals.
        texts: The value's word, one per tick, for a state; else None.
    """

    series: str
    unit: str
    decimals: int
    values: list[float]
    texts: tuple[str, ...] | None = None

    @property
    def tag(self) -> str:
        """The last part of the path."""
        return self.series.rpartition("/")[2]

    @property
    def machine(self) -> str:
        """The part before it."""
        return self.series.split("/")[-2]


Signals = dict[str, Signal]


def simulate(*seed: object) -> Signals:
    """All signals of a faultless day, by series: ten per machine, 80 in all."""
    signals = (signal for machine in MACHINES for signal in _machine(machine, seeded_random(*seed, machine.name)))
    return {signal.series: signal for signal in signals}


def _machine(machine: Machine, rng: random.Random) -> list[Signal]:
    timeline = machine_states(machine, rng)
    words = tuple(state.name.lower() for state in timeline)
    good, reject = _pieces(machine, timeline, rng)
    return [
        Signal(series=f"{machine.path}/state", unit="1", decimals=0, values=[float(state) for state in timeline], texts=words),
        Signal(series=f"{machine.path}/good_count", unit="{piece}", decimals=0, values=good),
        Signal(series=f"{machine.path}/reject_count", unit="{piece}", decimals=0, values=reject),
        *(
            Signal(series=f"{machine.path}/{tag.name}", unit=tag.unit, decimals=2, values=analog_values(tag, timeline, rng))
            for tag in tags(machine)
        ),
    ]


def analog_values(tag: AnalogTag, timeline: Sequence[State], rng: random.Random) -> list[float]:
    """The tag's value at each tick of `timeline`."""
    own = rng.uniform(0.92, 1.08)
    levels = [tag.rest, tag.rest, tag.rest + SETUP_SHARE * (tag.busy - tag.rest), tag.busy * own]
    gain = 1 - math.exp(-TICK_S / tag.lag_s)
    smooth = accumulate((levels[state] for state in timeline), lambda level, target: level + gain * (target - level))
    cycle = _cycle(tag)
    swings = [cycle[tick % len(cycle)] if state is State.RUN else 0.0 for tick, state in enumerate(timeline)]
    base = hall() if tag.ambient else [0.0] * TICKS
    return [sum(parts) for parts in zip(smooth, swings, base, noise(rng, TICKS, tag.noise), strict=True)]


def hall() -> list[float]:
    """The hall's temperature in °C at each tick: coolest at 4, warmest at 16 o'clock."""
    return [22.5 - 4.5 * math.cos(2 * math.pi * (tick - 4 * HOUR) / TICKS) for tick in range(TICKS)]


def _cycle(tag: AnalogTag) -> list[float]:
    ticks = tag.period_s // TICK_S
    return [tag.swing * math.sin(2 * math.pi * tick / ticks) for tick in range(ticks)]


def _pieces(machine: Machine, timeline: Sequence[State], rng: random.Random) -> tuple[list[float], list[float]]:
    pace = rng.uniform(0.86, 0.97) * TICK_S / machine.cycle_s
    scrap = rng.uniform(0.008, 0.04)
    # Above 2**16 from the start, so that only the counter that is meant to roll over does.
    progress, good, reject = 0.0, rng.randint(100_000, 900_000), rng.randint(1_000, 9_000)
    counts = []
    for state in timeline:
        if state is State.RUN:
            progress += pace
            pieces, progress = int(progress), progress % 1
            bad = sum(rng.random() < scrap for _ in range(pieces))
            good, reject = good + pieces - bad, reject + bad
        counts.append((float(good), float(reject)))
    return [good_total for good_total, _ in counts], [good_total for _, good_total in counts]
