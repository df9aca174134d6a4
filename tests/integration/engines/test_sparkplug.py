"""Metrics of Sparkplug B become readings: all data types, aliases and their births, gaps and deaths; nothing unclear is guessed."""

import pyarrow.parquet as pq
import pytest

from support import sparkplug_bytes as sp
from support.sparkplug_bytes import aliased, bd_seq, metric, payload
from support.sparkplug_plant import DBIRTH, DDATA, DDEATH, NDATA, NDEATH, Plant, birth
from support.sparkplug_segments import RECEIVED_TEXT, T0, T0_TEXT, Connection


@pytest.fixture
def plant(tmp_path):
    return Plant(tmp_path)


VALUES = [
    ("i8", sp.INT8, -5, "-5"),
    ("i16", sp.INT16, -32768, "-32768"),
    ("i32", sp.INT32, -(1 << 31), "-2147483648"),
    ("i64", sp.INT64, -(1 << 63), "-9223372036854775808"),
    ("u8", sp.UINT8, 255, "255"),
    ("u16", sp.UINT16, 65535, "65535"),
    ("u32", sp.UINT32, (1 << 32) - 1, "4294967295"),
    ("u64", sp.UINT64, (1 << 64) - 1, "18446744073709551615"),
    ("f", sp.FLOAT, 0.1, "0.10000000149011612"),
    ("d", sp.DOUBLE, -1e-300, "-1e-300"),
]
TEXTS = [
    ("b", sp.BOOLEAN, True, "true"),
    ("s", sp.STRING, "Grüße 压力", "Grüße 压力"),
    ("t", sp.DATE_TIME, T0 + 7, "2026-03-01T12:00:00.007000Z"),
    ("x", sp.TEXT, "a\nb", "a\nb"),
    ("u", sp.UUID, "9d5e-1", "9d5e-1"),
    ("nan", sp.DOUBLE, float("nan"), "NaN"),
    ("inf", sp.FLOAT, float("-inf"), "-Infinity"),
]


def test_every_data_type_has_its_value(plant):
    plant.land(birth(*(metric(name, kind, value) for name, kind, value, _ in (*VALUES, *TEXTS)), metric("null", sp.INT32)))
    plant.stage()
    expected = [(f"G/E//{name}", text, None) for name, _, _, text in VALUES]
    expected += [(f"G/E//{name}", None, text) for name, _, _, text in TEXTS]
    assert plant.rows() == [*expected, ("G/E//null", None, None), ("G/E//bdSeq", "0", None)]
    assert plant.rejects() == []


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (sp.INT8, sp.whole(10, 251), "-5"),
        (sp.INT8, sp.whole(11, -5), "-5"),
        (sp.INT16, sp.whole(10, -5), "-5"),
        (sp.INT32, sp.whole(11, 4294967291), "-5"),
        (sp.INT32, sp.whole(11, -5), "-5"),
        (sp.INT64, sp.whole(10, 7), "7"),
        (sp.UINT32, sp.whole(10, 7), "7"),
        (sp.FLOAT, sp.value_field(sp.DOUBLE, 0.5), "0.5"),
        (sp.INT8, sp.whole(10, 300), None),
        (sp.UINT8, sp.whole(10, 256), None),
        (sp.UINT8, sp.whole(10, 0xFFFFFFFB), None),
        (sp.INT32, sp.value_field(sp.STRING, "5"), None),
        (sp.BOOLEAN, sp.whole(10, 1), None),
        (sp.DATE_TIME, sp.whole(11, 1 << 60), None),
        (sp.DOUBLE, b"", None),
    ],
)
def test_whole_numbers_are_read_as_edges_write_them_and_nothing_else_is(plant, kind, raw, value):
    plant.land(birth(metric("m", kind, raw=raw)))
    plant.stage()
    if value is None:
        assert plant.rejects("_row, reason, raw") == [(1_000_001, "reject_metric_value", metric("m", kind, raw=raw))]
    else:
        assert plant.rows()[0] == ("G/E//m", value, None)


def test_sets_templates_bytes_and_arrays_are_rejects_with_their_bytes(plant):
    kinds = (sp.DATA_SET, sp.BYTES, sp.FILE, sp.TEMPLATE, sp.INT32_ARRAY, 99)
    metrics = [metric("m", kind, b"\x08\x01") for kind in kinds]
    plant.land(birth(*metrics, metric("good", sp.INT32, 1)))
    plant.stage()
    assert plant.rejects("reason, raw") == [("reject_metric_type", one) for one in metrics]
    assert plant.rows()[0] == ("G/E//good", "1", None)


def test_fields_around_a_value(plant):
    columns = "".join(
        f"      - {{name: {name}, physicalName: ${name}, logicalType: string}}\n"
        for name in (
            "group",
            "edge",
            "device",
            "metric",
            "alias",
            "datatype",
            "seq",
            "bd_seq",
            "transient",
            "topic",
            "received_at",
        )
    )
    plant.land(birth(session=3), (DBIRTH, payload(metric("a/b", sp.INT32, 1, alias=7, unit="°C"), ts=T0, seq=1)))
    plant.land((DDATA, payload(aliased(7, sp.INT32, 2, ts=T0 + 9, historical=True, quality=0), ts=T0 + 10, seq=2)))
    plant.stage(columns=columns)
    names = '"group", edge, device, metric, alias, datatype, seq, transient, topic, received_at'
    assert plant.data(f"series, value, ts, status, quality, unit, historical, {names}") == [
        (
            *("G/E/D/a/b", "2", "2026-03-01T12:00:00.009000Z", "0", "2", "°C", "true"),
            *("G", "E", "D", "a/b", "7", "Int32", "2", "false", DDATA, RECEIVED_TEXT),
        )
    ]
    assert plant.rows("bd_seq", "message = 'NBIRTH'") == [("3",)]


def test_an_edge_and_a_device_never_share_an_address(plant):
    plant.land(birth(metric("D/m", sp.INT32, 1)), (DBIRTH, payload(metric("m", sp.INT32, 2), ts=T0, seq=1)))
    plant.stage()
    assert [row for row in plant.rows() if row[0].endswith("m")] == [("G/E//D/m", "1", None), ("G/E/D/m", "2", None)]


def test_an_alias_means_what_the_last_birth_says(plant):
    plant.land(birth(metric("a", sp.INT32, 1, alias=1), metric("b", sp.INT32, 2, alias=2)))
    plant.land((NDATA, payload(aliased(1, sp.INT32, 10), ts=T0 + 1, seq=1)))
    plant.land(birth(metric("a", sp.INT32, 1, alias=2), metric("b", sp.UINT8, 2, alias=1), session=1))
    plant.land((NDATA, payload(aliased(1, sp.UINT8, 11), aliased(3, sp.INT32, 1), ts=T0 + 2, seq=1)))
    plant.stage()
    assert plant.data() == [("G/E//a", "10"), ("G/E//b", "11")]
    assert plant.rejects() == [(4, 1_000_002, "reject_unknown_alias")]
    plant.stage(first=4)  # alone, by the births that are known
    assert plant.data() == [("G/E//b", "11")]


def test_births_end_with_the_connection(plant):
    """While no one listened, the edge can have given its aliases another meaning."""
    plant.land(birth(metric("a", sp.INT32, 1, alias=1)))
    plant.connection = Connection(plant.store, 1)
    plant.land((NDATA, payload(aliased(1, sp.INT32, 10), ts=T0 + 1, seq=1)))
    plant.stage()
    assert plant.rejects() == [(2, 1_000_001, "reject_no_birth")]
    plant.connection.ask()
    plant.land(birth(metric("a", sp.INT32, 1, alias=1)))
    plant.stage()
    assert plant.data() == [("G/E//a", "10")]


@pytest.mark.parametrize("requests", [0, 1])
def test_a_birth_that_nobody_asked_for_explains_no_data_of_before(plant, requests):
    """It is how an edge says that its aliases have another meaning now; a request that it came before makes no difference."""
    plant.land(
        (NDATA, payload(aliased(1, sp.INT32, 10), ts=T0 + 1, seq=1)),
        (DDATA, payload(aliased(2, sp.INT32, 20), ts=T0 + 1, seq=2)),
    )
    for _ in range(1 + requests):
        plant.land(
            birth(metric("b", sp.INT32, 1, alias=1)), (DBIRTH, payload(metric("m", sp.INT32, 1, alias=2), ts=T0 + 5, seq=1))
        )
        plant.land((NDATA, payload(aliased(1, sp.INT32, 11), ts=T0 + 6, seq=2)), (NDATA, b"\xff"))
        plant.connection.ask()
    plant.stage()
    assert set(plant.data()) == {("G/E//b", "11")}
    assert plant.rejects("_row, reason")[:2] == [(1_000_001, "reject_no_birth"), (2_000_001, "reject_no_birth")]


def test_a_birth_that_answers_explains_the_devices_of_before(plant):
    plant.land((DDATA, payload(aliased(2, sp.INT32, 20), ts=T0 + 1, seq=2)))
    plant.connection.ask()
    plant.land(birth(), (DBIRTH, payload(metric("m", sp.INT32, 1, alias=2), ts=T0 + 5, seq=1)))
    plant.stage()
    assert plant.data() == [("G/E/D/m", "20")]


def device_birth(name="m", seq=1, device="D"):
    return f"spBv1.0/G/DBIRTH/E/{device}", payload(metric(name, sp.INT32, 1, alias=2), ts=T0 + 5, seq=seq)


OTHER = device_birth("other")
BETWEEN = {
    "data": [(NDATA, payload(ts=T0 + 4, seq=1)), device_birth("other", seq=2)],
    "a gap": [device_birth("other", seq=2)],
    "another birth": [birth(), OTHER],
    "another session": [birth(session=7), OTHER],
    "no Sparkplug": [(NDATA, b"\xff"), OTHER],
}


@pytest.mark.parametrize("between", BETWEEN)
def test_a_birth_of_a_device_that_is_no_part_of_an_answer_explains_no_data_of_before(plant, between):
    plant.land((DDATA, payload(aliased(2, sp.INT32, 20), ts=T0 + 1, seq=2)))
    plant.connection.ask()
    plant.land(birth(), *BETWEEN[between])
    plant.stage()
    assert plant.data() == []
    assert plant.rejects()[0] == (1, 1_000_001, "reject_no_birth")


@pytest.mark.parametrize(("seconds", "data"), [(9.0, [("G/E/D/m", "20")]), (11.0, [])])
@pytest.mark.parametrize("late", ["edge", "device"])
def test_an_answer_comes_within_ten_seconds(plant, late, seconds, data):
    plant.land((DDATA, payload(aliased(2, sp.INT32, 20), ts=T0 + 1, seq=2)))
    plant.connection.ask()
    if late == "edge":
        plant.connection.wait(seconds)
    plant.land(birth(), device_birth("n", device="C"))
    if late == "device":
        plant.connection.wait(seconds)
    plant.land(device_birth(seq=2))
    plant.stage()
    assert plant.data() == data


@pytest.mark.parametrize("is_answer", [True, False])
def test_after_a_gap_a_device_waits_for_its_birth_in_an_answer(plant, is_answer):
    plant.land(birth(), device_birth(), (DDATA, payload(aliased(2, sp.INT32, 20), ts=T0 + 6, seq=9)))
    plant.connection.ask()
    plant.land(birth(ts=T0 + 7), *([] if is_answer else [(NDATA, payload(ts=T0 + 8, seq=1))]), device_birth(seq=2 - is_answer))
    plant.stage()
    assert plant.data() == ([("G/E/D/m", "20")] if is_answer else [])


@pytest.mark.parametrize("change", [device_birth(seq=10), (DDEATH, payload(ts=T0 + 6, seq=10))])
def test_after_a_gap_a_change_of_the_device_leaves_its_meaning_open(plant, change):
    plant.land(birth(), device_birth(), (DDATA, payload(aliased(2, sp.INT32, 20), ts=T0 + 6, seq=9)), change)
    plant.connection.ask()
    plant.land(birth(ts=T0 + 7), device_birth())
    plant.stage()
    assert (plant.data(), plant.rejects()[0]) == ([], (1, 3_000_001, "reject_sequence_gap"))


def test_segments_of_before_name_no_birth_that_was_asked_for(plant):
    plant.connection.ask()
    plant.land((NDATA, payload(aliased(1, sp.INT32, 10), ts=T0 + 1, seq=1)))
    plant.connection.ask()
    plant.land(birth(metric("a", sp.INT32, 1, alias=1)), (NDATA, payload(aliased(1, sp.INT32, 11), ts=T0 + 2, seq=1)))
    for segment in plant.store.segments(0, plant.store.newest()):
        table = pq.read_table(segment.path).drop_columns(["asked"])
        segment.path.chmod(0o600)
        pq.write_table(table, segment.path)
    plant.stage()
    assert plant.data() == [("G/E//a", "11")]
    assert plant.rejects() == [(1, 1_000_001, "reject_no_birth")]


@pytest.mark.parametrize("between", [(NDEATH, payload(bd_seq(0))), (NDATA, payload(aliased(1, sp.INT32, 11), ts=T0, seq=9))])
def test_a_later_birth_explains_no_data_of_before_a_death_or_a_gap(plant, between):
    plant.land((NDATA, payload(aliased(1, sp.INT32, 10), ts=T0, seq=5)), between, birth(metric("a", sp.INT32, 1, alias=1)))
    plant.stage()
    assert ("reject_no_birth",) in plant.rejects("reason")
    assert ("G/E//a", "10") not in plant.data()


def test_after_a_gap_aliases_wait_for_a_birth_that_agrees(plant):
    first = birth(metric("a", sp.INT32, 1, alias=1), metric("b", sp.INT32, 1, alias=2), metric("c", sp.INT32, 1))
    own = [aliased(1, sp.INT32, 10), aliased(2, sp.INT32, 20), metric("c", sp.INT32, 30), metric("c", raw=sp.whole(10, 31))]
    plant.land(first, (NDATA, payload(*own, ts=T0 + 1, seq=2)), (NDATA, payload(aliased(1, sp.INT32, 12), ts=T0 - 1, seq=3)))
    plant.stage()
    # With name and type a metric speaks for itself.
    assert plant.data() == [("G/E//c", "30")]
    assert plant.rejects("_row, reason") == [(row, "reject_sequence_gap") for row in (2_000_001, 2_000_002, 2_000_004, 3_000_001)]
    plant.connection.ask()
    plant.land(birth(metric("a", sp.INT32, 1, alias=1), metric("x", sp.INT32, 1, alias=2), metric("c", sp.INT32, 1), ts=T0 + 5))
    plant.stage()
    assert plant.data() == [("G/E//a", "10"), ("G/E//c", "30"), ("G/E//c", "31")]
    # `b` is now another, and what was sent before the first birth is none of it.
    assert plant.rejects("_row, reason") == [(2_000_002, "reject_sequence_gap"), (3_000_001, "reject_sequence_gap")]


@pytest.mark.parametrize("later", [{"session": 1}, {"death": True}])
def test_another_session_settles_no_gap(plant, later):
    known = metric("a", sp.INT32, 1, alias=1)
    plant.land(birth(known), (NDATA, payload(aliased(1, sp.INT32, 10), ts=T0 + 1, seq=2)))
    if later.get("death"):
        plant.land((NDEATH, payload(bd_seq(0))))
    plant.land(birth(known, session=later.get("session", 0)))
    plant.stage()
    assert plant.rejects() == [(1, 2_000_001, "reject_sequence_gap")]


def test_a_death_makes_each_metric_stale(plant):
    plant.land(
        birth(metric("a", sp.INT32, 1, ts=T0)), (DBIRTH, payload(metric("m", sp.INT32, 2, unit="bar", ts=T0), ts=T0, seq=1))
    )
    plant.land((DDEATH, payload(ts=T0 + 5, seq=2)), (DBIRTH, payload(metric("m", sp.INT32, 3, ts=T0), ts=T0, seq=3)))
    plant.land((NDEATH, payload(bd_seq(9))), (NDEATH, payload(bd_seq(0), ts=T0 - 99)))
    plant.land((NDATA, payload(metric("a", sp.INT32, 4), ts=T0, seq=4)))
    plant.stage()
    late = "2026-03-01T12:00:00.005000Z"
    stale = plant.rows("_file_seq, series, ts, value, status, quality, unit", "status = 500")
    assert stale == [
        (2, "G/E/D/m", late, None, "500", "2", "bar"),
        (3, "G/E//a", RECEIVED_TEXT, None, "500", "2", None),
        (3, "G/E//bdSeq", RECEIVED_TEXT, None, "500", "2", None),
        (3, "G/E/D/m", RECEIVED_TEXT, None, "500", "2", None),
    ]
    assert plant.rejects() == [(4, 1_000_001, "reject_no_birth")]
    plant.land((DDEATH, payload(ts=T0, seq=5)), (NDEATH, payload(metric("bdSeq", raw=sp.whole(11, 0)))))
    plant.stage(first=5)
    assert plant.rejects() == [(5, 1_000_001, "reject_death_unknown")]
    assert plant.rows() == [("G/E//bdSeq", "0", None)]


def test_the_late_will_of_an_earlier_session_ends_nothing(plant):
    plant.land(birth(metric("a", sp.INT32, 1, alias=1), session=1), (NDEATH, payload(bd_seq(0))))
    plant.land((NDATA, payload(aliased(1, sp.INT32, 4), ts=T0, seq=1)))
    plant.stage()
    assert plant.data() == [("G/E//a", "4")]
    assert plant.rows("series, value", "message = 'NDEATH'") == [("G/E//bdSeq", "0")]


def test_what_is_not_clear_is_a_reject(plant):
    plant.land(
        birth(metric("a", sp.INT32, 1, alias=1), metric("twice", sp.INT32, 1, alias=2), metric("again", sp.INT32, 2, alias=2)),
        (NDATA, b"\xff\xff"),
        ("spBv1.0/G/NCMD/E", b""),
        (NDATA, b""),
        (NDATA, payload(ts=T0, seq=1)),
        (NDATA, payload(metric("a", sp.INT64, 1), metric("new", sp.INT32, 1), aliased(2, sp.INT32, 1), ts=T0, seq=2)),
        (
            NDATA,
            payload(
                sp.value_field(sp.INT32, 1), metric(b"\xff", sp.INT32, 1), metric("a", sp.INT32, 1, ts=1 << 62), ts=T0, seq=3
            ),
        ),
        (DDATA, payload(metric("m", sp.INT32, 1), ts=T0, seq=4)),
    )
    plant.stage()
    assert plant.rejects("_row, reason") == [
        (2_000_001, "reject_no_sparkplug"),
        (3_000_001, "reject_no_edge_topic"),
        (4_000_001, "reject_empty_message"),
        (5_000_001, "reject_no_reading"),
        (6_000_001, "reject_type_changed"),
        (6_000_002, "reject_unknown_metric"),
        (6_000_003, "reject_unknown_alias"),
        (7_000_001, "reject_metric_name"),
        (7_000_002, "reject_encoding"),
        (7_000_003, "reject_metric_time"),
        (8_000_001, "reject_no_birth"),
    ]
    assert plant.rejects("raw")[0] == (b"\xff\xff",)


def test_times_are_those_of_metric_payload_and_receipt(plant):
    plant.land(
        birth(metric("a", sp.INT32, 1, ts=T0 + 1), metric("b", sp.INT32, 1)), (DBIRTH, payload(metric("c", sp.INT32, 1), seq=1))
    )
    plant.stage()
    assert plant.rows("ts", "series NOT LIKE '%bdSeq'") == [("2026-03-01T12:00:00.001000Z",), (T0_TEXT,), (RECEIVED_TEXT,)]


@pytest.mark.exhaustive
def test_a_birth_of_many_blocks_is_whole(plant):
    plant.land(birth(*(metric(f"m{n}", sp.INT32, n) for n in range(60_000))))
    plant.stage()
    assert plant.con.execute("SELECT count(*), count(DISTINCT series), sum(value::BIGINT) FROM staged_rows").fetchone() == (
        60_001,
        60_001,
        60_000 * 59_999 // 2,
    )
