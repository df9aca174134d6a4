"""Delta tables made by hand: any protocol, schema, mapping and partition values, one commit of JSON over files of pyarrow."""

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

PLAIN = {"minReaderVersion": 1, "minWriterVersion": 2}
MAPPED = {"minReaderVersion": 2, "minWriterVersion": 5}
BY_NAME = {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "9"}
BY_ID = {**BY_NAME, "delta.columnMapping.mode": "id"}
# RFC 32/Z85, which the protocol writes deletion vectors in.
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def with_features(*names: str) -> dict[str, Any]:
    """A protocol that names these features for readers and writers."""
    return {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": list(names), "writerFeatures": list(names)}


def field(name: str, type_: Any, mapped: tuple[int, str] | None = None, **metadata: Any) -> dict[str, Any]:
    """A field of a schema; `mapped` is its id and physical name."""
    if mapped:
        metadata |= {"delta.columnMapping.id": mapped[0], "delta.columnMapping.physicalName": mapped[1]}
    return {"name": name, "type": type_, "nullable": True, "metadata": metadata}


def make_table(
    folder: Path,
    files: Mapping[str, pa.Table],
    protocol: Mapping[str, Any] = PLAIN,
    fields: Sequence[Mapping[str, Any]] = (),
    configuration: Mapping[str, str] | None = None,
    adds: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Write a table of one version.

    Args:
        files: By path.
        adds: Of each file the entries of its action beside the usual: `partitionValues`, `deletionVector`, another `path`.
    """
    (folder / "_delta_log").mkdir(parents=True)
    actions = []
    for (path, table), add in zip(files.items(), adds or [{}] * len(files), strict=True):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / path)
        usual = {
            "path": path,
            "partitionValues": {},
            "size": (folder / path).stat().st_size,
            "modificationTime": 0,
            "dataChange": True,
        }
        actions.append({"add": {**usual, **add}})
    schema = {"type": "struct", "fields": list(fields) or [field("id", "long")]}
    physical = {one["metadata"].get("delta.columnMapping.physicalName", one["name"]): one["name"] for one in schema["fields"]}
    parts = list(dict.fromkeys(physical[name] for add in adds for name in add.get("partitionValues", {})))
    metadata = {
        "id": "x",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps(schema),
        "partitionColumns": parts,
        "configuration": dict(configuration or {}),
        "createdTime": 0,
    }
    lines = [{"protocol": dict(protocol)}, {"metaData": metadata}, *actions]
    (folder / "_delta_log" / "00000000000000000000.json").write_text("\n".join(map(json.dumps, lines)))
    return folder


def deletion_vector(*rows: int) -> dict[str, Any]:
    """An inline deletion vector of these rows, from 0 (Delta protocol, "Deletion Vector Format"; RoaringFormatSpec)."""
    head = struct.pack("<IIHHI", 12346, 1, 0, len(rows) - 1, 16)
    bitmap = head + b"".join(struct.pack("<H", row) for row in rows)
    content = struct.pack("<IQI", 1681511377, 1, 0) + bitmap
    return {"storageType": "i", "pathOrInlineDv": _z85(content), "sizeInBytes": len(content), "cardinality": len(rows)}


def _z85(content: bytes) -> str:
    padded = content + b"\0" * (-len(content) % 4)
    numbers = (int.from_bytes(padded[place : place + 4], "big") for place in range(0, len(padded), 4))
    return "".join(_Z85[number // 85**power % 85] for number in numbers for power in (4, 3, 2, 1, 0))


def with_ids(table: pa.Table, *ids: int) -> pa.Table:
    """The table with the Parquet field id of each column."""
    fields = [one.with_metadata({b"PARQUET:field_id": str(id_)}) for one, id_ in zip(table.schema, ids, strict=True)]
    return table.cast(pa.schema(fields))


def write_v2_checkpoint(folder: Path, *, sidecar: bool = False) -> None:
    """Put version 0 of the log into a checkpoint of the newer form, and remove its commit.

    Args:
        sidecar: Whether the files of the table stand in a file of their own (Delta protocol, "Sidecar Files").
    """
    commit = folder / "_delta_log" / "00000000000000000000.json"
    actions = [json.loads(line) for line in commit.read_text().splitlines()]
    if sidecar:
        adds = [action for action in actions if "add" in action]
        actions = [action for action in actions if "add" not in action] + [{"sidecar": _write_sidecar(commit.parent, adds)}]
    checkpoint = commit.with_name("00000000000000000000.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json")
    checkpoint.write_text("\n".join(map(json.dumps, [{"checkpointMetadata": {"version": 0}}, *actions])))
    commit.unlink()


def _write_sidecar(log: Path, adds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    add = pa.struct(
        {
            "path": pa.string(),
            "partitionValues": pa.map_(pa.string(), pa.string()),
            "size": pa.int64(),
            "modificationTime": pa.int64(),
            "dataChange": pa.bool_(),
        }
    )
    file = log / "_sidecars" / "3a0d65cd-4056-49b8-937b-95f9e3ee90e5.parquet"
    file.parent.mkdir()
    pq.write_table(pa.table({"add": pa.array([action["add"] for action in adds], add)}), file)
    return {"path": file.name, "sizeInBytes": file.stat().st_size, "modificationTime": 0}
