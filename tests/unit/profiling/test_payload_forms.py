"""The form of a payload is told by its bytes."""

import pytest

from lakeward.profiling import PayloadForm, SampledMessage, form_of, propose_layout

FORMS = {
    b'{"timestamp_ms": 1772366400000, "value": 21.5}': PayloadForm.UMH,
    b'[{"timestamp_ms": 1772366400000, "value": 21.5}]': PayloadForm.UMH,
    b'{"fields": {"usage": 1}, "name": "cpu", "tags": {}, "timestamp": 1772366400}': PayloadForm.TELEGRAF,
    b'{"metrics": [{"fields": {"usage": 1}, "name": "cpu", "timestamp": 1772366400}]}': PayloadForm.TELEGRAF,
    b'{"temp": {"SourceTimestamp": "2026-03-01T12:00:00Z", "Value": 1}}': PayloadForm.AZURE,
    b'{"Messages": [{"Payload": {"temp": {"Value": 1, "StatusCode": {"Code": 0}}}}]}': PayloadForm.AZURE,
    b'{"time": "2026-03-01T12:00:00Z", "temp": 21.5}': PayloadForm.OBJECT,
    b'{"fields": {"a": 1}}': PayloadForm.OBJECT,
    b"21.5": PayloadForm.VALUE,
    b"21,5": PayloadForm.VALUE,
    b" -3e5\n": PayloadForm.VALUE,
    b"true": PayloadForm.VALUE,
    b"[1, 2]": PayloadForm.VALUE,
    b"RUNNING": PayloadForm.VALUE,
    b"2026-03-01 12:00:00;P1;21,5": PayloadForm.LINES,
    b"": PayloadForm.EMPTY,
    b" ": PayloadForm.EMPTY,
    b"\x08\x80\xff": PayloadForm.BYTES,
    b"\x00\x01ab": PayloadForm.BYTES,
}


@pytest.mark.parametrize(("payload", "form"), FORMS.items())
def test_a_form_is_told_by_its_bytes(payload, form):
    assert form_of(SampledMessage("plant/x", payload)) is form


def test_sparkplug_is_named_by_its_topic():
    assert form_of(SampledMessage("spBv1.0/g/NDATA/e", b"\x08\x80\xff")) is PayloadForm.SPARKPLUG
    assert form_of(SampledMessage("spBv1.0/STATE/host", b'{"online": true, "timestamp": 1}')) is PayloadForm.OBJECT


def _layout(*payloads: str):
    return propose_layout(PayloadForm.OBJECT, [SampledMessage("plant/x", text.encode()) for text in payloads], "3 of 3", "UTC")


def test_members_of_inner_objects_are_columns_by_their_path():
    layout = _layout('{"time": "2026-03-01T12:00:00Z", "data": {"temp": 1, "a/b": {"~": 2}}, "$retain": 1}')
    assert dict(layout.names) == {
        "time": "time",
        "data_temp": "/data/temp",
        "data_a_b": "/data/a~1b/~0",
        "retain": "/$retain",
        "topic": "$topic",
        "received_at": "$received_at",
    }


def test_a_list_of_records_is_found_where_it_is_all_of_the_payload():
    assert _layout('{"rows": [{"a": 1}]}', '{"rows": [{"a": 2}, {"b": 3}]}').record_format.payload.records == ("/rows",)
    assert _layout('{"rows": [{"a": 1}], "machine": "M1"}').record_format.payload.records == ()


def test_objects_with_other_members_each_are_readings():
    layout = _layout(*(f'{{"ts": 1772366400000, "values": {{"tag{n}": {n}}}}}' for n in range(9)))
    readings = layout.record_format.payload.readings
    assert (readings.members, readings.time) == (("/values",), ("/ts",))
    assert any(line.startswith("layout: readings") for line in layout.lines)
