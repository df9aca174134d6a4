"""Messages of Sparkplug B as readings: one per metric, and one per metric that a death ends."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from lakeward.contracts.payload import RECORDS_PER_MESSAGE
from lakeward.core.sparkplug.payload import BD_SEQ, PayloadError, property_of, read_payload, session_number, text_of
from lakeward.core.sparkplug.sessions import BIRTHS, BirthMetric, birth_metrics
from lakeward.core.sparkplug.topics import DEVICE_DEATH, NODE_DEATH, EdgeTopic, parse_topic
from lakeward.core.sparkplug.types import TYPE_NAMES
from lakeward.engines.embedded.messages.sparkplug.timeline import Meaning, Timeline
from lakeward.engines.embedded.messages.sparkplug.values import NO_VALUE, MetricValue, instant_text, metric_value

_UINT64 = 8
_DEATHS = (NODE_DEATH, DEVICE_DEATH)
# Property of a metric, and its numbers: good, bad, stale (specification 3.0.0, 6.4.15); and what they are as a quality.
_QUALITY = b"Quality"
_STALE = 500
_QUALITIES = {192: "0", 0: "2", _STALE: "2"}


class LandedMessage(NamedTuple):
    """A message in a segment.

    Args:
        segment, number: Its place; numbers begin at 1.
        received_at, connected_at: In microseconds since 1970.
    """

    segment: int
    number: int
    topic: str
    payload: bytes | None
    received_at: int
    connected_at: int


class Reading(NamedTuple):
    """One reading, or why there is none, in the order of `COLUMNS`.

    Args:
        item: Place in its message, from 1.
        reason: Message code of a reject; None for a reading.
        raw: Bytes of the rejected metric; None: the whole message is the reject.
    """

    segment: int
    number: int
    item: int
    reason: str | None
    raw: bytes | None
    address: str | None = None
    unit: str | None = None
    ts: str | None = None
    value: str | None = None
    value_text: str | None = None
    status: str | None = None
    quality: str | None = None
    group: str | None = None
    edge: str | None = None
    device: str | None = None
    metric: str | None = None
    message: str | None = None
    sequence: str | None = None
    session: str | None = None
    alias: str | None = None
    datatype: str | None = None
    historical: str | None = None
    transient: str | None = None


@dataclass(frozen=True, slots=True)
class _Named:
    """The metric of a message: what its birth says of it."""

    known: BirthMetric | None
    reason: str | None = None


@dataclass(slots=True)
class Decoder:
    """Reads messages by what is known of their edges."""

    timeline: Timeline = field(default_factory=Timeline)

    def readings(self, messages: Iterable[LandedMessage]) -> Iterator[Reading]:
        """The readings of messages, at least one of each."""
        for message in messages:
            try:
                yield from self._readings(message)
            except PayloadError as error:
                yield _whole(message, error.code)

    def _readings(self, message: LandedMessage) -> Iterator[Reading]:
        topic = parse_topic(message.topic)
        if topic is None:
            yield _whole(message, "reject_no_edge_topic")
            return
        if not message.payload:
            yield _whole(message, "reject_empty_message")
            return
        payload = read_payload(message.payload)
        if len(payload.metrics) >= RECORDS_PER_MESSAGE:
            yield _whole(message, "reject_many_records")
            return
        if topic.kind in _DEATHS:
            yield from self._death(message, topic, payload)
            return
        meaning = None
        if topic.kind not in BIRTHS:
            meaning = self.timeline.meaning((message.segment, message.number), message.connected_at, topic)
            if meaning is None:
                yield _whole(message, "reject_no_birth")
                return
        yield from _metrics(message, topic, payload, meaning)

    def _death(self, message: LandedMessage, topic: EdgeTopic, payload: Any) -> Iterator[Reading]:
        """A reading without a value of each metric that ends, and one of each metric of the death itself, such as `bdSeq`."""
        session = session_number(payload)
        place = (message.segment, message.number)
        ended = list(self.timeline.readings_ended(place, message.connected_at, topic, session))
        if len(ended) + len(payload.metrics) >= RECORDS_PER_MESSAGE:
            yield _whole(message, "reject_many_records")
            return
        if not ended and not payload.metrics:
            yield _whole(message, "reject_death_unknown")
            return
        # The will of an edge was written when it connected: the time of its death is that of receipt.
        sent_at = payload.timestamp if topic.kind != NODE_DEATH and payload.timestamp else message.received_at // 1000
        sequence, own_session, moment = _sequence(payload), _text(session), instant_text(sent_at)
        for item, metric in enumerate(payload.metrics, 1):
            [known] = birth_metrics([metric]) or [None]
            if known and known.name == BD_SEQ and not known.datatype:  # Tahu leaves it out here
                known = replace(known, datatype=_UINT64)
            named = _Named(known, None if known else "reject_metric_name")
            reading = _metric_reading(message, topic, item, metric, named)
            yield reading._replace(sequence=sequence, session=own_session, ts=moment)
        for item, (device, ended_metric) in enumerate(ended, len(payload.metrics) + 1):
            own = EdgeTopic(topic.kind, topic.group, topic.edge, device)
            yield _reading(message, own, item, ended_metric)._replace(
                sequence=sequence, session=own_session, ts=moment, status=str(_STALE), quality=_QUALITIES[_STALE]
            )


def _metrics(message: LandedMessage, topic: EdgeTopic, payload: Any, meaning: Meaning | None) -> Iterator[Reading]:
    """The readings of a birth, whose metrics say what they are, or of data, read by `meaning`."""
    if not payload.metrics:
        yield _whole(message, "reject_no_reading")
        return
    sequence, session = _sequence(payload), _text(session_number(payload)) if meaning is None else None
    for item, metric in enumerate(payload.metrics, 1):
        if meaning is None:
            [known] = birth_metrics([metric]) or [None]
            named = _Named(known, None if known else "reject_metric_name")
        else:
            named = _find_name(metric, meaning, payload.timestamp)
        reading = _metric_reading(message, topic, item, metric, named)
        moment = instant_text(metric.timestamp or payload.timestamp or message.received_at // 1000)
        if moment is None and reading.reason is None:
            reading = _reject(message, item, metric, "reject_metric_time")
        yield reading if reading.reason else reading._replace(sequence=sequence, session=session, ts=moment)


def _find_name(metric: Any, meaning: Meaning, sent_at: int) -> _Named:
    """What the birth says of a metric of data."""
    if metric.HasField("name") and metric.name:
        return _by_name(metric, meaning, sent_at)
    if not metric.HasField("alias"):
        return _Named(None, "reject_metric_name")
    if metric.alias not in meaning.birth.by_alias:
        return _Named(None, "reject_unknown_alias")
    found = meaning.by_alias(metric.alias) if meaning.holds_at(sent_at) else None
    return _with_type(metric, found) if found else _Named(None, "reject_sequence_gap")


def _by_name(metric: Any, meaning: Meaning, sent_at: int) -> _Named:
    """A metric with its name; one that gives its type, too, needs no birth of after a gap."""
    name = text_of(metric.name)
    known = meaning.birth.by_name.get(name) if name else None
    if name is None or known is None:
        return _Named(None, "reject_encoding" if name is None else "reject_unknown_metric")
    if metric.datatype:
        return _with_type(metric, known)
    found = meaning.by_name(name) if meaning.holds_at(sent_at) else None
    return _Named(found, None if found else "reject_sequence_gap")


def _with_type(metric: Any, known: BirthMetric) -> _Named:
    """The metric, unless data gives it another type than its birth: an edge that leaves the type out may send 0."""
    return _Named(known, "reject_type_changed" if metric.datatype and metric.datatype != known.datatype else None)


def _metric_reading(message: LandedMessage, topic: EdgeTopic, item: int, metric: Any, named: _Named) -> Reading:
    found = metric_value(metric, named.known.datatype) if named.known and not named.reason else NO_VALUE
    reason = named.reason or found.reason
    if reason or not named.known:
        return _reject(message, item, metric, reason or "reject_metric_name")
    quality = property_of(metric, _QUALITY)
    status = None if quality is None else quality.int_value or quality.long_value
    return _reading(message, topic, item, named.known, found)._replace(
        status=_text(status),
        quality="0" if status is None else _QUALITIES.get(status),
        historical=str(metric.is_historical).lower(),
        transient=str(metric.is_transient).lower(),
    )


def _reading(message: LandedMessage, topic: EdgeTopic, item: int, metric: BirthMetric, value: MetricValue = NO_VALUE) -> Reading:
    """A reading of a metric that is known."""
    return Reading(
        *(message.segment, message.number, item, None, None),
        # The device of the edge's own metrics is empty, so that no device can have the address of one.
        address=f"{topic.group}/{topic.edge}/{topic.device}/{metric.name}",
        unit=metric.unit or None,
        value=value.number,
        value_text=value.text,
        group=topic.group,
        edge=topic.edge,
        device=topic.device or None,
        metric=metric.name,
        message=topic.kind,
        alias=_text(metric.alias),
        datatype=TYPE_NAMES.get(metric.datatype),
    )


def _sequence(payload: Any) -> str | None:
    return str(payload.seq) if payload.HasField("seq") else None


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _reject(message: LandedMessage, item: int, metric: Any, reason: str) -> Reading:
    return Reading(message.segment, message.number, item, reason, metric.SerializeToString())


def _whole(message: LandedMessage, reason: str) -> Reading:
    return Reading(message.segment, message.number, 1, reason, None)
