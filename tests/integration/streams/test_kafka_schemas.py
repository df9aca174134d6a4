"""Topics whose messages a schema explains, on the cluster that librdkafka brings: files beside the contract, and a registry's own answers."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lakeward.core.errors import LakewardError, MachineError
from lakeward.core.settings import Settings
from lakeward.flows import Selection, Signature, lint_contracts, replay_rows, run_dataset
from lakeward.flows.base.batch_context import BatchStep
from support.kafka_cluster import local_cluster, produce
from support.line_contracts import line_contract
from support.mqtt_plant import MqttPlant
from support.payload_schemas import AVRO, PROTO, avro_reading, avro_text, protoc_encode, require_codecs, zigzag

require_codecs()
CONTRACT = line_contract(
    "kafka",
    "topic: readings",
    "payload: KEYS",
    columns=(
        "{name: machine, logicalType: string, required: true}",
        "{name: number, logicalType: integer, required: true}",
        "{name: place, physicalName: $offset, logicalType: integer}",
    ),
)
AVRO_FILE = "avro\n      schemaFile: reading.avsc"
SMALL = '{"type": "record", "name": "R", "fields": [{"name": "machine", "type": "string"}, {"name": "number", "type": "long"}]}'


def small(machine, number):
    return avro_text(machine) + zigzag(number)


@pytest.fixture
def cluster():
    return local_cluster()


class Line:
    """The plant with one topic."""

    def __init__(self, root, cluster, keys, registry=""):
        self.plant, self.cluster = MqttPlant(root, cluster.url, CONTRACT.replace("KEYS", keys)), cluster
        self.folder = self.plant.root / "expectations" / "datasets" / "line"
        environ = {"LAKEWARD_CONN_PLANT_BROKER": cluster.url, "LAKEWARD_CONN_SCHEMAS": registry}
        self.settings = Settings.load(self.plant.root, environ=environ)

    def send(self, *values):
        produce(self.cluster.options, "readings", [(0, None, value) for value in values])

    def run(self):
        return run_dataset(self.settings, "line").counts

    def replay(self, **options):
        return replay_rows(self.settings, "line", Selection(), Signature("li.wei", None, None), **options)

    def rows(self):
        return [tuple(row.values()) for row in self.plant.fetch("SELECT machine, number FROM silver.line ORDER BY place, number")]

    def reasons(self):
        return [row["reason"] for row in self.plant.fetch("SELECT reason FROM rejects.line ORDER BY _row")]


def test_avro_by_a_file_and_poison_read_again_by_a_corrected_one(tmp_path, cluster):
    line = Line(tmp_path / "plant", cluster, AVRO_FILE)
    (line.folder / "reading.avsc").write_text(SMALL)
    assert lint_contracts(line.settings, "line") == []
    line.send(small("M1", 2**62 + 1), avro_reading("M2", 5), b"\xff", None)
    counts = line.run()
    assert (counts.rows_in, counts.silver, counts.rejects) == (4, 1, 3)
    assert line.reasons() == ["reject_other_schema", "reject_undecodable", "reject_tombstone"]
    assert line.replay().batches == 0
    (line.folder / "reading.avsc").write_text(AVRO)
    report = line.replay()
    assert (report.batches, report.counts.silver) == (1, 1)
    assert line.rows() == [("M1", 2**62 + 1), ("M2", 5)]
    line.send(avro_reading("M3", 6))
    assert line.run().silver == 1
    assert line.replay().batches == 0
    [stored] = line.plant.fetch("SELECT count(*) AS n, count(DISTINCT (_file_seq, _row)) AS places FROM bronze.line")
    assert stored == {"n": 3, "places": 3}


class Killed(BaseException):
    """Ends a run as a kill does."""


@pytest.mark.sampled(1)
@pytest.mark.parametrize("step", [BatchStep.PINNED, BatchStep.BRONZE])
def test_a_killed_replay_goes_on_by_the_schema_that_it_began_with(tmp_path, cluster, step):
    line = Line(tmp_path / "plant", cluster, AVRO_FILE)
    (line.folder / "reading.avsc").write_text(SMALL)
    line.send(avro_reading("M2", 5))
    line.run()
    (line.folder / "reading.avsc").write_text(AVRO)

    def die(reached):
        if reached is step:
            raise Killed

    with pytest.raises(Killed):
        line.replay(on_step=die)
    (line.folder / "reading.avsc").write_text(SMALL)
    line.run()
    assert line.rows() == [("M2", 5)]
    assert line.replay().batches == 0


def test_protobuf_by_a_file(tmp_path, cluster):
    line = Line(tmp_path / "plant", cluster, "protobuf\n      schemaFile: reading.proto\n      messageType: acme.v1.Reading")
    (line.folder / "reading.proto").write_text(PROTO)
    line.send(protoc_encode(tmp_path, "acme.v1.Reading", 'machine: "M1" number: 9007199254740993'), b"\x0a\x02M2")
    assert line.run().silver == 2
    assert line.rows() == [("M1", 2**53 + 1), ("M2", 0)]


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("avro", "contract_schema_missing"),
        ("avro\n      schemaFile: reading.avsc\n      schemaFiles: ['7:reading.avsc']", "contract_schema_twice"),
        ("avro\n      schemaFile: ../reading.avsc", "contract_value"),
        ("avro\n      schemaFile: reading.proto", "contract_value"),
        ("avro\n      schemaFiles: ['7:a.avsc', '7:b.avsc']", "contract_value"),
        ("json\n      schemaFile: reading.avsc", "contract_key_of_other_payload"),
        ("avro\n      schemaFile: reading.avsc\n      messageType: a.B", "contract_key_of_other_payload"),
        ("avro\n      schemaFile: reading.avsc", "payload_schema_missing"),
    ],
)
def test_keys_of_schemas_that_are_not_valid_are_named_with_their_line(tmp_path, cluster, keys, code):
    line = Line(tmp_path / "plant", cluster, keys)
    [problem, *_] = lint_contracts(line.settings, "line")
    assert problem.code == code


def test_lint_names_the_place_in_a_schema(tmp_path, cluster):
    line = Line(tmp_path / "plant", cluster, AVRO_FILE)
    (line.folder / "reading.avsc").write_text('{"type": "record",\n "name" "R"}')
    [problem] = lint_contracts(line.settings, "line")
    assert (problem.file.endswith("line/reading.avsc"), problem.line, problem.column) == (True, 2, 9)


class Registry(ThreadingHTTPServer):
    """A registry's REST API, as Confluent's documents it: schemas by id and by subject and version, behind a password."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), RegistryAnswer)
        self.schemas, self.subjects, self.asked = {}, {}, []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"http://reader:secret@127.0.0.1:{self.server_address[1]}"


class RegistryAnswer(BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        self.server.asked.append(self.path)
        known = self.headers["Authorization"] == "Basic " + base64.b64encode(b"reader:secret").decode()
        parts = path.strip("/").split("/")
        found = (
            self.server.schemas.get(int(parts[2]))
            if parts[0] == "schemas"
            else self.server.subjects.get((parts[1], int(parts[3])))
        )
        if found and found.get("schemaType") == "PROTOBUF" and query != "format=serialized":
            found = None
        self._answer(401 if not known else 200 if found else 404, found or {"error_code": 40403})

    def _answer(self, status, found):
        content = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        return


@pytest.fixture
def registry():
    server = Registry()
    yield server
    server.shutdown()
    server.server_close()


def framed(number, content):
    return b"\x00" + number.to_bytes(4) + content


def test_a_registry_gives_schemas_by_their_ids_once(tmp_path, cluster, registry):
    line = Line(tmp_path / "plant", cluster, "avro\n      schemaRegistry: schemas", registry.url)
    registry.schemas[7] = {"schema": SMALL}
    registry.schemas[9] = {
        "schema": '{"type": "record", "name": "O", "fields": [{"name": "machine", "type": "string"}, {"name": "number", "type": "long"}, {"name": "inner", "type": "acme.I"}]}',
        "references": [{"name": "acme.I", "subject": "inner value", "version": 2}],
    }
    registry.subjects["inner%20value", 2] = {"schema": '{"type": "record", "name": "I", "namespace": "acme", "fields": []}'}
    line.send(framed(7, small("M1", 1)), framed(9, small("M2", 2)), framed(8, small("M3", 3)))
    counts = line.run()
    assert (counts.silver, counts.rejects) == (2, 1)
    asked = len(registry.asked)
    line.send(framed(7, small("M4", 4)))
    assert line.run().silver == 1
    assert [path for path in registry.asked[asked:] if "/ids/7" in path or "/ids/9" in path] == []
    registry.schemas[8] = {"schema": SMALL}
    assert line.replay().counts.silver == 1
    assert line.rows() == [("M1", 1), ("M2", 2), ("M3", 3), ("M4", 4)]


def test_a_registry_that_refuses_stops_a_run_and_loses_nothing(tmp_path, cluster, registry):
    line = Line(tmp_path / "plant", cluster, "avro\n      schemaRegistry: schemas", registry.url.replace("secret", "wrong"))
    registry.schemas[7] = {"schema": SMALL}
    line.send(framed(7, small("M1", 1)))
    with pytest.raises(MachineError) as failed:
        line.run()
    assert (failed.value.code, failed.value.facts["reason"]) == ("schema_registry_unreachable", "HTTP 401")
    assert "wrong" not in str(failed.value)
    line.settings = Settings.load(
        line.plant.root, environ={"LAKEWARD_CONN_PLANT_BROKER": cluster.url, "LAKEWARD_CONN_SCHEMAS": registry.url}
    )
    assert line.run().silver == 1


def test_protobuf_from_a_registry_comes_as_descriptors(tmp_path, cluster, registry):
    from google.protobuf import descriptor_pb2

    from lakeward.contracts.protobuf_schema import compile_proto

    (tmp_path / "part.proto").write_text('syntax = "proto3"; package p; message Inner { int64 x = 1; }')
    (tmp_path / "reading.proto").write_text(
        'syntax = "proto3"; import "part.proto"; message Reading { string machine = 1; p.Inner number = 2; }'
    )
    files = descriptor_pb2.FileDescriptorSet.FromString(compile_proto(tmp_path / "reading.proto")).file
    part, own = (base64.b64encode(file.SerializeToString()).decode() for file in files)
    registry.schemas[7] = {
        "schemaType": "PROTOBUF",
        "schema": own,
        "references": [{"name": "part.proto", "subject": "part", "version": 1}],
    }
    registry.subjects["part", 1] = {"schemaType": "PROTOBUF", "schema": part}
    line = Line(tmp_path / "plant", cluster, "protobuf\n      schemaRegistry: schemas", registry.url)
    contract = line.folder / "contract.odcs.yaml"
    contract.write_text(contract.read_text().replace("name: number,", "name: number, physicalName: /number/x,"))
    line.send(framed(7, b"\x00\x0a\x02M1\x12\x02\x08\x2a"))
    assert line.run().silver == 1
    assert line.rows() == [("M1", 42)]


def test_the_address_of_a_registry_is_checked(tmp_path, cluster):
    line = Line(tmp_path / "plant", cluster, "avro\n      schemaRegistry: schemas", "ftp://127.0.0.1:1")
    line.send(framed(7, small("M1", 1)))
    with pytest.raises(LakewardError) as failed:
        line.run()
    assert failed.value.code == "connection_scheme"
