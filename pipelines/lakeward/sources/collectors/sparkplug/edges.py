"""What a host knows of edges while it is connected: which are born, which messages are missing, and whose births it needs."""

from dataclasses import dataclass, field

from lakeward.core.sparkplug.payload import PayloadError, read_payload, session_number
from lakeward.core.sparkplug.topics import DEVICE_BIRTH, DEVICE_DATA, DEVICE_DEATH, NODE_BIRTH, NODE_DEATH, EdgeTopic

# Numbers of an edge's messages are 0 to 255, and begin again.
_SEQUENCE = 256
# Seconds after the beginning of a connection in which an edge may be born by itself, as those do that wait for their host.
SETTLE = 3.0
# Seconds within which a birth answers a request, and within which the births of its devices follow it, each the one before. Without a
# bound, a request that was lost would make an answer of the next birth, however late, though it came for another reason.
_ANSWERED = 10.0

EdgeName = tuple[str, str]
"""Group and edge."""


@dataclass(slots=True, kw_only=True)
class _Edge:
    """One edge.

    Args:
        last: Number of its last message; None before one.
        asked: When its births were last asked for, in monotonic seconds.
        awaits: Whether its next birth is one that it was asked for.
        answers: When the last birth of an answer came, in monotonic seconds, while nothing else came; the next birth of a device is part of it.
    """

    last: int | None = None
    session: int | None = None
    is_born: bool = False
    devices: set[str] = field(default_factory=set)
    needs_birth: bool = False
    asked: float | None = None
    awaits: bool = False
    answers: float | None = None


@dataclass(slots=True)
class Edges:
    """All edges that were seen.

    Args:
        interval: Seconds between two requests to one edge; 0: none is made.
    """

    interval: float
    _edges: dict[EdgeName, _Edge] = field(default_factory=dict)
    _since: float = 0.0

    @property
    def names(self) -> frozenset[EdgeName]:
        """The edges that were ever seen."""
        return frozenset(self._edges)

    def begin(self, known: frozenset[EdgeName], now: float) -> None:
        """Begin a connection: nothing that was known before holds, and known edges are asked unless they are born by themselves."""
        asked = {name: edge.asked for name, edge in self._edges.items()}
        self._edges = {name: _Edge(needs_birth=True, asked=asked.get(name)) for name in known | self.names}
        self._since = now

    def take(self, topic: EdgeTopic, content: bytes, now: float) -> tuple[int | None, bool]:
        """Take a message; how many are missing before it by its number, or None where that can't be said, and whether it is a birth that was asked for."""
        edge = self._edges.setdefault((topic.group, topic.edge), _Edge())
        lost, is_answer = _take(edge, topic, content, now)
        edge.answers = now if is_answer else None
        return lost, is_answer

    def to_ask(self, now: float) -> list[EdgeName]:
        """The edges to ask for their births now; they count as asked."""
        if not self.interval or now - self._since < SETTLE:
            return []
        due = [
            name
            for name, edge in self._edges.items()
            if edge.needs_birth and (edge.asked is None or now - edge.asked >= self.interval)
        ]
        for name in due:
            edge = self._edges[name]
            edge.asked, edge.awaits, edge.needs_birth = now, True, False
        return due


def _take(edge: _Edge, topic: EdgeTopic, content: bytes, now: float) -> tuple[int | None, bool]:
    try:
        payload = read_payload(content)
    except PayloadError:
        edge.needs_birth |= not edge.is_born
        return None, False
    if topic.kind == NODE_DEATH:
        _take_death(edge, session_number(payload))
        return None, False
    number = int(payload.seq) % _SEQUENCE if payload.HasField("seq") else None
    if topic.kind == NODE_BIRTH:
        return None, _take_birth(edge, number, session_number(payload), now)
    is_first = topic.kind == DEVICE_BIRTH and topic.device not in edge.devices
    is_next = _is_within(edge.answers, now)
    lost = _take_data(edge, topic, number)
    return lost, is_first and is_next and not lost


def _is_within(since: float | None, now: float) -> bool:
    return since is not None and now - since < _ANSWERED


def _take_birth(edge: _Edge, number: int | None, session: int | None, now: float) -> bool:
    """Whether it answers a request: not where the edge has begun another session since."""
    is_answer = edge.awaits and _is_within(edge.asked, now) and (edge.session is None or edge.session == session)
    edge.last, edge.session, edge.is_born, edge.needs_birth, edge.awaits = number, session, True, False, False
    edge.devices.clear()
    return is_answer


def _take_death(edge: _Edge, session: int | None) -> None:
    """A death of another session is the late will of one that ended before the last birth."""
    if session is None or edge.session is None or session == edge.session:
        edge.is_born, edge.last, edge.needs_birth, edge.awaits = False, None, False, False
        edge.devices.clear()


def _take_data(edge: _Edge, topic: EdgeTopic, number: int | None) -> int | None:
    if topic.kind == DEVICE_BIRTH:
        edge.devices.add(topic.device)
    lost = None if number is None or edge.last is None else (number - edge.last - 1) % _SEQUENCE
    edge.last = edge.last if number is None else number
    is_known = edge.is_born and (topic.kind != DEVICE_DATA or topic.device in edge.devices)
    edge.needs_birth |= bool(lost) or not is_known
    if topic.kind == DEVICE_DEATH:
        edge.devices.discard(topic.device)
    return lost
