"""Reads the source of a contract: the key `kind` chooses the reader of the other keys."""

from collections.abc import Sequence
from pathlib import Path

from lakeward.contracts import file_drop, http_push, kafka, mqtt, opcua, sql
from lakeward.contracts.record_format import RecordFormat
from lakeward.contracts.source import ContractSource, SourceKind
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc

KIND = {"kind": KeyDoc(", ".join(f"`{kind}`" for kind in SourceKind), "Kind of source.", f"`{SourceKind.FILES}`")}
# Kind -> its other keys.
KEYS = {
    SourceKind.FILES: file_drop.KEYS,
    SourceKind.MQTT: mqtt.KEYS,
    SourceKind.SQL: sql.KEYS,
    SourceKind.KAFKA: kafka.KEYS,
    SourceKind.HTTP: http_push.KEYS,
    SourceKind.OPCUA: opcua.KEYS,
}


def read_source(
    view: View, dataset: str, retention_days: int | None, roots: Sequence[Path] | None
) -> tuple[ContractSource, RecordFormat]:
    """The source in a mapping, and the record format of its batches.

    Args:
        roots: Allowed drop folders outside the project; None if the project is unknown.
    """
    kind = view.choice("kind", tuple(SourceKind), SourceKind.FILES)
    if view.values.get("kind", kind) != kind:  # its other keys have no meaning
        return file_drop.read_file_drop(View({"format": "csv"}, view.key_path, []), dataset, retention_days, roots)
    view.allow_only({**KIND, **KEYS[kind]})
    match kind:
        case SourceKind.FILES:
            found: tuple[ContractSource, RecordFormat] = file_drop.read_file_drop(view, dataset, retention_days, roots)
        case SourceKind.MQTT:
            found = mqtt.read_mqtt(view, dataset, retention_days)
        case SourceKind.SQL:
            found = sql.read_sql(view, retention_days)
        case SourceKind.KAFKA:
            found = kafka.read_kafka(view, retention_days)
        case SourceKind.HTTP:
            found = http_push.read_http(view, retention_days)
        case SourceKind.OPCUA:
            found = opcua.read_opcua(view, retention_days)
    return found
