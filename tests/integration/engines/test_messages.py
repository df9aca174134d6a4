"""Payloads of landed messages become rows: JSON, known programs, CSV lines and single values; what can't be decoded is a reject with its bytes."""

import json

import duckdb
import pytest

from lakeward.contracts.load import parse_contract
from lakeward.contracts.model import Column, DataType, Kind
from lakeward.contracts.payload import PayloadFormat, PayloadKind
from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.engines.embedded.staging import stage
from lakeward.sources.segments import SegmentStore
from support.both_engines import open_engine_named
from support.line_contracts import payload_contract
from support.segments import RECEIVED, land_messages, segment_input

READING = "address series ts value value_text status quality unit"


class Decoded:
    """What staging made of messages."""

    def __init__(self, con, reports):
        self.con, self.reports = con, reports

    def rows(self, select="* EXCLUDE (_file, _file_seq, _row, _extra)"):
        return self.con.execute(f"SELECT {select} FROM staged_rows ORDER BY _file_seq, _row").fetchall()

    def rejects(self, select="_row, reason, raw"):
        return self.con.execute(f"SELECT {select} FROM staged_rejects ORDER BY _file_seq, _row").fetchall()

    @property
    def records(self):
        return sum(report.records for report in self.reports)


@pytest.fixture
def decode(tmp_path):
    store = SegmentStore.of_dataset(tmp_path / "landing", "line")

    def run(source, columns, *messages, series=None):
        contract = parse_contract(payload_contract(source, columns), "line")
        landed = land_messages(store, messages)
        if series:
            (tmp_path / "series.csv").write_text(series, encoding="utf-8")
        inputs = [
            segment_input(one, series=tmp_path / "series.csv" if series else None) for one in store.segments(0, landed.number)
        ]
        con = duckdb.connect()
        con.execute("SET TimeZone = 'Asia/Shanghai'")
        (tmp_path / "scratch").mkdir(exist_ok=True)
        return Decoded(con, stage(con, inputs, contract.record_format, contract.columns, tmp_path / "scratch"))

    return run


def test_members_of_an_object_are_columns(decode):
    found = decode(
        "payload: json",
        "machine temp nested=/data/inner/x topic=$topic cell=$topic/2 at=$received_at kept=$retain",
        ("a/b", b'{"machine": "M1", "temp": 21.50, "data": {"inner": {"x": "y"}, "more": 1}, "new": [1, 2]}', True),
        ("a", b'{"machine": null, "temp": 1e3}'),
    )
    at = "2026-03-01T12:00:00.250000Z"
    assert found.rows() == [
        ("M1", "21.5", "y", "a/b", "b", at, "true"),
        (None, "1000.0", None, "a", None, at, "false"),
    ]
    assert found.rows("_row, _extra") == [(1_000_001, '{"new":[1,2],"data":{"more":1,"inner":{}}}'), (2_000_001, None)]
    assert found.records == 2


def test_lists_of_records_are_found_by_their_pointer(decode):
    found = decode(
        "payload: json, records: /d/list",
        "v",
        ("a", b'{"d": {"list": [{"v": 1}, {"v": 2}, 3, {"v": 4, "v": 5}]}}'),
        ("a", b'{"d": {"list": {"v": 6}}}'),
        ("a", b'{"d": {}}'),
        ("a", b'{"d": {"list": []}}'),
    )
    assert found.rows("_row, v") == [(1_000_001, "1"), (1_000_002, "2"), (2_000_001, "6")]
    assert found.rejects() == [
        (1_000_003, "reject_no_object", b"3"),
        (1_000_004, "reject_duplicate_key", b'{"v":4,"v":5}'),
        (3_000_001, "reject_no_record", b'{"d": {}}'),
        (4_000_001, "reject_no_record", b'{"d": {"list": []}}'),
    ]
    assert found.records == 7


def test_poison_is_a_reject_with_its_bytes_and_stops_nothing(decode):
    poison = [b"", b"\xff\xfe", b"{", b'{"v": nul}', "温度".encode("gb18030"), b"\x00\x01", b'{"v": 1} x']
    found = decode("payload: json", "v", *(("a", one) for one in poison), ("a", b'{"v": 1}'))
    assert found.rows("v") == [("1",)]
    assert [(reason, raw) for _, reason, raw in found.rejects()] == [
        ("reject_empty_message", b""),
        ("reject_encoding", b"\xff\xfe"),
        ("reject_no_json_message", b"{"),
        ("reject_no_json_message", b'{"v": nul}'),
        ("reject_encoding", "温度".encode("gb18030")),
        ("reject_no_json_message", b"\x00\x01"),
        ("reject_no_json_message", b'{"v": 1} x'),
    ]
    assert {detail for (detail,) in found.rejects("detail")} == {"decoder 1"}


def test_the_united_manufacturing_hub_sends_one_tag_per_topic(decode):
    found = decode(
        "payload: umh",
        READING,
        ("umh/v1/acme/_historian/temp", b'{"timestamp_ms": 1772366400123, "value": 21.5}'),
        ("umh/v1/acme/_historian/state", b'{"timestamp_ms":1772366400124,"value":"run: 1"}'),
        ("umh/v1/acme/_historian/pos", b'{"timestamp_ms": 1772366400125, "x": 1, "y": -2e0}'),
        ("umh/v1/acme/_historian/on", b'{"value": true, "timestamp_ms": 1}'),
        ("umh/v1/acme/_historian/bad", b'{"timestamp_ms": 1}'),
        ("umh/v1/acme/_historian/none", b'{"timestamp_ms": 1, "value": null}'),
    )
    address = "umh/v1/acme/_historian/"
    assert found.rows() == [
        (f"{address}temp", f"{address}temp", "1772366400123", "21.5", None, None, None, None),
        (f"{address}state", f"{address}state", "1772366400124", None, "run: 1", None, None, None),
        (f"{address}pos/x", f"{address}pos/x", "1772366400125", "1", None, None, None, None),
        (f"{address}pos/y", f"{address}pos/y", "1772366400125", "-2.0", None, None, None, None),
        (f"{address}on", f"{address}on", "1", None, "true", None, None, None),
        (f"{address}none", f"{address}none", "1", None, None, None, None, None),
    ]
    assert found.rejects() == [(5_000_001, "reject_no_reading", b'{"timestamp_ms": 1}')]


def test_telegraf_sends_fields_with_tags_alone_or_together(decode):
    one = b'{"fields":{"usage":1.5,"n":2},"name":"cpu","tags":{"host":"h1","cpu":"0"},"timestamp":1700000000}'
    found = decode(
        "payload: telegraf", "address ts value", ("telegraf/h1", one), ("t", b'{"metrics":[' + one + b"," + one + b"]}")
    )
    rows = [("telegraf/h1/cpu/cpu=0,host=h1/usage", "1700000000", "1.5"), ("telegraf/h1/cpu/cpu=0,host=h1/n", "1700000000", "2")]
    assert found.rows() == [*rows, *[(address.replace("telegraf/h1", "t"), ts, value) for address, ts, value in rows] * 2]
    assert found.rows("_row")[-1] == (2_000_004,)


def test_azure_iot_operations_sends_value_time_and_status_of_each_member(decode):
    plain = b'{"temp":{"SourceTimestamp":"2026-03-01T00:00:00.5Z","Value":21},"p":{"Value":null,"StatusCode":{"Code":2150891520,"Symbol":"Bad"}}}'
    pubsub = (
        b'{"MessageId":"1","MessageType":"ua-data","Messages":[{"DataSetWriterId":"w","Timestamp":"2026-03-01T00:00:01Z",'
        b'"Payload":{"temp":{"Value":22.5,"StatusCode":1073741824},"state":{"Value":"run"}}}]}'
    )
    found = decode("payload: azure-iot", READING, ("a", plain), ("b", pubsub))
    assert found.rows("address, ts, value, value_text, status, quality") == [
        ("a/temp", "2026-03-01T00:00:00.5Z", "21", None, None, "0"),
        ("a/p", None, None, None, "2150891520", "2"),
        ("b/temp", "2026-03-01T00:00:01Z", "22.5", None, "1073741824", "1"),
        ("b/state", "2026-03-01T00:00:01Z", None, "run", None, "0"),
    ]


def test_readings_of_plain_json_have_status_and_unit_of_their_record(decode):
    source = "payload: json, layout: readings, records: /r, readings: /v, time: /t, status: /q, unit: /u, statusCodes: opc-da, prefix: [/n]"
    found = decode(
        source,
        f"{READING} host=/n",
        (
            "x",
            b'{"r": [{"t": 5, "q": 192, "u": "Cel", "n": "M1", "v": {"a": 1}}, {"t": 6, "q": 0, "n": "", "v": {"a": 2, "b": 3}}]}',
        ),
        ("y", b'{"r": {"q": "Uncertain - stale", "v": 7.25}}'),
        ("z", b'{"r": {"q": 64}}'),
    )
    assert found.rows() == [
        ("x/M1/a", "x/M1/a", "5", "1", None, "192", "0", "Cel", "M1"),
        ("x/a", "x/a", "6", "2", None, "0", "2", None, ""),
        ("x/b", "x/b", "6", "3", None, "0", "2", None, ""),
        ("y", "y", None, "7.25", None, "Uncertain - stale", "1", None, None),
    ]
    assert [reason for _, reason, _ in found.rejects()] == ["reject_no_reading"]


def test_a_status_without_a_scale_has_no_quality(decode):
    found = decode("payload: json, layout: readings, status: /q", "status quality", ("x", b'{"q": 0, "value": 1}'))
    assert found.rows() == [("0", None)]


def test_a_payload_of_one_value_is_a_reading(decode):
    texts = [b"21.5", b" -3\r\n", b"on", b"1e5", b"", b"   ", b"\xff", b"12,5", b"0x1F"]
    found = decode("payload: text", "address ts value value_text", *(("a/b", one) for one in texts))
    at = RECEIVED.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert found.rows() == [
        ("a/b", at, "21.5", None),
        ("a/b", at, "-3", None),
        ("a/b", at, None, "on"),
        ("a/b", at, "1e5", None),
        ("a/b", at, None, "12,5"),
        ("a/b", at, None, "0x1F"),
    ]
    assert found.rejects() == [
        (5, "reject_empty_message", b""),
        (6, "reject_empty_message", b"   "),
        (7, "reject_encoding", b"\xff"),
    ]
    assert found.rows("_row")[-1] == (9,)


def test_numbers_as_text_have_the_signs_of_the_contract(decode):
    found = decode(
        'payload: text, decimal: ",", thousands: "."', "value value_text", ("a", b"1.234,5"), ("a", b"1.5"), ("a", b"7")
    )
    assert found.rows() == [("1.234,5", None), (None, "1.5"), ("7", None)]


def test_a_json_value_alone_is_a_column(decode):
    found = decode("payload: json", "v=$value series=$series", ("a", b"21.5"), ("a", b'"on"'), ("a", b"null"), ("a", b'{"v": 1}'))
    assert found.rows("v") == [("21.5",), ("on",), (None,), (None,)]


def test_lines_of_csv_are_records(decode):
    found = decode(
        'payload: csv, names: [t, v, note], delimiter: ";"',
        "t v note topic=$topic other",
        ("a", b'1;2;x\r\n3;4;"a;b ""q"""\n\n5;6;\n'),
        ("b", b"7;8\n9;10;y"),
        ("c", b"\n\n"),
        ("d", b'1;2;"open'),
    )
    assert found.rows("t, v, note, topic, _row") == [
        ("1", "2", "x", "a", 1_000_001),
        ("3", "4", 'a;b "q"', "a", 1_000_002),
        ("5", "6", "", "a", 1_000_003),
        ("9", "10", "y", "b", 2_000_002),
    ]
    assert found.rejects() == [
        (2_000_001, "reject_too_few_fields", b"7;8"),
        (3_000_001, "reject_empty_message", b"\n\n"),
        (4_000_001, "reject_stray_quote", b'1;2;"open'),
    ]


def test_the_mapping_gives_series_and_unit(decode):
    series = 'address,series,unit\na/t,acme/hall1/t,Cel\n"a/o\'k,1",acme/x,\n'
    found = decode(
        "payload: umh",
        "series address unit",
        ("a/t", b'{"timestamp_ms":1,"value":1}'),
        ("a/o'k,1", b'{"timestamp_ms":1,"value":1}'),
        ("b", b'{"timestamp_ms":1,"value":1}'),
        series=series,
    )
    assert found.rows() == [("acme/hall1/t", "a/t", "Cel"), ("acme/x", "a/o'k,1", None), ("b", "b", None)]


def test_a_torn_segment_is_one_reject_and_the_others_are_read(decode, tmp_path):
    decode("payload: json", "v", ("a", b'{"v": 1}'))
    store = SegmentStore.of_dataset(tmp_path / "landing", "line")
    content = store.path(1).read_bytes()
    store.path(1).write_bytes(content[: len(content) // 2])
    found = decode("payload: json", "v", ("a", b'{"v": 2}'))
    assert found.rows("v") == [("2",)]
    assert found.rejects("_file_seq, _row, reason") == [(1, 0, "reject_unreadable")]


def test_large_payloads_and_many_topics(decode):
    big = b'{"v": "' + b"x" * (1 << 20) + b'"}'
    found = decode("payload: json", "v topic=$topic", ("big", big), *((f"t/{n}", b'{"v": %d}' % n) for n in range(10_000)))
    counted = found.con.execute("SELECT count(*), max(length(v)), count(DISTINCT topic) FROM staged_rows").fetchall()
    assert counted == [(10_001, 1 << 20, 10_001)]


@pytest.mark.parametrize("hostile", [b'{"k": "v"}', b'{"a/b~c": 1, "d\'e": 2, "f\\"g": 3, "": 4}'])
def test_names_of_members_are_data(decode, hostile):
    found = decode("payload: json, layout: readings", "address value value_text", ("t", hostile))
    expected = {b'{"k": "v"}': [("t/k", None, "v")]}.get(
        hostile, [("t/a/b~c", "1", None), ("t/d'e", "2", None), ('t/f"g', "3", None), ("t/", "4", None)]
    )
    assert found.rows() == expected


@pytest.mark.exhaustive
@pytest.mark.spark
def test_spark_reads_what_the_embedded_engine_reads(tmp_path):
    source = "payload: json, layout: readings, time: /t, status: /q, statusCodes: opc-ua"
    contract = parse_contract(payload_contract(source, f"{READING} kept=$retain"), "line")
    messages = [
        ("a/温度", b'{"t": 1, "q": 2147483648, "x": 1.50, "y": "\xe6\xb8\xa9", "z": true}', True),
        ("b", b"\xff"),
        ("c", b"[]"),
    ]
    one = land_messages(SegmentStore.of_dataset(tmp_path / "landing", "line"), messages)
    found = []
    for name in ("embedded", "spark"):
        engine = open_engine_named(name, str(tmp_path / name))
        staged = engine.stage([segment_input(one)], contract.record_format, contract.columns)
        rows = engine.fetch(f"SELECT * FROM {staged.rows} ORDER BY _row")
        rejects = engine.fetch(f"SELECT _row, reason, detail, hex(raw) AS raw FROM {staged.rejects} ORDER BY _row")
        found.append((rows, rejects, staged.reports))
        engine.close()
    assert found[0] == found[1]
    assert (len(found[0][0]), len(found[0][1])) == (3, 2)


# What queries over messages call their own items.
OWN_NAMES = "file seq n m it k v e i f why text lines entries doc fault raw reason detail message payload topic undecoded schema_label r_ts r_series"


def test_members_that_are_called_as_queries_call_their_items_keep_their_values(decode):
    names = OWN_NAMES.split()
    payload = json.dumps({name: f"own {name}" for name in names}).encode()
    found = decode("payload: json", OWN_NAMES, ("a", payload), ("a", b"{"))
    assert found.rows() == [tuple(f"own {name}" for name in names)]
    assert found.rejects() == [(2_000_001, "reject_no_json_message", b"{")]


@pytest.mark.parametrize(
    ("kind", "payload"), [(PayloadKind.CSV, b"1,2,3"), (PayloadKind.JSON, b'{"raw": 1, "fault": 2}'), (PayloadKind.TEXT, b"5")]
)
def test_fields_of_messages_that_are_called_so_keep_their_values_too(tmp_path, kind, payload):
    fields = [name for name in OWN_NAMES.split() if name not in {"topic", "payload"}]
    schema = {"topic": "string", "payload": "binary", "received_at": "timestamp[us, UTC]"} | dict.fromkeys(fields, "string")
    landed = land_messages(
        SegmentStore.of_dataset(tmp_path / "landing", "line"),
        [("a", payload, *(f"field {name}" for name in fields))],
        columns=schema,
    )
    columns = [Column(f"c{at}", DataType(Kind.STRING), f"${name}") for at, name in enumerate(fields)]
    form = RecordFormat(format=FileFormat.MESSAGES, names=("raw", "fault", "it"), payload=PayloadFormat(kind=kind))
    (tmp_path / "scratch").mkdir()
    con = duckdb.connect()
    stage(con, [segment_input(landed)], form, columns, tmp_path / "scratch")
    assert Decoded(con, ()).rows() == [tuple(f"field {name}" for name in fields)]
    assert Decoded(con, ()).rejects() == []
