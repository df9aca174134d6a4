"""Schemas of Protobuf: files are compiled to sets of descriptors, in which the type of a payload is found."""

import base64
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lakeward.contracts.payload_schemas import SchemaText
from lakeward.core.errors import DefinitionError, MachineError
from lakeward.core.messages import Phrase

# Seconds for the compiler.
_TIMEOUT = 60
# As the compiler names a place: `reading.proto:3:5: Expected ";".`
_PLACE = re.compile(r"(?P<file>[^:\n]+):(?P<line>\d+):(?P<column>\d+): (?P<found>.+)")


def compile_proto(path: Path) -> bytes:
    """The `FileDescriptorSet` of a file and of all that it imports from its folder, itself last.

    Raises:
        DefinitionError: It is not valid.
        MachineError: The extra is missing.
    """
    _require("google.protobuf", "grpc_tools")
    with tempfile.TemporaryDirectory(prefix="lakeward-proto-") as folder:
        target = Path(folder) / "set.desc"
        words = [sys.executable, "-m", "grpc_tools.protoc", f"-I{path.parent}", "--include_imports"]
        done = subprocess.run(  # noqa: S603 -- our own interpreter
            [*words, f"--descriptor_set_out={target}", path.name],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
            env={"PYTHONPATH": ":".join(sys.path), "PYTHONWARNINGS": "ignore"},
            cwd=path.parent,
        )
        if done.returncode == 0:
            return target.read_bytes()
    place = _PLACE.search(done.stderr)
    found = place["found"] if place else (done.stderr.strip().splitlines() or ["-"])[0]
    raise DefinitionError(
        "payload_schema_not_valid",
        file=place["file"] if place else path.name,
        found=found[:200],
        line=int(place["line"]) if place else None,
        column=int(place["column"]) if place else None,
    )


def schema_of_descriptors(number: int | None, name: str, descriptors: bytes) -> SchemaText:
    """A set of descriptors as a schema."""
    return SchemaText(number=number, name=name, content=base64.b64encode(descriptors).decode())


def join_descriptors(files: Iterable[bytes]) -> bytes:
    """One set of `FileDescriptorProto`s, each behind those that it imports."""
    _require("google.protobuf")
    from google.protobuf import descriptor_pb2  # noqa: PLC0415 -- an extra

    joined = descriptor_pb2.FileDescriptorSet()
    for content in files:
        joined.file.add().ParseFromString(content)
    return bytes(joined.SerializeToString())


class ProtobufTypes:
    """The types of messages in a schema.

    Raises:
        DefinitionError: The descriptors are not valid.
        MachineError: The extra is missing.
    """

    def __init__(self, schema: SchemaText) -> None:
        _require("google.protobuf")
        from google.protobuf import descriptor_pb2, descriptor_pool  # noqa: PLC0415 -- an extra
        from google.protobuf.message import DecodeError  # noqa: PLC0415 -- as above

        self._schema = schema
        self._pool = descriptor_pool.DescriptorPool()
        try:
            found = descriptor_pb2.FileDescriptorSet.FromString(base64.b64decode(schema.content))
            for file in found.file:
                self._pool.AddSerializedFile(file.SerializeToString())
        except (DecodeError, TypeError, ValueError):
            raise self._fault(Phrase("phrase_no_descriptors")) from None
        if not found.file:
            raise self._fault(Phrase("phrase_no_file_in_set"))
        self._file = found.file[-1]

    def message(self, name: str) -> Any:
        """The class of the messages of a type.

        Args:
            name: Its full name; empty: the only one of the schema's own file.

        Raises:
            DefinitionError: There is no such type, or none or several to choose from.
        """
        tops = [self._full_name((message.name,)) for message in self._file.message_type]
        wanted = name or (tops[0] if len(tops) == 1 else "")
        known = [*tops, *(full for full in self._nested_names() if full == name)]
        if wanted not in known:
            expected = ", ".join(tops) or "-"
            raise DefinitionError("payload_message_type", file=self._schema.name, expected=expected, found=name or "-")
        return self._class(wanted)

    def message_at(self, places: Sequence[int]) -> Any:
        """The class of the type at a path of places: in the file, and in each type of the path.

        Raises:
            LookupError: There is none.
        """
        names, types = [], self._file.message_type
        for place in places:
            names.append(types[place].name)
            types = types[place].nested_type
        return self._class(self._full_name(names))

    def _class(self, name: str) -> Any:
        from google.protobuf import message_factory  # noqa: PLC0415 -- an extra

        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(name))

    def _full_name(self, names: Sequence[str]) -> str:
        return ".".join([self._file.package, *names] if self._file.package else names)

    def _nested_names(self) -> Iterator[str]:
        """Full names of the types within types."""
        rest: list[tuple[tuple[str, ...], Any]] = [((message.name,), message) for message in self._file.message_type]
        while rest:
            names, message = rest.pop()
            inner = [((*names, one.name), one) for one in message.nested_type]
            yield from (self._full_name(path) for path, _ in inner)
            rest += inner

    def _fault(self, found: Phrase) -> DefinitionError:
        return DefinitionError("payload_schema_not_valid", file=self._schema.name, found=found, line=None, column=None)


def _require(*modules: str) -> None:
    if any(find_spec(name.partition(".")[0]) is None for name in modules):
        raise MachineError("extra_missing", extra="protobuf")
