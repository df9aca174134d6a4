"""Creates a dataset from what a topic of Kafka holds and gets: drafts of contract, suite and mapping, each guess with its evidence."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Event

from lakeward.contracts.glossary import read_glossary
from lakeward.contracts.payload import TOPIC
from lakeward.contracts.series_file import SERIES_FILE
from lakeward.core.connections import parse_connection
from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.core.shares import percent
from lakeward.engines.protocols import Engine
from lakeward.flows.authoring.new import DraftedDataset, new_dataset_folder
from lakeward.flows.authoring.new_broker import read_watch
from lakeward.flows.authoring.seen_messages import (
    CLOCKS_AGREE,
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
from lakeward.flows.authoring.topic_payloads import Rows, SeenPayloads, TopicAddress, copy_schemas, read_by_schema
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import open_workspace
from lakeward.profiling import (
    PayloadForm,
    SampleOrigin,
    draft,
    form_of,
    profile_messages,
    propose_layout,
    series_text,
)
from lakeward.profiling.layout_text import yaml_value
from lakeward.profiling.payload_layouts import MessageFields
from lakeward.sources.kafka.cluster import SCHEMA, schema_id
from lakeward.sources.kafka.look import TopicLook, look_at_topic


def draft_from_topic(settings: Settings, name: str, text: str, watch: str, stop: Event) -> DraftedDataset:
    """Write `expectations/datasets/<name>/` from a topic, and its connection into the project's file of connections.

    Args:
        text: `kafkas://user:password@host:port/topic?ca=FILE`; of Avro or Protobuf with `schemaFile=FILE`.
        watch: How long to watch, such as `30s` or `5min`; what the topic holds is read first.
        stop: Ends the watch when it is set.

    Raises:
        UsageError: The name is invalid or already used, the address has no topic, or nothing in it can be decoded.
        DefinitionError: The schema is not valid.
        MachineError: The cluster can't be reached, or the topic can't be read.
    """
    workspace = open_workspace(settings)
    folder, glossary = new_dataset_folder(workspace, name), read_glossary(workspace.project)
    address = TopicAddress.parse(text)
    connection = parse_connection("from", address.url, "--from", workspace.project.root)
    look = look_at_topic(connection, address.topic, read_watch(watch), stop, workspace.clock)
    rows = [row for row in look.messages if row[1] is not None]
    if not rows:
        raise UsageError("new_silent_topic", topic=address.topic, seconds=round(look.seconds))
    fields = MessageFields(address="key" if _has_keys(rows) else TOPIC, received="timestamp", retained="")
    with tempfile.TemporaryDirectory(prefix="lakeward-look-") as scratch, workspace.engine() as engine:
        read = read_by_schema if address.schema else _read_by_form
        seen = read(engine, Path(scratch), address, rows, fields, workspace.project.zone)
    stored = store_connection(workspace, address.url, "cluster")
    origin = SampleOrigin(
        what=f"{look.held:,} offsets of the topic {address.topic}, watched for {look.seconds:.0f} s",
        source=(
            *_source(look, stored, address, seen, fields),
            *series_lines(len(seen.profile.series)),
            *clock_lines(seen.profile.clock_offset),
        ),
        key_evidence=key_evidence(seen.form) if seen.layout.has_readings and seen.form else "",
        received="" if seen.profile.clock_offset is None else seen.layout.received_field,
        series=(seen.layout.address,) if seen.layout.has_readings or fields.address != TOPIC else (),
    )
    contract, suite = draft(seen.profile.profile, name, workspace.project.zone, origin, glossary)
    mapping = {SERIES_FILE: series_text(seen.profile.series)} if seen.profile.series else {}
    write_texts(folder, {"contract.odcs.yaml": contract, "suite.json": suite, **mapping})
    if address.schema:
        copy_schemas(address.schema, folder)
    return DraftedDataset(folder=folder, notes=tuple(_notes(look, address, seen, stored)))


def _has_keys(rows: Rows) -> bool:
    """Whether each message says by its key what it is of."""
    return all(isinstance(row[3], bytes) and row[3].isascii() and row[3] for row in rows)


def _read_by_form(
    engine: Engine, scratch: Path, address: TopicAddress, rows: Rows, fields: MessageFields, zone: str
) -> SeenPayloads:
    try:
        forms = forms_of(rows)
    except UsageError:
        if not all(form_of(sampled_message(row)) in {PayloadForm.BYTES, PayloadForm.EMPTY} for row in rows):
            raise
        number = schema_id(sampled_message(rows[0]).payload)
        raise UsageError("new_payload_needs_schema", topic=address.topic, id="-" if number is None else number) from None
    chosen = [row for row in rows if form_of(sampled_message(row)) is forms.chosen]
    layout = propose_layout(forms.chosen, [sampled_message(row) for row in chosen], forms.evidence, zone, fields)
    found = profile_messages(engine, land_sample(scratch, chosen, SCHEMA), layout)
    if found is None:
        raise UsageError("new_payload_unreadable", found=listed_forms(forms.counts))
    others = {form: count for form, count in forms.counts.items() if form is not forms.chosen}
    share = forms.counts[forms.chosen] / sum(forms.counts.values())
    return SeenPayloads(layout=layout, profile=found, form=forms.chosen, share=share, others=listed_forms(others))


def _source(look: TopicLook, connection: str, address: TopicAddress, seen: SeenPayloads, fields: MessageFields) -> Iterator[str]:
    yield "kind: kafka"
    yield f"connection: {connection}      # its URL is in .lakeward/connections.yaml, which only you can read"
    rate = sum(look.counts.values()) / max(look.seconds, 1)
    yield f"topic: {yaml_value(address.topic)}      # {look.partitions:,} partitions got {rate:,.1f} messages a second"
    yield from seen.layout.lines
    if seen.layout.has_readings and fields.address != TOPIC:
        yield f"addressField: key      # CHECK: all messages have a key, {look.keys:,} different ones"


def _notes(look: TopicLook, address: TopicAddress, seen: SeenPayloads, connection: str) -> Iterator[Notice]:
    yield Notice("new_connection_stored", {"connection": connection})
    came = sum(look.counts.values())
    facts: Mapping[str, object] = {
        "topic": address.topic,
        "partitions": look.partitions,
        "held": look.held,
        "messages": came,
        "seconds": round(look.seconds),
        "rate": f"{came / max(look.seconds, 1):.1f}",
        "keys": look.keys,
    }
    yield Notice("new_topic_seen", facts)
    if look.tombstones:
        yield Notice("new_topic_tombstones", {"count": look.tombstones})
    yield Notice("new_payload_form", {"form": seen.form or seen.layout.record_format.payload.kind, "share": percent(seen.share)})  # type: ignore[union-attr]
    if seen.others:
        yield Notice("new_topic_others", {"forms": seen.others})
    if seen.profile.reasons:
        reasons = seen.profile.reasons
        yield Notice("new_payload_rejects", {"count": sum(reasons.values()), "reasons": ", ".join(reasons)})
    offset = seen.profile.clock_offset
    if offset is not None and abs(offset) > CLOCKS_AGREE:
        yield Notice("new_clock_offset", {"seconds": round(offset)})
    if seen.profile.series:
        yield Notice("new_series_proposed", {"count": len(seen.profile.series), "file": SERIES_FILE})
