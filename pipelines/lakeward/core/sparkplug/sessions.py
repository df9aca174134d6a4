"""Sessions of edges: births with their metrics, deaths, and gaps, each with its place in the landed segments."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeward.core.sparkplug.payload import property_of, text_of
from lakeward.core.sparkplug.topics import DEVICE_BIRTH, NODE_BIRTH

# Messages are missing before the one at the same place, by the numbers of the edge's messages.
GAP = "GAP"
# The birth at the same place is one that the host asked for.
ASKED = "ASKED"
BIRTHS = (NODE_BIRTH, DEVICE_BIRTH)
# Property of a metric with the sign of its unit (specification 3.0.0, 6.4.15, as Ignition and Tahu write it).
_UNIT = b"engUnit"


@dataclass(frozen=True, slots=True)
class BirthMetric:
    """What a birth says of a metric.

    Args:
        alias: Number that stands for the name until the next birth; None without one.
        datatype: Number of its data type; 0: the birth gives none.
        unit: Sign of its unit; empty for none.
    """

    name: str
    alias: int | None
    datatype: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEvent:
    """A birth, death or gap, or that a birth was asked for.

    Args:
        segment, message: Its place: number of the segment, and of the message in it, from 1.
        kind: Kind of the message, or `GAP` or `ASKED`.
        connected_at: When the collector's connection began, in microseconds since 1970: what is known ends with it.
        device: The device; empty: the edge itself.
        sent_at: Time of the payload in milliseconds since 1970; 0: it has none.
        received_at: Time of receipt, in microseconds since 1970.
        bd_seq: Number of the edge's session; None where it gives none.
        lost: Of a gap: messages that are missing, by numbers that begin again after 255.
        metrics: Of a birth: its metrics that have a name.
    """

    segment: int
    message: int
    kind: str
    connected_at: int
    group: str
    edge: str
    device: str
    sent_at: int
    received_at: int
    bd_seq: int | None = None
    lost: int = 0
    metrics: tuple[BirthMetric, ...] = ()

    @property
    def order(self) -> tuple[int, int, int]:
        """Events in their order; a gap is before the message that shows it, a request before the birth that answers it."""
        return self.segment, self.message, int(self.kind not in {GAP, ASKED})


def birth_metrics(metrics: Iterable[Any]) -> tuple[BirthMetric, ...]:
    """Those of a birth's metrics that have a name."""
    found = []
    for metric in metrics:
        name, unit = text_of(metric.name), property_of(metric, _UNIT)
        if name:
            sign = (text_of(unit.string_value) or "") if unit is not None else ""
            found.append(BirthMetric(name, metric.alias if metric.HasField("alias") else None, metric.datatype, sign))
    return tuple(found)


def write_events(events: Iterable[SessionEvent], path: Path) -> Path:
    """Write events into a file for the decoder."""
    with path.open("w", encoding="utf-8") as file:
        for event in events:
            values = {name: getattr(event, name) for name in SessionEvent.__slots__ if name != "metrics"}
            metrics = [(one.name, one.alias, one.datatype, one.unit) for one in event.metrics]
            file.write(json.dumps({**values, "metrics": metrics}, ensure_ascii=False) + "\n")
    return path


def read_events(path: Path) -> Iterator[SessionEvent]:
    """The events of such a file."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            values = json.loads(line)
            yield SessionEvent(**{**values, "metrics": tuple(BirthMetric(*one) for one in values["metrics"])})
