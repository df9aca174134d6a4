"""A small contract as text, and what the linter says of a changed one: shared by the tests of the contracts package."""

import re

from lakeward.contracts.document import read_document
from lakeward.contracts.load import validate
from lakeward.core.messages import Lang, text

PRESS = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:press_line
name: press_line
version: 1.2.0
status: active
domain: production
description: {purpose: Readings of the press line}
team: {name: plant-data, members: [{username: li.wei, role: owner}]}
schema:
  - name: press_line
    logicalType: object
    properties:
      - {name: machine, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 2}
      - name: ts
        physicalName: Time
        logicalType: timestamp
        required: true
        primaryKey: true
        primaryKeyPosition: 1
        customProperties: [{property: timeFormat, value: "%d/%m/%Y %H:%M"}]
      - name: temp
        logicalType: number
        physicalType: decimal(9,3)
        classification: general
        customProperties: [{property: unit, value: Cel}]
slaProperties:
  - {property: latency, value: 2, unit: h}
  - {property: frequency, value: 10, unit: s}
  - {property: retention, value: 365, unit: d}
customProperties:
  - property: source
    value: {path: inbox/press, pattern: "**/*.csv", format: csv, delimiter: ";", encoding: gb18030, nulls: ["", NA], timezone: Asia/Shanghai}
  - {property: timeColumn, value: ts}
  - {property: series, value: [machine]}
  - {property: partition, value: day}
  - {property: dataClass, value: production}
"""
OEE = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:lakeward:oee
name: oee
version: 1.0.0
status: active
schema:
  - name: oee
    properties:
      - {name: day, logicalType: timestamp, required: true, primaryKey: true}
      - {name: oee, logicalType: number}
customProperties:
  - property: model
    value: {sql: models/oee.sql, inputs: [silver.press_line], window: day, grain: day, timezone: UTC, times: {silver.press_line: ts}}
"""


def replace_in_contract(old: str, new: str, contract: str = PRESS) -> str:
    """The contract with `old`, which must stand in it, replaced by `new`."""
    assert old in contract
    return contract.replace(old, new)


def problems(contract: str, roots=()) -> list[tuple[str, str]]:
    """The key or item that each fault points at, and its message."""
    document = read_document(contract, "contract.odcs.yaml")
    _, faults = validate(document, roots)
    return [(word_at(contract, *document.position(f.key_path)), text(f.code, Lang.EN, **f.facts)) for f in faults]


def word_at(contract: str, line: int, column: int) -> str:
    """The word that stands at a place, both from 1."""
    return re.split(r"[:,}\]]", "\n".join([*contract.split("\n")[line - 1 :], ""])[column - 1 :])[0].strip()
