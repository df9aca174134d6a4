"""Contracts of a dataset `line` of messages; keys of the source and columns are each test's own."""

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
