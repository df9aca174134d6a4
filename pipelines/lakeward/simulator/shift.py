"""What each machine does at each tick of the day: run, set-up, down, idle. The shift plan decides first, chance second."""

import random
from enum import IntEnum

from lakeward.simulator.plant import Machine

TICK_S = 10
TICKS = 24 * 3600 // TICK_S
HOUR = 3600 // TICK_S
MINUTE = 60 // TICK_S


class State(IntEnum):
    """A machine's state; `IDLE` is unplanned time (no shift, break)."""

    DOWN = 0
    IDLE = 1
    SETUP = 2
    RUN = 3


# Local hours at which every shift pauses, and for how long.
BREAKS = (2, 10, 12, 18)
BREAK_TICKS = 20 * MINUTE
# Line 2 has no night shift.
DAY_LINE, DAY_STARTS = "line2", 6


def machine_states(machine: Machine, rng: random.Random) -> list[State]:
    """One state per tick of the day."""
    timeline = _work_timeline(rng)
    for hour in BREAKS:
        timeline[hour * HOUR : hour * HOUR + BREAK_TICKS] = [State.IDLE] * BREAK_TICKS
    if machine.line == DAY_LINE:
        timeline[: DAY_STARTS * HOUR] = [State.IDLE] * (DAY_STARTS * HOUR)
    return timeline


def _work_timeline(rng: random.Random) -> list[State]:
    timeline: list[State] = []
    while len(timeline) < TICKS:
        timeline += [State.RUN] * _ticks(rng, 80)
        # A stop is twice as often a set-up as a failure; set-ups vary less.
        if rng.random() < 2 / 3:
            timeline += [State.SETUP] * rng.randint(5 * MINUTE, 12 * MINUTE)
        else:
            timeline += [State.DOWN] * _ticks(rng, 14)
    return timeline[:TICKS]


def _ticks(rng: random.Random, mean_minutes: float) -> int:
    return 1 + int(rng.expovariate(1 / mean_minutes) * MINUTE)
