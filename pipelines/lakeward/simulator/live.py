"""A plant that sends now: each series once a second, as messages of the United Manufacturing Hub, with known defects among them."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from lakeward.simulator.plant import MACHINES, SITE, AnalogTag, tags
from lakeward.simulator.randomness import seeded_random

# One message of so many is sent twice, and one of so many is cut off in its middle.
TWICE, CUT = 500, 1000


@dataclass(slots=True)
class LiveTruth:
    """What was sent: readings that are to be in silver, messages that were sent again, and messages that can't be read."""

    readings: int = 0
    again: int = 0
    junk: int = 0


@dataclass(slots=True)
class LivePlant:
    """Series and their messages.

    Args:
        count: Number of series: readings per second.
    """

    count: int
    seed: int = 7
    truth: LiveTruth = field(default_factory=LiveTruth)
    _series: list[tuple[str, AnalogTag]] = field(default_factory=list)

    def __post_init__(self) -> None:
        kinds = [(machine, tag) for machine in MACHINES for tag in tags(machine)]
        for number in range(self.count):
            machine, tag = kinds[number % len(kinds)]
            topic = f"umh/v1/{SITE}/hall{number // len(kinds) + 1}/{machine.line}/{machine.name}/_historian/{tag.name}"
            self._series.append((topic, tag))

    def messages(self, number: int, milliseconds: int) -> Iterator[tuple[str, bytes]]:
        """The messages of series `number` at a time since 1970; times of one series must grow."""
        topic, tag = self._series[number]
        value = round(tag.busy + tag.swing * math.sin(milliseconds / 1000 / tag.period_s * math.tau), 3)
        payload = json.dumps({"timestamp_ms": milliseconds, "value": value}).encode()
        self.truth.readings += 1
        yield topic, payload
        chance = seeded_random(self.seed, number, milliseconds).random()
        if chance < 1 / TWICE:
            self.truth.again += 1
            yield topic, payload
        elif chance > 1 - 1 / CUT:
            self.truth.junk += 1
            yield topic, payload[: len(payload) // 2]
