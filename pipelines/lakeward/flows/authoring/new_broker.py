"""Creates a dataset from what a broker sends: drafts of contract, suite and mapping of series, each guess with its evidence."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from urllib.parse import unquote

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.glossary import read_glossary
from lakeward.contracts.mqtt import is_topic_filter
from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.segment_bounds import SegmentBounds
from lakeward.contracts.series_file import SERIES_FILE
from lakeward.contracts.source import MqttVersion
from lakeward.contracts.sql import read_lookback
from lakeward.core.connections import parse_connection
from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.core.shares import percent
from lakeward.flows.authoring.new import DraftedDataset, SeenTopic, new_dataset_folder
from lakeward.flows.authoring.stored_connections import store_connection
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import open_workspace
from lakeward.profiling import (
    DECODED,
    MessageProfile,
    PayloadForm,
    PayloadLayout,
    SampledMessage,
    SampleOrigin,
    draft,
    form_of,
    profile_messages,
    propose_layout,
    series_text,
)
from lakeward.profiling.layout_text import yaml_value
from lakeward.profiling.payload_layouts import RECEIVED_FIELD
from lakeward.sources.collectors.mqtt_look import BrokerLook, look_at_broker
from lakeward.sources.segments import SegmentSource, SegmentStore, SegmentWriter, message_schema

# How long a broker is watched, if nothing else is said; and at most, in seconds.
WATCH, _LONGEST = "30s", 86_400
# Seconds by which times of source and receipt may differ without a word.
_CLOCKS_AGREE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Forms:
    """The messages of a look by their form.

    Args:
        chosen: The form of most messages that a contract can name.
        by_topic: Topic -> form -> kept messages.
    """

    chosen: PayloadForm
    counts: Mapping[PayloadForm, int]
    by_topic: Mapping[str, Counter[PayloadForm]]

    @property
    def evidence(self) -> str:
        total = sum(self.counts.values())
        return f"{self.counts[self.chosen]:,} of {total:,} messages that were looked at have this form"


def draft_from_broker(settings: Settings, name: str, url: str, watch: str, stop: Event) -> DraftedDataset:
    """Write `expectations/datasets/<name>/` from what a broker sends, and its connection into the project's file of connections.

    Args:
        url: `mqtts://user:password@host:port/topic/filter?ca=FILE`; the path is the topic filter.
        watch: How long to watch, such as `30s` or `5min`.
        stop: Ends the watch when it is set.

    Raises:
        UsageError: The name is invalid or already used, the URL has no topic filter, nothing came, or nothing that can be decoded.
        MachineError: The broker can't be reached, or refuses the connection or the subscription.
        ContractError: The project's glossary is not valid.
    """
    workspace = open_workspace(settings)
    folder, glossary = new_dataset_folder(workspace, name), read_glossary(workspace.project)
    address, topic = _split_topic(url)
    connection = parse_connection("from", address, "--from", workspace.project.root)
    look = look_at_broker(connection, (topic,), read_watch(watch), stop, workspace.clock)
    if not look.messages:
        raise UsageError("new_silent_broker", topic=topic, seconds=round(look.seconds))
    forms = _forms(look)
    messages = [row for row in look.messages if form_of(_sampled(row)) is forms.chosen]
    layout = propose_layout(forms.chosen, [_sampled(row) for row in messages], forms.evidence, workspace.project.zone)
    with tempfile.TemporaryDirectory(prefix="lakeward-look-") as scratch, workspace.engine() as engine:
        found = profile_messages(engine, _landed(Path(scratch), messages), layout)
        if found is None:
            raise UsageError("new_payload_unreadable", found=_listed(forms.counts))
    stored = store_connection(workspace, address, "broker")
    origin = SampleOrigin(
        what=f"{len(forms.by_topic):,} topics, watched for {look.seconds:.0f} s",
        source=(*_source(look, stored, topic, layout), *_series_lines(len(found.series)), *_clock_lines(found.clock_offset)),
        key_evidence=_key_evidence(forms.chosen) if layout.has_readings else "",
        received="" if found.clock_offset is None else RECEIVED_FIELD,
        series=(layout.address,) if layout.has_readings or len(forms.by_topic) > 1 else (),
    )
    contract, suite = draft(found.profile, name, workspace.project.zone, origin, glossary)
    _write(
        folder,
        {"contract.odcs.yaml": contract, "suite.json": suite}
        | ({SERIES_FILE: series_text(found.series)} if found.series else {}),
    )
    notes = tuple(_notes(look, forms, found, stored))
    return DraftedDataset(folder=folder, notes=notes, topics=tuple(_seen(look, forms)))


def _split_topic(url: str) -> tuple[str, str]:
    """The URL of the connection, and the topic filter: `#` in it is no mark of a URL."""
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    topic, mark, query = path.partition("?")
    topic = unquote(topic)
    if not is_topic_filter(topic):
        raise UsageError(
            "new_without_topic", found=topic or "-", address=f"{scheme}://{authority.rpartition('@')[2].partition('?')[0]}"
        )
    return f"{scheme}://{authority}{mark}{query}", topic


def read_watch(watch: str) -> int:
    """Seconds of a time to watch, such as `30s`.

    Raises:
        UsageError: It is none, or longer than a day.
    """
    found = read_lookback(watch)
    if not found or found > _LONGEST:
        raise UsageError("watch_not_valid", found=watch)
    return found


def _sampled(row: tuple[object, ...]) -> SampledMessage:
    topic, payload = row[0], row[1]
    assert isinstance(topic, str)
    assert isinstance(payload, bytes)
    return SampledMessage(topic, payload)


def _forms(look: BrokerLook) -> _Forms:
    by_topic: dict[str, Counter[PayloadForm]] = {}
    for message in map(_sampled, look.messages):
        by_topic.setdefault(message.topic, Counter())[form_of(message)] += 1
    counts = sum(by_topic.values(), Counter())
    chosen = max(DECODED, key=lambda form: counts[form])
    if not counts[chosen]:
        raise UsageError("new_payload_unreadable", found=_listed(counts))
    return _Forms(chosen=chosen, counts=counts, by_topic=by_topic)


def _listed(counts: Mapping[PayloadForm, int]) -> str:
    return ", ".join(f"{form}: {count:,}" for form, count in counts.items())


def _landed(scratch: Path, messages: Sequence[tuple[object, ...]]) -> BatchInput:
    """The messages as one segment, which the product's decoder reads."""
    writer = SegmentWriter.open(SegmentStore.of_dataset(scratch, "look"), SegmentBounds(), message_schema())
    for row in messages:
        writer.add(row, 0, 0.0)
    writer.land()
    writer.close()
    [landed] = SegmentSource(dataset="look", landing=scratch, format=FileFormat.MESSAGES).inputs(0, 1)
    return landed


def _source(look: BrokerLook, connection: str, topic: str, layout: PayloadLayout) -> Iterator[str]:
    yield "kind: mqtt"
    yield f"connection: {connection}      # its URL is in .lakeward/connections.yaml, which only you can read"
    rate = sum(look.counts.values()) / max(look.seconds, 1)
    yield f"topics: [{yaml_value(topic)}]      # {len(look.counts):,} topics sent {rate:,.1f} messages a second"
    if look.version is not MqttVersion.V5:
        yield f"protocolVersion: {yaml_value(look.version)}      # the broker refuses version 5"
    yield from layout.lines


def _series_lines(addresses: int) -> Iterator[str]:
    if addresses:
        yield f"# CHECK {SERIES_FILE}: {addresses:,} addresses; series by the levels of the topic, units by the last level's name or the message,"
        yield "# interval by the longest step of at least ten readings. A new address is its own series until it has a line."


def _clock_lines(offset: float | None) -> Iterator[str]:
    if offset is not None and abs(offset) > _CLOCKS_AGREE:
        yield f"# CHECK timezone: with it, times are {offset:,.0f} s behind their receipt (median; negative: ahead of it)"


def _key_evidence(form: PayloadForm) -> str:
    if form is PayloadForm.VALUE:
        return "the time is that of receipt, so that a message which is sent again has another"
    return "no two readings of the look have the same and other values; what is sent again becomes a duplicate"


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir(parents=True)
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")


def _seen(look: BrokerLook, forms: _Forms) -> Iterator[SeenTopic]:
    """The topics, the busiest first."""
    for topic in sorted(forms.by_topic, key=lambda topic: (-look.counts.get(topic, 0), topic)):
        count = look.counts.get(topic, 0)
        found = forms.by_topic[topic]
        yield SeenTopic(topic=topic, messages=count, rate=round(count / max(look.seconds, 1), 2), forms=tuple(map(str, found)))


def _notes(look: BrokerLook, forms: _Forms, found: MessageProfile, connection: str) -> Iterator[Notice]:
    yield Notice("new_connection_stored", {"connection": connection})
    sent, total = sum(look.counts.values()), sum(forms.counts.values())
    rate = f"{sent / max(look.seconds, 1):.1f}"
    facts = {
        "messages": sent,
        "topics": len(forms.by_topic),
        "seconds": round(look.seconds),
        "rate": rate,
        "retained": look.retained,
    }
    yield Notice("new_broker_seen", facts)
    if not look.complete:
        yield Notice("new_broker_lost", {})
    yield Notice("new_payload_form", {"form": forms.chosen, "share": percent(forms.counts[forms.chosen] / total)})
    others = {form: count for form, count in forms.counts.items() if form is not forms.chosen}
    if others:
        yield Notice("new_payload_others", {"count": sum(others.values()), "forms": _listed(others)})
    if found.reasons:
        yield Notice("new_payload_rejects", {"count": sum(found.reasons.values()), "reasons": ", ".join(found.reasons)})
    if found.clock_offset is None:
        yield Notice("new_time_of_receipt", {})
    elif abs(found.clock_offset) > _CLOCKS_AGREE:
        yield Notice("new_clock_offset", {"seconds": round(found.clock_offset)})
    if found.series:
        yield Notice("new_series_proposed", {"count": len(found.series), "file": SERIES_FILE})
