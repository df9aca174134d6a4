"""Payloads of Avro and Protobuf, written byte by byte as the specifications say, and by the compilers' own encoders."""

import subprocess
import sys
from pathlib import Path

import pytest

AVRO = """\
{"type": "record", "name": "Reading", "namespace": "acme", "fields": [
  {"name": "machine", "type": "string"},
  {"name": "number", "type": "long"},
  {"name": "value", "type": ["null", "double"], "default": null},
  {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 4}},
  {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
  {"name": "day", "type": {"type": "int", "logicalType": "date"}},
  {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
  {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["OFF", "RUN"]}},
  {"name": "inner", "type": {"type": "record", "name": "Inner", "fields": [{"name": "x", "type": "int"}, {"name": "raw", "type": "bytes"}]}},
  {"name": "tags", "type": {"type": "map", "values": "float"}},
  {"name": "list", "type": {"type": "array", "items": "int"}}
]}
"""
PROTO = """\
syntax = "proto3";
package acme.v1;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/duration.proto";
enum State { OFF = 0; RUN = 1; }
message Reading {
  string machine = 1;
  int64 number = 2;
  uint64 big = 3;
  double value = 4;
  optional double maybe = 5;
  google.protobuf.Timestamp at = 6;
  State state = 7;
  bytes raw = 8;
  repeated int32 list = 9;
  map<string, double> tags = 10;
  oneof answer { int32 code = 11; string word = 12; }
  google.protobuf.DoubleValue wrapped = 13;
  Inner inner = 14;
  google.protobuf.Duration took = 15;
}
message Inner { sint64 x = 1; fixed64 y = 2; }
"""


def require_codecs() -> None:
    """Without the extras a test is skipped, and says so."""
    pytest.importorskip("fastavro", reason="fastavro is missing: pip install 'lakeward[avro]'")
    pytest.importorskip("grpc_tools", reason="grpcio-tools is missing: pip install 'lakeward[protobuf]'")


def zigzag(number: int) -> bytes:
    """A number of Avro: zigzag, in groups of seven bits from the least significant (Avro 1.12, binary encoding)."""
    rest, out = (number << 1) ^ (number >> 63), bytearray()
    while True:
        out.append(rest & 0x7F | (0x80 if rest > 0x7F else 0))
        rest >>= 7
        if not rest:
            return bytes(out)


def avro_text(text: str | bytes) -> bytes:
    """A text or bytes of Avro: its length, and itself."""
    content = text.encode() if isinstance(text, str) else text
    return zigzag(len(content)) + content


def avro_reading(machine: str = "M1", number: int = 7, value: bytes = b"\x00") -> bytes:
    """A payload of `AVRO`; `value` is the branch of its union and what it holds."""
    return b"".join(
        (
            avro_text(machine),
            zigzag(number),
            value,
            avro_text((12_3456).to_bytes(3, signed=True)),
            zigzag(1_772_366_400_123_456),
            zigzag(20_513),
            avro_text("6f9619ff-8b86-d011-b42d-00cf4fc964ff"),
            zigzag(1),
            zigzag(-3),
            avro_text(b"\x00\xff"),
            zigzag(1) + avro_text("a") + b"\x00\x00\xc0\x3f" + zigzag(0),
            zigzag(2) + zigzag(4) + zigzag(-5) + zigzag(0),
        )
    )


def protoc_encode(folder: Path, message: str, text: str, schema: str = PROTO) -> bytes:
    """The bytes of a message in text format, by the compiler's own encoder."""
    (folder / "encoded.proto").write_text(schema)
    words = [sys.executable, "-W", "ignore", "-m", "grpc_tools.protoc", f"-I{folder}", f"--encode={message}", "encoded.proto"]
    return subprocess.run(words, input=text.encode(), capture_output=True, check=True, timeout=120, cwd=folder).stdout
