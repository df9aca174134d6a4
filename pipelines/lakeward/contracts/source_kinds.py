"""Reads the source of a contract: the key `kind` chooses the reader of the other keys."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lakeward.contracts import file_drop, http_push, kafka, modbus, mqtt, opcua, opcua_history, sparkplug, sql
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
    SourceKind.OPCUA_HISTORY: opcua_history.KEYS,
    SourceKind.MODBUS: modbus.KEYS,
    SourceKind.SPARKPLUG: sparkplug.KEYS,
}

# Readers of the kinds whose keys have defaults by the dataset's name.
_NAMED_READERS: Mapping[SourceKind, Callable[[View, str, int | None], tuple[ContractSource, RecordFormat]]] = {
    SourceKind.MQTT: mqtt.read_mqtt,
    SourceKind.SPARKPLUG: sparkplug.read_sparkplug,
}
# Readers of the kinds that need neither the dataset's name nor the project's folders.
_READERS: Mapping[SourceKind, Callable[[View, int | None], tuple[ContractSource, RecordFormat]]] = {
    SourceKind.SQL: sql.read_sql,
    SourceKind.KAFKA: kafka.read_kafka,
    SourceKind.HTTP: http_push.read_http,
    SourceKind.OPCUA: opcua.read_opcua,
    SourceKind.OPCUA_HISTORY: opcua_history.read_opcua_history,
    SourceKind.MODBUS: modbus.read_modbus,
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
    if kind is SourceKind.FILES:
        return file_drop.read_file_drop(view, dataset, retention_days, roots)
    if kind in _NAMED_READERS:
        return _NAMED_READERS[kind](view, dataset, retention_days)
    return _READERS[kind](view, retention_days)
