"""Creates a dataset from what a broker sends: drafts of contract, suite and mapping of series, each guess with its evidence."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from urllib.parse import unquote

from lakeward.contracts.glossary import read_glossary
from lakeward.contracts.mqtt import is_topic_filter
from lakeward.contracts.series_file import SERIES_FILE
from lakeward.contracts.source import MqttVersion
from lakeward.contracts.sql import read_lookback
from lakeward.core.connections import parse_connection
from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.core.shares import percent
from lakeward.flows.authoring.new import DraftedDataset, SeenTopic, new_dataset_folder
from lakeward.flows.authoring.seen_messages import (
    CLOCKS_AGREE,
    MessageForms,
    clock_lines,
    forms_of,
    key_evidence,
    land_sample,
    listed_forms,
    sampled_message,
    series_lines,
    write_texts,
)
from lakeward.flows.authoring.stored_connections import store_connection
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import open_workspace
from lakeward.profiling import (
    MessageProfile,
    PayloadLayout,
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

# How long a broker is watched, if nothing else is said; and at most, in seconds.
WATCH, _LONGEST = "30s", 86_400


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
    forms = forms_of(look.messages)
    messages = [row for row in look.messages if form_of(sampled_message(row)) is forms.chosen]
    layout = propose_layout(forms.chosen, [sampled_message(row) for row in messages], forms.evidence, workspace.project.zone)
    with tempfile.TemporaryDirectory(prefix="lakeward-look-") as scratch, workspace.engine() as engine:
        found = profile_messages(engine, land_sample(Path(scratch), messages), layout)
        if found is None:
            raise UsageError("new_payload_unreadable", found=listed_forms(forms.counts))
    stored = store_connection(workspace, address, "broker")
    origin = SampleOrigin(
        what=f"{len(forms.by_topic):,} topics, watched for {look.seconds:.0f} s",
        source=(*_source(look, stored, topic, layout), *series_lines(len(found.series)), *clock_lines(found.clock_offset)),
        key_evidence=key_evidence(forms.chosen) if layout.has_readings else "",
        received="" if found.clock_offset is None else RECEIVED_FIELD,
        series=(layout.address,) if layout.has_readings or len(forms.by_topic) > 1 else (),
    )
    contract, suite = draft(found.profile, name, workspace.project.zone, origin, glossary)
    write_texts(
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


def _source(look: BrokerLook, connection: str, topic: str, layout: PayloadLayout) -> Iterator[str]:
    yield "kind: mqtt"
    yield f"connection: {connection}      # its URL is in .lakeward/connections.yaml, which only you can read"
    rate = sum(look.counts.values()) / max(look.seconds, 1)
    yield f"topics: [{yaml_value(topic)}]      # {len(look.counts):,} topics sent {rate:,.1f} messages a second"
    if look.version is not MqttVersion.V5:
        yield f"protocolVersion: {yaml_value(look.version)}      # the broker refuses version 5"
    yield from layout.lines


def _seen(look: BrokerLook, forms: MessageForms) -> Iterator[SeenTopic]:
    """The topics, the busiest first."""
    for topic in sorted(forms.by_topic, key=lambda topic: (-look.counts.get(topic, 0), topic)):
        count = look.counts.get(topic, 0)
        found = forms.by_topic[topic]
        yield SeenTopic(topic=topic, messages=count, rate=round(count / max(look.seconds, 1), 2), forms=tuple(map(str, found)))


def _notes(look: BrokerLook, forms: MessageForms, found: MessageProfile, connection: str) -> Iterator[Notice]:
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
        yield Notice("new_payload_others", {"count": sum(others.values()), "forms": listed_forms(others)})
    if found.reasons:
        yield Notice("new_payload_rejects", {"count": sum(found.reasons.values()), "reasons": ", ".join(found.reasons)})
    if found.clock_offset is None:
        yield Notice("new_time_of_receipt", {})
    elif abs(found.clock_offset) > CLOCKS_AGREE:
        yield Notice("new_clock_offset", {"seconds": round(found.clock_offset)})
    if found.series:
        yield Notice("new_series_proposed", {"count": len(found.series), "file": SERIES_FILE})
