"""What was known of an edge when it sent a message: births, deaths and gaps in the order in which they came.

A name without a birth says nothing, and an alias means what the last birth says. Three things make that uncertain: a message before
the first birth of a connection, a death, and a gap, in which a birth may have been lost. Then only a later birth can settle it that the host
asked for, and only where nothing speaks against it: an edge that gives its aliases another meaning says so by a birth that was not asked for.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lakeward.core.sparkplug.sessions import ASKED, BIRTHS, GAP, BirthMetric, SessionEvent
from lakeward.core.sparkplug.topics import DEVICE_BIRTH, DEVICE_DEATH, NODE_BIRTH, NODE_DEATH, EdgeTopic

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Birth:
    """The metrics of one birth, by name and by alias; an alias that it gives twice is none."""

    event: SessionEvent
    by_name: Mapping[str, BirthMetric]
    by_alias: Mapping[int, BirthMetric]

    @classmethod
    def of(cls, event: SessionEvent) -> "Birth":
        """The birth of an event."""
        aliased = [one for one in event.metrics if one.alias is not None]
        counts: dict[int | None, int] = {}
        for one in aliased:
            counts[one.alias] = counts.get(one.alias, 0) + 1
        by_alias = {one.alias: one for one in aliased if one.alias is not None and counts[one.alias] == 1}
        return cls(event, {one.name: one for one in event.metrics}, by_alias)


@dataclass(frozen=True, slots=True)
class Meaning:
    """The births by which a message is read.

    Args:
        birth: The birth.
        confirmed_by: Where a gap came since: a later birth of the same session, with which it must agree; None while there is none.
        is_sure: Whether no gap came since.
    """

    birth: Birth
    confirmed_by: Birth | None = None
    is_sure: bool = True

    def holds_at(self, sent_at: int) -> bool:
        """Whether a message of this time (milliseconds; 0: unknown) can be of this birth: after a gap, none of before it is."""
        return self.is_sure or not sent_at or sent_at >= self.birth.event.sent_at

    def by_name(self, name: str) -> BirthMetric | None:
        """The metric of this name, if it is certain."""
        found, later = self.birth.by_name.get(name), self.confirmed_by.by_name.get(name) if self.confirmed_by else None
        return found if self.is_sure or found == later else None

    def by_alias(self, alias: int) -> BirthMetric | None:
        """The metric of this alias, if it is certain."""
        found, later = self.birth.by_alias.get(alias), self.confirmed_by.by_alias.get(alias) if self.confirmed_by else None
        return found if self.is_sure or found == later else None


@dataclass(slots=True)
class _EdgeTimeline:
    """The events of one edge in one connection, in order."""

    events: list[SessionEvent] = field(default_factory=list)
    _births: dict[int, Birth] = field(default_factory=dict)
    _meanings: dict[tuple[int, str], Meaning | None] = field(default_factory=dict)

    def meaning(self, place: Place, device: str) -> Meaning | None:
        """By what a message at `place` is read; None where no birth is known."""
        end = self._end(place)
        if (end, device) not in self._meanings:
            self._meanings[end, device] = self._meaning(end, device)
        return self._meanings[end, device]

    def alive(self, place: Place, device: str, session: int | None) -> list[Birth]:
        """The births that a death ends; of the edge's own those of its devices, too, and none by the late will of an earlier session."""
        end = self._end(place)
        node = self._before(end, "")
        if node is None or (not device and not _is_same(session, self.events[node].bd_seq)):
            return []
        devices = [device] if device else list(dict.fromkeys(event.device for event in self.events[node:end]))
        return [self._birth(at) for name in devices if (at := self._before(end, name)) is not None]

    def _end(self, place: Place) -> int:
        """Number of events before a message; a gap that it shows is before it."""
        return bisect_left(self.events, (*place, 1), key=lambda event: event.order)

    def _birth(self, at: int) -> Birth:
        if at not in self._births:
            self._births[at] = Birth.of(self.events[at])
        return self._births[at]

    def _meaning(self, end: int, device: str) -> Meaning | None:
        own = self._before(end, device)
        if own is None:
            later = self._settling(end, device)
            return None if later is None else Meaning(self._birth(later))
        if all(event.kind != GAP for event in self.events[own:end]):
            return Meaning(self._birth(own))
        after = self._confirming(own, end, device)
        return Meaning(self._birth(own), None if after is None else self._birth(after), is_sure=False)

    def _before(self, end: int, device: str) -> int | None:
        """Place in the list of the birth that holds at `end`; a death or another session ends it."""
        for at in range(end - 1, -1, -1):
            event = self.events[at]
            if event.kind == NODE_DEATH and self._is_of_session(at):
                return None
            if event.kind == NODE_BIRTH:
                return None if device else at
            if event.device == device and event.kind == DEVICE_DEATH:
                return None
            if event.device == device and event.kind == DEVICE_BIRTH and device:
                return at if self._before(at, "") is not None else None
        return None

    def _is_of_session(self, at: int) -> bool:
        """Whether the death is of the session that was last born, and not the late will of an earlier one."""
        born = next((event.bd_seq for event in reversed(self.events[:at]) if event.kind == NODE_BIRTH), None)
        return _is_same(self.events[at].bd_seq, born)

    def _settling(self, start: int, device: str) -> int | None:
        """The first birth after a message that none was before, if it answers: a device's follows that of its edge, and nothing speaks against it between."""
        for at in range(start, len(self.events)):
            event = self.events[at]
            if event.kind in {GAP, NODE_DEATH} or (event.kind == DEVICE_DEATH and event.device == device):
                return None
            if event.kind in BIRTHS and event.device in {"", device}:
                if not self._is_asked(at):
                    return None
                if event.device == device:
                    return at
        return None

    def _is_asked(self, at: int) -> bool:
        """Whether the birth is one that the host asked for, as what lies at its place says."""
        before = self.events[max(at - 2, 0) : at]  # a gap can be there, too
        place = self.events[at].order[:2]
        return any(event.kind == ASKED and event.order[:2] == place for event in before)

    def _confirming(self, own: int, start: int, device: str) -> int | None:
        """The birth after a gap that tells whether the session is still the same: asked for, of the same number, and with no death between."""
        node = self._before(own, "") if device else own
        session = None if node is None else self.events[node].bd_seq
        for at in range(start, len(self.events)):
            event = self.events[at]
            if event.kind == NODE_DEATH or (device and event.device == device and event.kind in {DEVICE_BIRTH, DEVICE_DEATH}):
                return None
            if event.kind == NODE_BIRTH:
                if session is None or event.bd_seq != session:
                    return None
                return self._settling(at, device)
        return None


def _is_same(session: int | None, other: int | None) -> bool:
    """Whether two numbers can be of one session; an edge may give none."""
    return session is None or other is None or session == other


@dataclass(slots=True)
class Timeline:
    """The events of all edges, each within one connection of the collector."""

    _edges: dict[tuple[int, str, str], _EdgeTimeline] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[SessionEvent]) -> "Timeline":
        """The timeline of events in any order."""
        found = cls()
        for event in sorted(events, key=lambda one: one.order):
            found._edge(event.connected_at, event.group, event.edge).events.append(event)
        return found

    def meaning(self, place: Place, connected_at: int, topic: EdgeTopic) -> Meaning | None:
        """By what a message at `place` is read; None where no birth is known."""
        return self._edge(connected_at, topic.group, topic.edge).meaning(place, topic.device)

    def readings_ended(
        self, place: Place, connected_at: int, topic: EdgeTopic, session: int | None
    ) -> Iterator[tuple[str, BirthMetric]]:
        """Device and metric of all that a death at `place` ends.

        Args:
            session: The number in the death.
        """
        for birth in self._edge(connected_at, topic.group, topic.edge).alive(place, topic.device, session):
            yield from ((birth.event.device, metric) for metric in birth.by_name.values())

    def _edge(self, connected_at: int, group: str, edge: str) -> _EdgeTimeline:
        return self._edges.setdefault((connected_at, group, edge), _EdgeTimeline())
