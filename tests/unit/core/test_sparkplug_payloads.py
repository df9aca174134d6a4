"""Payloads of Sparkplug B that claim far more than their bytes are refused before they are built."""

import resource
import time
import zlib

import pytest

pytest.importorskip("google.protobuf", reason="needs the extra sparkplug")

from lakeward.core.sparkplug.payload import COMPRESSED, MAX_FIELDS, PayloadError, read_payload

EMPTY_METRIC = b"\x12\x00"
# A metric with a set of properties that has empty keys.
MANY_KEYS = b"\x0a\x00" * (MAX_FIELDS + 1)


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def compressed(content):
    return field(4, COMPRESSED) + field(5, zlib.compress(content, 9))


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "make",
    [
        lambda: EMPTY_METRIC * (MAX_FIELDS + 1),
        lambda: compressed(EMPTY_METRIC * 33_000_000),
        lambda: field(2, field(9, MANY_KEYS)),
        lambda: compressed(field(2, field(9, MANY_KEYS))),
    ],
    ids=["metrics", "metrics in 64 KB", "keys", "keys, compressed"],
)
def test_more_fields_than_a_payload_may_have(make):
    content = make()
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(PayloadError) as refused:
        read_payload(content)
    assert refused.value.code == "reject_large_payload"
    assert time.process_time() - start < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_a_large_payload_with_few_fields_is_read():
    payload = read_payload(field(2, field(1, b"photo") + field(16, bytes(3 << 20))))
    assert [(metric.name, len(metric.bytes_value)) for metric in payload.metrics] == [(b"photo", 3 << 20)]


@pytest.mark.parametrize("content", [b"\x12" * (3 << 20), b"\x13" + bytes(3 << 20), b"\xff" * (3 << 20)])
def test_large_noise_is_no_payload(content):
    with pytest.raises(PayloadError) as refused:
        read_payload(content)
    assert refused.value.code == "reject_no_sparkplug"
