"""Avro and Protobuf payloads become records with every digit and every missing value; what another schema wrote is a reject."""

import base64
import json
import struct
from dataclasses import replace

import duckdb
import pytest

from lakeward.contracts.load import parse_contract
from lakeward.contracts.payload_schemas import SchemaSet, SchemaText
from lakeward.core.errors import DefinitionError
from lakeward.engines.embedded.staging import stage
from lakeward.sources.segments import SegmentStore
from lakeward.sources.segments.schemas import read_project_schemas
from support.line_contracts import payload_contract
from support.payload_schemas import AVRO, PROTO, avro_reading, avro_text, protoc_encode, require_codecs, zigzag
from support.segments import land_messages, segment_input

require_codecs()
AVRO_KEYS = "payload: avro, schemaFile: reading.avsc"
PROTO_KEYS = "payload: protobuf, schemaFile: reading.proto, messageType: acme.v1.Reading"


class Line:
    """A dataset's folder with schemas, and its messages."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "reading.avsc").write_text(AVRO)
        (folder / "reading.proto").write_text(PROTO)
        self.store = SegmentStore.of_dataset(folder / "landing", "line")

    def schemas(self, source):
        contract = parse_contract(payload_contract(source, "a=$topic"), "line")
        return read_project_schemas(self.folder, contract.record_format.payload, SchemaSet())

    def read(self, source, columns, *payloads, schemas=None):
        """The texts of these columns of the rows, and the rejects as reason and bytes."""
        contract = parse_contract(payload_contract(source, columns), "line")
        kept = self.folder / "schemas.json"
        kept.write_bytes((schemas or self.schemas(source)).to_json())
        landed = land_messages(self.store, [("plant/m", payload) for payload in payloads])
        segment = segment_input(landed, schemas=kept)
        con = duckdb.connect()
        (self.folder / "scratch").mkdir(exist_ok=True)
        [report] = stage(con, [segment], contract.record_format, contract.columns, self.folder / "scratch")
        rows = con.execute("SELECT * EXCLUDE (_file, _file_seq, _row, _extra) FROM staged_rows ORDER BY _row").fetchall()
        rejects = con.execute("SELECT reason, detail, raw FROM staged_rejects ORDER BY _row").fetchall()
        assert report.records == len(rows) + len(rejects)
        self.extra = con.execute("SELECT _extra FROM staged_rows ORDER BY _row").fetchall()
        return rows, rejects


@pytest.fixture
def line(tmp_path):
    return Line(tmp_path)


def test_each_kind_of_value_of_avro(line):
    columns = "machine number value price at day id state x=/inner/x raw=/inner/raw tag=/tags/a list topic=$topic"
    value = b"\x02" + struct.pack("<d", 21.5)
    rows, rejects = line.read(AVRO_KEYS, columns, avro_reading("M1", 2**60 + 1, value), avro_reading("中", -(2**63)))
    fixed = ("12.3456", "2026-03-01T12:00:00.123456+00:00", "2026-03-01", "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "RUN", "-3")
    more = (base64.b64encode(b"\x00\xff").decode(), "1.5", "[4,-5]", "plant/m")
    assert rows == [
        ("M1", "1152921504606846977", "21.5", *fixed, *more),
        ("中", "-9223372036854775808", None, *fixed, *more),
    ]
    assert rejects == []


def test_members_that_no_column_takes_are_kept(line):
    line.read(AVRO_KEYS, "machine number value price at day id state list", avro_reading())
    assert line.extra == [('{"inner":{"x":-3,"raw":"AP8="},"tags":{"a":1.5}}',)]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (avro_reading()[:-3], "reject_undecodable"),
        (avro_reading() + b"\x00", "reject_other_schema"),
        (b"", "reject_undecodable"),
        (avro_reading("M", 1, b"\x08"), "reject_undecodable"),
        (avro_text(b"\xff\xfe") + avro_reading()[3:], "reject_undecodable"),
        (avro_reading("M", 1, b"\x02" + struct.pack("<d", float("nan"))), None),
    ],
)
def test_poison_of_avro_is_kept_with_its_bytes_and_stops_nothing(line, payload, reason):
    rows, rejects = line.read(AVRO_KEYS, "machine value", payload, avro_reading("M9"))
    assert rows[-1] == ("M9", None)
    if reason is None:
        assert rows[0] == ("M", "NaN")
        return
    [(found, detail, raw)] = rejects
    version = line.schemas(AVRO_KEYS).schemas[0].version
    assert (found, detail, raw) == (reason, f"decoder 1; schema {version}", payload)


def test_readings_take_decimals_as_numbers_and_texts_as_texts(line):
    schema = '{"type": "record", "name": "R", "fields": [{"name": "t", "type": {"type": "long", "logicalType": "timestamp-millis"}}, {"name": "p", "type": {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 2}}, {"name": "s", "type": "string"}]}'
    (line.folder / "reading.avsc").write_text(schema)
    payload = zigzag(1_772_366_400_500) + avro_text((2150).to_bytes(2)) + avro_text("run")
    large = zigzag(0) + avro_text((10**25 + 1).to_bytes(12)) + avro_text("run")
    rows, _ = line.read(f"{AVRO_KEYS}, layout: readings, time: /t", "series ts value value_text", payload, large)
    assert rows == [
        ("plant/m/p", "2026-03-01T12:00:00.500000+00:00", "21.5", None),
        ("plant/m/s", "2026-03-01T12:00:00.500000+00:00", None, "run"),
        ("plant/m/p", "1970-01-01T00:00:00+00:00", None, "100000000000000000000000.01"),
        ("plant/m/s", "1970-01-01T00:00:00+00:00", None, "run"),
    ]


# A record of which one byte can be a thousand values.
MANY_NULLS = {
    "type": "record",
    "name": "Wide",
    "fields": [{"name": "on", "type": "boolean"}, *({"name": f"n{n}", "type": "null"} for n in range(1000))],
}


@pytest.mark.parametrize(
    "schema",
    [
        "{",
        '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "nowhere"}]}',
        '{"type": "array", "items": "null"}',
        '{"type": "array", "items": {"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}}',
        json.dumps({"type": "map", "values": {"type": "array", "items": MANY_NULLS}}),
        '{"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "array", "items": {"type": "record", "name": "E", "fields": []}}}]}',
    ],
)
def test_schemas_of_avro_that_are_not_valid_are_refused(line, schema):
    (line.folder / "reading.avsc").write_text(schema)
    with pytest.raises(DefinitionError) as refused:
        line.schemas(AVRO_KEYS)
    assert refused.value.code == "payload_schema_not_valid"


def record(name, *types):
    return {"type": "record", "name": name, "fields": [{"name": f"f{n}", "type": one} for n, one in enumerate(types)]}


def tree(depth):
    return b"\x02" + tree(depth - 1) + b"\x02" + tree(depth - 1) if depth else b"\x00\x00"


def items(schema):
    return {"type": "array", "items": schema}


CHAIN = record("Link0", "int")
for number in range(1, 60):
    CHAIN = record(f"Link{number}", CHAIN)


@pytest.mark.parametrize(
    ("schema", "payload"),
    [
        (items(record("Part", "int", *["null"] * 64)), zigzag(30_000) + bytes(30_001)),
        ({"type": "map", "values": record("Part", *["null"] * 2000)}, zigzag(2000) + b"\x02k" * 2000 + b"\x00"),
        (record("Tree", ["null", "Tree"], ["null", "Tree"], *["null"] * 200), tree(12)),
        (items(CHAIN), zigzag(20_000) + bytes(20_001)),
        (items({"type": "enum", "name": "Kind", "symbols": ["A" * 1000]}), zigzag(60_000) + bytes(60_001)),
        (items({**record("Part", "int"), "fields": [{"name": "f" * 1000, "type": "int"}]}), zigzag(60_000) + bytes(60_001)),
        (items(["string", record("Part", *["null"] * 64)]), zigzag(-20_000) + zigzag(20_000) + b"\x02" * 20_000 + b"\x00"),
    ],
    ids=["array", "map", "tree", "chain", "symbols", "names", "union"],
)
def test_a_short_payload_of_avro_that_stands_for_millions_of_values_is_a_reject(line, schema, payload):
    (line.folder / "reading.avsc").write_text(json.dumps(record("Top", schema)))
    rows, rejects = line.read(AVRO_KEYS, "n=$topic", payload)
    assert (rows, [(reason, raw) for reason, _, raw in rejects]) == ([], [("reject_many_records", payload)])


def test_records_of_avro_within_each_other(line):
    (line.folder / "reading.avsc").write_text(json.dumps(record("Link", ["null", "Link"])))
    deep = b"\x02" * 20_000 + b"\x00"
    rows, rejects = line.read(AVRO_KEYS, "f0", deep, b"\x02\x02\x00")
    assert rows == [('{"f0":{"f0":null}}',)]
    assert [(reason, raw) for reason, _, raw in rejects] == [("reject_undecodable", deep)]


def test_wide_records_and_long_arrays_of_avro_are_rows(line):
    wide = record("Wide", items("double"), "int", *["null"] * 200, *[["null", "double"]] * 200)
    (line.folder / "reading.avsc").write_text(json.dumps(wide))
    readings = zigzag(10_000) + struct.pack("<d", 1.5) * 10_000 + b"\x00"
    rows, rejects = line.read(AVRO_KEYS, "f0 f1 f201 f202", readings + zigzag(7) + bytes(200))
    assert (rows, rejects) == ([(json.dumps([1.5] * 10_000, separators=(",", ":")), "7", None, None)], [])


def test_a_large_payload_of_avro_is_counted_by_its_values_not_by_what_it_could_hold(line):
    part = record(
        "Part", "string", {"type": "fixed", "name": "Four", "size": 4}, "boolean", {"type": "enum", "name": "E", "symbols": ["A"]}
    )
    schema = record(
        "Top",
        items(["null", part]),
        {"type": "map", "values": "Part"},
        *["null"] * 64,
        items(record("Wide", "int", *["null"] * 60)),
    )
    (line.folder / "reading.avsc").write_text(json.dumps(schema))
    one = avro_text(b"x" * 9) + bytes(6)
    payload = zigzag(2000) + (b"\x02" + one) * 2000 + b"\x00" + zigzag(1) + avro_text(b"k") + one + bytes(2)
    rows, rejects = line.read(AVRO_KEYS, "x=/f1/k/f0", payload)
    assert (rows, rejects) == ([("x" * 9,)], [])


FULL = """machine: "M1" number: -5 big: 18446744073709551615 value: 0 maybe: 0 at { seconds: 1772366400 nanos: 123456789 } state: RUN
raw: "\\000\\377" list: 4 list: -5 tags { key: "a" value: 1.5 } word: "ok" wrapped { value: 0 } inner { x: -3 y: 9007199254740993 } took { seconds: 1 nanos: 500000000 }"""
COLUMNS = "machine number big value maybe at state raw list tag=/tags/a code word wrapped x=/inner/x y=/inner/y took"


def test_each_kind_of_value_of_protobuf_and_what_was_not_sent(line):
    full, empty = (protoc_encode(line.folder, "acme.v1.Reading", text) for text in (FULL, 'machine: "M2"'))
    rows, rejects = line.read(PROTO_KEYS, COLUMNS, full, empty, b"")
    at = "2026-03-01T12:00:00.123456789Z"
    unset = ("0", "0", "0.0", None, None, "OFF", "", "[]", None, None, None, None, None, None, None)
    assert rows == [
        (
            "M1",
            "-5",
            "18446744073709551615",
            "0.0",
            "0.0",
            at,
            "RUN",
            "AP8=",
            "[4,-5]",
            "1.5",
            None,
            "ok",
            "0.0",
            "-3",
            "9007199254740993",
            "1.5",
        ),
        ("M2", *unset),
        ("", *unset),
    ]
    assert rejects == []


def test_fields_that_the_schema_does_not_know_are_kept_and_known_ones_of_another_form_are_rejects(line):
    wider = PROTO.replace("Duration took = 15;", "Duration took = 15; int32 added = 77; string note = 78;")
    other = PROTO.replace("int64 number = 2;", "string number = 2;")
    strange = 'syntax = "proto3"; package acme.v1; message Reading { int32 a = 90; }'
    payloads = [
        protoc_encode(line.folder, "acme.v1.Reading", 'machine: "M1" added: 5 note: "x"', wider),
        protoc_encode(line.folder, "acme.v1.Reading", 'machine: "M2" number: "5"', other),
        protoc_encode(line.folder, "acme.v1.Reading", "a: 1", strange),
        b"\xff\xff",
    ]
    rows, rejects = line.read(PROTO_KEYS, "machine number", *payloads)
    assert rows == [("M1", "0")]
    assert '"#77":5' in line.extra[0][0]
    assert '"#78":"eA=="' in line.extra[0][0]
    assert [(reason, raw) for reason, _, raw in rejects] == [
        ("reject_other_schema", payloads[1]),
        ("reject_other_schema", payloads[2]),
        ("reject_undecodable", payloads[3]),
    ]


@pytest.mark.parametrize("repeated", [True, False])
def test_a_short_payload_of_protobuf_that_stands_for_long_symbols_is_a_reject(line, repeated):
    symbol = "S" * 1000
    part = "repeated Kind kinds = 1;" if repeated else "repeated Part parts = 1; } message Part { Kind kind = 1;"
    (line.folder / "reading.proto").write_text(f'syntax = "proto3"; enum Kind {{ {symbol} = 0; }} message Reading {{ {part} }}')
    keys = "payload: protobuf, schemaFile: reading.proto, messageType: Reading"
    payload = b"\x0a\xe0\xd4\x03" + bytes(60_000) if repeated else b"\x0a\x00" * 60_000
    _, rejects = line.read(keys, "n=$topic", payload, payload[:0])
    assert [(reason, len(raw)) for reason, _, raw in rejects if raw] == [("reject_many_records", len(payload))]


def test_a_short_payload_of_millions_of_values_is_a_reject(line):
    fields = "".join(f"int32 f{n} = {n};" for n in range(1, 51))
    (line.folder / "reading.proto").write_text(
        f'syntax = "proto3"; message Reading {{ repeated Part parts = 1; }} message Part {{ {fields} }}'
    )
    keys = "payload: protobuf, schemaFile: reading.proto, messageType: Reading"
    rows, rejects = line.read(keys, "n=$topic", b"\x0a\x00" * 100_000, b"\x0a\x00" * 100)
    assert (len(rows), [(reason, len(raw)) for reason, _, raw in rejects]) == (1, [("reject_many_records", 200_000)])


def test_a_set_of_descriptors_and_imports_of_other_files(line):
    (line.folder / "parts").mkdir()
    (line.folder / "parts" / "inner.proto").write_text('syntax = "proto3"; package p; message Inner { int32 x = 1; }')
    (line.folder / "reading.proto").write_text(
        'syntax = "proto3"; import "parts/inner.proto"; message Outer { p.Inner inner = 1; }'
    )
    keys = "payload: protobuf, schemaFile: reading.proto"
    assert line.read(keys, "x=/inner/x", b"\x0a\x02\x08\x07")[0] == [("7",)]
    [schema] = line.schemas(keys).schemas
    (line.folder / "reading.desc").write_bytes(base64.b64decode(schema.content))
    assert line.read(keys.replace(".proto", ".desc"), "x=/inner/x", b"\x0a\x02\x08\x07")[0] == [("7",)]


@pytest.mark.parametrize(
    ("text", "keys", "code"),
    [
        ("message X {", PROTO_KEYS, "payload_schema_not_valid"),
        (PROTO, "payload: protobuf, schemaFile: reading.proto", "payload_message_type"),
        (PROTO, "payload: protobuf, schemaFile: reading.proto, messageType: acme.v1.Nothing", "payload_message_type"),
        (PROTO, "payload: protobuf, schemaFile: other.proto", "payload_schema_missing"),
    ],
)
def test_schemas_of_protobuf_that_are_not_valid_are_refused(line, text, keys, code):
    (line.folder / "reading.proto").write_text(text)
    with pytest.raises(DefinitionError) as refused:
        line.schemas(keys)
    assert refused.value.code == code


def test_ids_in_front_of_payloads_choose_the_schema(line):
    small = '{"type": "record", "name": "R", "fields": [{"name": "machine", "type": "string"}]}'
    (line.folder / "small.avsc").write_text(small)
    keys = 'payload: avro, schemaFiles: ["7:reading.avsc", "9:small.avsc"]'
    payloads = [b"\x00\x00\x00\x00\x07" + avro_reading("A"), b"\x00\x00\x00\x00\x09" + avro_text("B")]
    poison = [b"\x00\x00\x00\x00\x08" + avro_text("C"), avro_reading("D"), b"\x00\x00"]
    rows, rejects = line.read(keys, "machine", *payloads, *poison)
    assert rows == [("A",), ("B",)]
    assert [reason for reason, *_ in rejects] == ["reject_schema_unknown", "reject_no_schema_id", "reject_no_schema_id"]
    assert rejects[0][1] == "decoder 1; schema id 8"


def test_protobuf_behind_an_id_names_its_type_by_places(line):
    [schema] = line.schemas(PROTO_KEYS).schemas
    kept = SchemaSet((replace(schema, number=7),))
    keys = 'payload: protobuf, schemaFiles: ["7:reading.proto"]'
    front = b"\x00\x00\x00\x00\x07"
    reading = protoc_encode(line.folder, "acme.v1.Reading", 'machine: "M1"')
    inner = protoc_encode(line.folder, "acme.v1.Inner", "x: -3")
    payloads = [front + b"\x00" + reading, front + b"\x02\x02" + inner, front + b"\x02\x0a" + inner]
    rows, rejects = line.read(keys, "machine x", *payloads, schemas=kept)
    assert rows == [("M1", None), (None, "-3")]
    assert [reason for reason, *_ in rejects] == ["reject_undecodable"]


def test_damaged_schemas_beside_segments_are_no_reason_to_guess(line):
    broken = SchemaSet((SchemaText(number=None, name="x", content="{"),))
    rows, rejects = line.read(AVRO_KEYS, "machine", avro_reading(), schemas=broken)
    assert (rows, [reason for reason, *_ in rejects]) == ([], ["reject_schema_unknown"])
