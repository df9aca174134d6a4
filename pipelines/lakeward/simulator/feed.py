"""The messages as the gateway received them: one text line per reading, in order of arrival.

Silver keeps what a message says of itself; which hour's file it lies in is decided by its arrival, never by its time.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from lakeward.simulator.physics import Signal, Signals
from lakeward.simulator.plant import OFFSET
from lakeward.simulator.shift import HOUR, TICK_S, TICKS
from lakeward.simulator.truth import InjectedDefect

HEADER = "series,ts,value,value_text,status,quality,unit"
DATASET = "plant_telemetry"
# Severity is in the top two bits of a status code (OPC 10000-4 §7.39): 0 good, 1 uncertain, 2 bad.
SEVERITY_SHIFT = 30
UNCERTAIN, BAD = 1 << SEVERITY_SHIFT, 2 << SEVERITY_SHIFT


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message before it is written; every field but `status` is the text that goes on the line."""

    series: str
    at: str
    value: str
    text: str
    unit: str
    status: int = 0

    def line(self) -> str:
        """The message as a line of CSV, without its end."""
        return f"{self.series},{self.at},{self.value},{self.text},{self.status},{self.status >> SEVERITY_SHIFT},{self.unit}"


def stamps(day: date) -> list[str]:
    """The plant's local time at each tick of `day`; ISO 8601 with offset."""
    start = datetime.combine(day, time())
    return [(start + timedelta(seconds=TICK_S * tick)).isoformat() + OFFSET for tick in range(TICKS)]


@dataclass(slots=True, kw_only=True)
class Feed:
    """A day of messages, changed in place by the defects of messages.

    Args:
        rows: Per series the message of each tick; empty where none came.
        extra_messages: Per tick of arrival, what came beside the regular messages: late ones, second ones.
        replayed: What gateways had stored and sent after the day was over.
    """

    day: date
    stamps: list[str]
    signals: Signals
    rows: dict[str, list[str]]
    extra_messages: defaultdict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    replayed: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, day: date, signals: Signals) -> "Feed":
        """The messages of a day on which everything arrived in order, once."""
        at = stamps(day)
        rows = {series: _lines(signal, at) for series, signal in signals.items()}
        return cls(day=day, stamps=at, signals=signals, rows=rows)

    def message(self, series: str, tick: int) -> Message:
        """The faultless message of that series and tick."""
        signal = self.signals[series]
        text = signal.texts[tick] if signal.texts else ""
        return Message(
            series=series, at=self.stamps[tick], value=f"{signal.values[tick]:.{signal.decimals}f}", text=text, unit=signal.unit
        )

    def make_injected(self, series: str, span: range, kind: str, magnitude: object) -> InjectedDefect:
        """The truth of a defect over the ticks of `span`."""
        return InjectedDefect(
            dataset=DATASET,
            key=series,
            start=self.stamps[span[0]],
            end=self.stamps[span[-1]],
            kind=kind,
            magnitude=str(magnitude),
        )

    def hours(self) -> Iterator[list[str]]:
        """The lines of each hour's file, in order of arrival."""
        by_tick = list(zip(*self.rows.values(), strict=True))
        for start in range(0, TICKS, HOUR):
            yield [
                line
                for tick in range(start, start + HOUR)
                for line in (*by_tick[tick], *self.extra_messages.get(tick, ()))
                if line
            ]


def _lines(signal: Signal, at: list[str]) -> list[str]:
    # One template per series: this runs for every message of the day, `Reading` only for those with a defect.
    unit = signal.unit.replace("%", "%%")
    if signal.texts:
        return [f"{signal.series},{t},{v:.0f},{word},0,0,1" for t, v, word in zip(at, signal.values, signal.texts, strict=True)]
    template = f"{signal.series},%s,%.{signal.decimals}f,,0,0,{unit}"
    return [template % pair for pair in zip(at, signal.values, strict=True)]
