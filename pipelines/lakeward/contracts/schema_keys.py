"""Reads the keys of a contract that say where the schemas of binary payloads are."""

import re
from collections.abc import Mapping

from lakeward.contracts.payload import PayloadKind, PayloadSchemas
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

# What a schema file of a kind can be called.
SUFFIXES: Mapping[PayloadKind, tuple[str, ...]] = {
    PayloadKind.AVRO: (".avsc",),
    PayloadKind.PROTOBUF: (".proto", ".desc"),
}
_BINARY = f"{PayloadKind.AVRO} or {PayloadKind.PROTOBUF}"
KEYS: Mapping[str, KeyDoc] = {
    "schemaFile": KeyDoc(
        "file",
        "Avro, Protobuf: the schema with which payloads were written, a file in the dataset's folder: `.avsc`; `.proto`, or the set of "
        "descriptors that `protoc --include_imports --descriptor_set_out=NAME.desc` writes.",
    ),
    "schemaFiles": KeyDoc(
        "list of texts",
        "In place of it, where payloads begin with a zero byte and the four bytes of a schema's id, as serialisers with a registry write them: `id:file`, such as `7:reading.avsc`.",
    ),
    "messageType": KeyDoc(
        "text",
        "Protobuf: full name of the type of a payload, such as `acme.v1.Reading`.",
        "the only one of the file; behind an id what the payload says",
    ),
}
# The key of sources that ask a registry.
REGISTRY = "schemaRegistry"
REGISTRY_KEYS: Mapping[str, KeyDoc] = {
    REGISTRY: KeyDoc(
        "text",
        "Avro, Protobuf: name of the connection of a schema registry (`https://user:password@host:port?ca=FILE`), which is asked for schemas by the ids in front of payloads.",
        "none: schemas are files",
    ),
}
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_NUMBERED = re.compile(r"(\d{1,10}):(.+)")
_TYPE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


def read_schemas(view: View, kind: PayloadKind) -> PayloadSchemas | None:
    """Where the schemas of the payloads are; None for those that need none."""
    given = [key for key in ("schemaFile", "schemaFiles", REGISTRY) if view.values.get(key) is not None]
    if not kind.needs_schema:
        for key in [*given, *(["messageType"] if view.values.get("messageType") is not None else [])]:
            view.fail(
                key,
                "contract_key_of_other_payload",
                key=key,
                found=str(kind),
                expected=Phrase("phrase_either", first=PayloadKind.AVRO, second=PayloadKind.PROTOBUF),
            )
        return None
    if "schemaFile" in given and len(given) > 1:
        view.fail(given[1], "contract_schema_twice", found=", ".join(given))
    if not given:
        view.fail("payload", "contract_schema_missing", found=str(kind))
    return PayloadSchemas(files=_files(view, kind), from_registry=REGISTRY in given, message=_message(view, kind))


def _files(view: View, kind: PayloadKind) -> tuple[tuple[int | None, str], ...]:
    expected = Phrase("phrase_schema_file", suffixes=", ".join(SUFFIXES[kind]))
    if view.values.get("schemaFile") is not None:
        file = view.entry("schemaFile", expected, lambda v: v if isinstance(v, str) and _is_file(v, kind) else None)
        return ((None, file),) if file else ()
    texts = view.texts("schemaFiles")
    found = [match for text in texts if (match := _NUMBERED.fullmatch(text)) and _is_file(match[2], kind)]
    if len(found) < len(texts) or len({int(match[1]) for match in found}) < len(found):
        view.fail_value("schemaFiles", Phrase("phrase_schema_files", suffixes=", ".join(SUFFIXES[kind])))
    return tuple((int(match[1]), match[2]) for match in found)


def _is_file(text: str, kind: PayloadKind) -> bool:
    return bool(_FILE.fullmatch(text)) and text.endswith(SUFFIXES[kind])


def _message(view: View, kind: PayloadKind) -> str:
    if view.values.get("messageType") is None:
        return ""
    if kind is not PayloadKind.PROTOBUF:
        view.fail("messageType", "contract_key_of_other_payload", key="messageType", found=str(kind), expected="protobuf")
    return (
        view.entry(
            "messageType",
            Phrase("phrase_message_type", example="acme.v1.Reading"),
            lambda v: v if isinstance(v, str) and _TYPE.fullmatch(v) else None,
        )
        or ""
    )
