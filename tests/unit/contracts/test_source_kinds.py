"""Kinds of sources in a contract: which keys each has, and what lint says of them."""

import pytest

from lakeward.contracts.diff import diff
from lakeward.contracts.load import parse_contract
from lakeward.contracts.payload import PRESETS, PayloadKind, StatusCodes
from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.source import FileDropSource, MqttSource, MqttVersion
from support.contract_texts import PRESS, problems, replace_in_contract

LINE = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:line
name: line
version: 1.0.0
status: active
schema:
  - name: line
    logicalType: object
    properties:
      - {name: series, logicalType: string, required: true, primaryKey: true}
      - {name: ts, logicalType: timestamp, required: true, primaryKey: true, customProperties: [{property: timeFormat, value: epoch_ms}]}
      - {name: value, logicalType: number}
      - {name: cell, physicalName: $topic/5, logicalType: string}
      - {name: stored, physicalName: $retain, logicalType: boolean}
slaProperties:
  - {property: retention, value: 30, unit: d}
customProperties:
  - property: source
    value:
      kind: mqtt
      connection: plant_broker
      topics: [umh/v1/acme/#]
      payload: umh
"""


def test_a_contract_without_a_kind_is_a_drop_folder():
    assert isinstance(parse_contract(PRESS, "press").source, FileDropSource)
    assert (
        parse_contract(replace_in_contract("{path:", "{kind: files, path:"), "press").source == parse_contract(PRESS, "p").source
    )


def test_a_subscription_has_its_defaults():
    contract = parse_contract(LINE, "line")
    source = contract.source
    assert isinstance(source, MqttSource)
    assert (source.connection, source.topics, source.qos) == ("plant_broker", ("umh/v1/acme/#",), 1)
    assert (source.version, source.client_id, source.retention_days) == (MqttVersion.V5, "lakeward-line", 30)
    assert (contract.record_format.format, contract.record_format.payload.readings) == (
        FileFormat.MESSAGES,
        PRESETS["umh"].readings,
    )


def test_readings_of_plain_json_are_found_by_pointers():
    own = (
        "payload: json\n      layout: readings\n      records: /d\n      time: /t\n      readings: /v\n      statusCodes: opc-da"
    )
    payload = parse_contract(replace_in_contract("payload: umh", own, LINE), "line").record_format.payload
    assert (payload.kind, payload.records, payload.readings.time) == (PayloadKind.JSON, ("/d",), ("/t",))
    assert (payload.readings.members, payload.readings.codes) == (("/v",), StatusCodes.OPC_DA)


@pytest.mark.parametrize(
    ("old", "new", "where", "part"),
    [
        ("kind: mqtt", "kind: mqqt", "kind", "files, mqtt"),
        ("kind: mqtt", "kind: mqtt\n      pattern: x", "pattern", "Unknown key"),
        ("connection: plant_broker", "connection: 'mqtt://broker:1883'", "connection", "lower-case letters"),
        ("      connection: plant_broker\n", "", "value", "connection"),
        ("[umh/v1/acme/#]", "[umh/#/acme]", "topics", "topic filters"),
        ("[umh/v1/acme/#]", "[]", "topics", "topic filters"),
        ("[umh/v1/acme/#]", "[a+/b]", "topics", "topic filters"),
        ("payload: umh", "payload: xml", "payload", "umh"),
        ("payload: umh", "payload: protobuf", "payload", "schemaFile"),
        ("payload: umh", "payload: umh\n      time: /ts", "time", "says nothing of payloads of the form umh"),
        ("payload: umh", "payload: json\n      layout: readings\n      time: ts", "time", "a JSON pointer"),
        ("payload: umh", "payload: csv\n      layout: readings", "layout", "columns"),
        ("payload: umh", "payload: umh\n      qos: 3", "qos", "0, 1 or 2"),
        ("payload: umh", "payload: umh\n      protocolVersion: 3.1.1\n      shareName: x", "shareName", "protocolVersion 5"),
        ("payload: umh", "payload: umh\n      segmentRows: 0", "segmentRows", "from 1 to 100000"),
        ("payload: umh", "payload: umh\n      limitBytes: 0", "limitBytes", "positive whole number"),
        ("$topic/5", "$topik", "physicalName", "$topic"),
        ("$topic/5", "$topic/0", "physicalName", "$topic"),
        ("$topic/5", "temperature", "physicalName", "value_text"),
    ],
)
def test_lint_names_the_key_of_each_fault(old, new, where, part):
    found = problems(replace_in_contract(old, new, LINE))
    assert [word for word, _ in found] == [where], found
    assert part in found[0][1]


def test_another_broker_or_payload_concerns_new_batches_only():
    other = replace_in_contract("plant_broker", "other_broker", replace_in_contract("payload: umh", "payload: telegraf", LINE))
    changes = diff(parse_contract(LINE, "line"), parse_contract(other, "line"))
    assert {change.kind for change in changes} == {"compatible"}
    assert {change.facts.get("what") for change in changes} >= {"source.connection", "source.payload"}
