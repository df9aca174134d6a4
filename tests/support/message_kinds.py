"""Landed messages of each kind, and their life on both engines: rows, rejects and records, also after a renaming and a replay."""

import json
from dataclasses import replace

from lakeward.core.settings import Settings
from lakeward.flows import Selection, Signature, rebuild, rename_dataset, replay_rows, run_dataset
from lakeward.flows.base.workspace import open_workspace
from lakeward.sources.segments import SegmentStore
from support import opcua_plant, sparkplug_segments
from support import sparkplug_bytes as sp
from support.line_contracts import line_contract, split_keys
from support.mqtt_plant import CONTRACT as UMH
from support.mqtt_plant import MqttPlant, reading
from support.payload_schemas import AVRO, PROTO, avro_reading, avro_text, protoc_encode, require_codecs, zigzag
from support.segments import RECEIVED, land_messages
from support.sparkplug_bytes import aliased, bd_seq, metric, payload

require_codecs()
COLUMNS = (
    "{name: machine, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}",
    "{name: number, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 2}",
    "{name: place, physicalName: $topic, logicalType: string}",
    "{name: came, physicalName: $received_at, logicalType: timestamp}",
)
SMALL = '{"type": "record", "name": "R", "fields": [{"name": "machine", "type": "string"}, {"name": "number", "type": "long"}]}'
BIRTH = payload(metric("a", sp.INT32, 0, alias=1, unit="bar"), bd_seq(0), ts=sparkplug_segments.T0, seq=0)


def _store(settings):
    return SegmentStore.of_dataset(open_workspace(settings).files / "landing", "line")


def _messages(*batches):
    """Lands the batches, one with each call."""
    return [lambda settings, batch=batch: land_messages(_store(settings), batch) for batch in batches]


def _sparkplug(*batches):
    """Lands the batches over one connection of each lake: after the first one it asks the edges that need it for their births."""
    connections = {}

    def land(settings, batch):
        store = _store(settings)
        connection = connections.setdefault(settings.start, sparkplug_segments.Connection(store))
        connection.land(batch)
        connection.ask()

    return [lambda settings, batch=batch: land(settings, batch) for batch in batches]


def _data(number, value):
    return "spBv1.0/G/NDATA/E", payload(aliased(1, sp.INT32, value), ts=sparkplug_segments.T0 + value, seq=number)


def _value(topic, number, status=0):
    reading = {"Value": number, "SourceTimestamp": f"2026-03-01T12:00:0{number}Z", "StatusCode": status}
    return topic, json.dumps({"value": reading}).encode(), RECEIVED, RECEIVED, "Int32", number == 3


def _values(*batches):
    from lakeward.sources.collectors.opcua.values import SCHEMA as VALUES

    return [lambda settings, batch=batch: land_messages(_store(settings), batch, columns=VALUES) for batch in batches]


class Case:
    """A kind: its contract, files beside it, what is landed before the first run and before the second, and what corrects its rejects."""

    def __init__(self, contract, landings, files=(), corrected=()):
        self.contract, self.landings, self.files, self.corrected = contract, landings, dict(files), dict(corrected)


def _records(keys, *batches, files=(), corrected=()):
    contract = line_contract("mqtt", 'topics: ["#"]', *split_keys(keys), columns=COLUMNS)
    return Case(contract, _messages(*batches), files, corrected)


def cases(folder):
    avro = [("plant/a", avro_reading("M1", 2**60 + 1)), ("plant/a", avro_reading("M1", 2**60 + 1)), ("plant/b", b"\xff")]
    proto = [protoc_encode(folder, "acme.v1.Reading", f'machine: "M{n}" number: {2**53 + n}') for n in range(3)]
    return {
        "umh": Case(
            UMH, _messages([*map(reading, range(60)), ("umh/v1/x", b"{"), ("umh/v1/x", b"\xff")], [*map(reading, range(50, 90))])
        ),
        "json": _records(
            "payload: json",
            [
                ("a/温度", b'{"machine": "M1", "number": 9007199254740993, "more": [1, null]}'),
                ("b", b"[]"),
                ("c", b'{"machine": "M2", "number": 1.5}'),
            ],
            [("a", b'{"machine": "M3", "number": -1}'), ("d", b"3")],
        ),
        "csv": _records("payload: csv, names: [machine, number]", [("a", b"M1,1\nM2,2\n"), ("b", b"M3")], [("a", b"M4,x\nM5,5")]),
        "avro": _records(
            "payload: avro, schemaFile: reading.avsc",
            [*avro, ("c", avro_text("M7") + zigzag(7))],
            [("plant/c", avro_reading("M2", -5))],
            files={"reading.avsc": AVRO},
            corrected={"reading.avsc": SMALL},
        ),
        "protobuf": _records(
            "payload: protobuf, schemaFile: reading.proto, messageType: acme.v1.Reading",
            [("a", proto[0]), ("b", proto[1]), ("c", b"\xff\xff")],
            [("a", proto[2]), ("a", proto[0])],
            files={"reading.proto": PROTO},
        ),
        "sparkplug": Case(
            sparkplug_segments.CONTRACT,
            _sparkplug(
                [_data(5, 1), _data(6, 2)],
                [("spBv1.0/G/NBIRTH/E", BIRTH), _data(1, 60), _data(2, 61), ("spBv1.0/G/NDEATH/E", payload(bd_seq(0)))],
            ),
        ),
        "opcua": Case(
            opcua_plant.CONTRACT,
            _values(
                [_value("t1", 1), _value("t1", 2, 0x80000000), _value("t2", 3, 0x40000480)],
                [_value("t1", 4), _value("t1", 2, 0x80000000)],
            ),
            {"series.csv": "address,series,unit\nt1,line/a,Cel\n"},
        ),
    }


KINDS = ("umh", "json", "csv", "avro", "protobuf", "sparkplug", "opcua")
# Those with a message that is rejected, or a row that is quarantined.
REPLAYED = frozenset({"json", "avro", "protobuf", "sparkplug"})


def plant_maker(case):
    def make(root):
        plant = MqttPlant(root, "mqtt://127.0.0.1:1", case.contract)
        for name, text in case.files.items():
            (plant.root / "expectations" / "datasets" / "line" / name).write_text(text)
        return replace(Settings.load(plant.root), connections={"PLANT_BROKER": "mqtt://127.0.0.1:1"})

    return make


def live_on_both(lakes, case, kind):
    """Land, run, rename, run again, correct, replay and rebuild on both engines; each says the same."""
    lakes.both(case.landings[0])
    first = lakes.both(lambda settings: run_dataset(settings, "line").counts)
    assert first[0] == first[1]
    lakes.both(lambda settings: rename_dataset(settings, "line", "line_a"))
    lakes.both(case.landings[1])
    second = lakes.both(lambda settings: run_dataset(settings, "line_a").counts)
    assert second[0] == second[1]
    assert second[0].rows_in > 0
    for settings in (lakes.embedded, lakes.spark):
        for name, text in case.corrected.items():
            (settings.start / "expectations" / "datasets" / "line_a" / name).write_text(text)
    replayed = lakes.both(lambda settings: replay_rows(settings, "line_a", Selection(), Signature("li.wei", None, None)).counts)
    assert replayed[0] == replayed[1]
    assert (replayed[0].bronze > 0) == (kind in REPLAYED)
    again = lakes.both(lambda settings: rebuild(settings, "line_a").counts)
    assert again[0] == again[1]
