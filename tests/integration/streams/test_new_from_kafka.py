"""`lakeward new NAME --from kafka://…`: what a topic holds becomes a contract that runs, and nothing of the topic or its groups changes."""

import json
import threading
import time

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import create_project, draft_from_address, lint_contracts, run_dataset
from lakeward.flows.base.workspace import open_workspace
from support.kafka_cluster import create_topic, local_cluster, make_broker, produce
from support.payload_schemas import AVRO, PROTO, avro_reading, protoc_encode, require_codecs

START = 1_772_366_400_000
OBJECTS = [
    (n % 4, b"M%d" % (n % 2), json.dumps({"time": f"2026-03-01T12:00:{n:02d}Z", "data": {"temp": n + 0.5}}).encode())
    for n in range(40)
]
TAGS = [(n % 4, b"line3/t%d" % (n % 2), b'{"timestamp_ms":%d,"value":%d.5}' % (START + n, n)) for n in range(40)]


@pytest.fixture
def cluster():
    return local_cluster()


@pytest.fixture
def settings(tmp_path):
    return Settings.load(create_project(tmp_path / "plant"))


def _fetch(settings, query):
    with open_workspace(settings).engine() as engine:
        return [tuple(row.values()) for row in engine.fetch(query)]


def _codes(drafted):
    return [note.code for note in drafted.notes]


def test_objects_become_columns_with_their_key(settings, cluster):
    produce(cluster.options, "objects", [*OBJECTS, (0, b"M0", None), (0, b"M0", b"{")])
    drafted = draft_from_address(settings, "line", f"{cluster.url}/objects", "1s")
    assert lint_contracts(settings, "line") == []
    text = (drafted.folder / "contract.odcs.yaml").read_text()
    assert all(
        part in text
        for part in ("kind: kafka", 'topic: "objects"', "4 partitions", 'physicalName: "$key"', 'physicalName: "/data/temp"')
    )
    assert _codes(drafted)[:4] == ["new_connection_stored", "new_topic_seen", "new_topic_tombstones", "new_payload_form"]
    counts = run_dataset(settings, "line").counts
    assert (counts.rows_in, counts.rejects, counts.silver) == (42, 2, 40)
    assert _fetch(settings, "SELECT key, count(*), max(data_temp) FROM silver.line GROUP BY key ORDER BY key") == [
        ("M0", 20, 38.5),
        ("M1", 20, 39.5),
    ]


@pytest.mark.exhaustive
def test_keys_that_name_tags_are_the_addresses_of_readings(settings, cluster):
    produce(cluster.options, "tags", TAGS)
    drafted = draft_from_address(settings, "line", f"{cluster.url}/tags", "1s")
    assert lint_contracts(settings, "line") == []
    assert "addressField: key" in (drafted.folder / "contract.odcs.yaml").read_text()
    assert [line.split(",")[0] for line in (drafted.folder / "series.csv").read_text().splitlines()[1:]] == [
        "line3/t0",
        "line3/t1",
    ]
    assert run_dataset(settings, "line").counts.silver == 40
    assert _fetch(settings, "SELECT series, count(*) FROM silver.line GROUP BY series ORDER BY series") == [
        ("line3/t0", 20),
        ("line3/t1", 20),
    ]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("form", ["avro", "protobuf"])
def test_bytes_are_read_by_the_schema_that_is_named(settings, cluster, tmp_path, form):
    require_codecs()
    if form == "avro":
        (tmp_path / "reading.avsc").write_text(AVRO)
        values, query = [avro_reading(f"M{n}", n) for n in range(8)], "schemaFile=" + str(tmp_path / "reading.avsc")
    else:
        (tmp_path / "reading.proto").write_text(PROTO)
        text = 'machine: "M%d" number: %d at { seconds: 1772366400 }'
        values = [protoc_encode(tmp_path, "acme.v1.Reading", text % (n, n)) for n in range(2)]
        (tmp_path / "encoded.proto").unlink()
        query = f"schemaFile={tmp_path}/reading.proto&messageType=acme.v1.Reading"
    produce(cluster.options, "bytes", [(0, None, value) for value in values])
    with pytest.raises(LakewardError) as refused:
        draft_from_address(settings, "line", f"{cluster.url}/bytes", "1s")
    assert refused.value.code in {"new_payload_needs_schema", "new_payload_unreadable"}
    drafted = draft_from_address(settings, "line", f"{cluster.url}/bytes?{query}", "1s")
    assert lint_contracts(settings, "line") == []
    assert f"payload: {form}" in (drafted.folder / "contract.odcs.yaml").read_text()
    assert run_dataset(settings, "line").counts.silver == len(values)
    assert _fetch(settings, 'SELECT max(number), min("at") FROM silver.line')[0][0] == len(values) - 1


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("", "new_without_kafka_topic"),
        ("/a/b", "new_without_kafka_topic"),
        ("/empty?schemaFile=none.avsc", "new_schema_file_missing"),
    ],
)
def test_addresses_that_name_nothing_are_refused(settings, cluster, path, code):
    with pytest.raises(LakewardError) as refused:
        draft_from_address(settings, "line", f"{cluster.url}{path}", "1s")
    assert refused.value.code == code
    assert not (settings.start / "expectations" / "datasets" / "line").exists()


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
def test_a_look_leaves_no_group_and_sees_what_comes(settings, tmp_path):
    broker = make_broker(tmp_path / "broker")
    broker.start()
    try:
        create_topic(broker.options, "objects")
        produce(broker.options, "objects", OBJECTS)
        sender = threading.Timer(2.0, produce, (broker.options, "objects", OBJECTS))
        sender.start()
        started = time.monotonic()
        drafted = draft_from_address(settings, "line", f"{broker.url}/objects", "5s")
        assert time.monotonic() - started < 20
        sender.join()
        seen = next(note.facts for note in drafted.notes if note.code == "new_topic_seen")
        assert (seen["partitions"], seen["held"], seen["messages"]) == (4, 40, 40)
        from confluent_kafka.admin import AdminClient

        assert AdminClient(broker.options).list_consumer_groups().result(30).valid == []
        assert run_dataset(settings, "line").counts.rows_in == 80
        assert AdminClient(broker.options).list_consumer_groups().result(30).valid == []
    finally:
        broker.stop()
