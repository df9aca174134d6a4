"""Contracts of a dataset `line` of messages; keys of the source and columns are each test's own."""

import re

_CONTRACT = """\
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
{columns}customProperties:
  - property: source
    value:
      kind: {kind}
      connection: plant_broker
{keys}"""
_SERIES = (
    "{name: series, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}",
    "{name: ts, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2}",
    "{name: value, logicalType: number}",
)
_OF_SERIES = "  - {property: timeColumn, value: ts}\n  - {property: series, value: [series]}\n"
# What tells the state of a reading beside its value.
STATES = (
    "{name: value_text, logicalType: string}",
    "{name: status, logicalType: integer}",
    "{name: quality, logicalType: integer}",
)


def line_contract(kind: str, *keys: str, columns: tuple[str, ...]) -> str:
    """A contract of records; connection `plant_broker`."""
    lines = {"columns": "".join(f"      - {each}\n" for each in columns), "keys": "".join(f"      {key}\n" for key in keys)}
    return _CONTRACT.format(kind=kind, **lines)


def telemetry_contract(kind: str, *keys: str, columns: tuple[str, ...] = ()) -> str:
    """A contract of series, ts and value, with these columns behind."""
    return line_contract(kind, *keys, columns=(*_SERIES, *columns)) + _OF_SERIES


def payload_contract(keys: str, columns: str) -> str:
    """A contract of messages of MQTT.

    Args:
        keys: Further keys of the source in one line, such as `payload: csv, names: [machine, number]`.
        columns: Names of texts, each with what it is made of, such as `machine x=/inner/x place=$topic`.
    """
    named = (each.partition("=") for each in columns.split())
    texts = (
        f"{{name: {name}, logicalType: string{f', physicalName: {origin!r}' if origin else ''}}}" for name, _, origin in named
    )
    return line_contract("mqtt", 'topics: ["#"]', *split_keys(keys), columns=tuple(texts))


def split_keys(keys: str) -> list[str]:
    """The keys of one line."""
    return re.split(r", (?=\w+: )", keys)
