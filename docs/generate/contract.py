"""The page of contracts: every key that is read, by the place where it stands."""

from collections.abc import Mapping
from typing import Any

import yaml

from generate.markdown import code, keys, page, table
from generate.sources import CATALOGUES
from lakeward.contracts import (
    build,
    column_keys,
    columns,
    cube,
    gold,
    limits,
    noise,
    register_map,
    series_file,
    sla,
    source_kinds,
    sql,
)
from lakeward.contracts.source import SourceKind

RULES = "grading_rules_common_v2.yaml"
INTRODUCTION = """\
`expectations/datasets/<name>/contract.odcs.yaml` is a contract of the Open Data Contract Standard (ODCS) v3.2; v3.1 is read too. Lakeward
reads the keys below. Other keys of the standard may stand there for people; a key that the standard does not know is refused, with the one
that it may have meant. Values are plain YAML: no tags, no aliases, and no secrets. `lakeward new` drafts a contract from a file, and
`lakeward contract lint` lists every problem with its line."""
SERIES = "Of every source of readings, beside the contract. What is in force when: [Messages](../explanation/messages.md#series)."
COLUMNS = "Each of `properties` of the one object in `schema` is a column."
UNJUDGED = """\
{keys} are refused: nothing in Lakeward would judge them. Rules stand in [the suite](suite.md)."""
SLA = "A value with a unit: `s`, `min`, `h`, `d` or `y`."
NOISE = "Noise of the discrete Laplace distribution on the units and sums of each group, an equal share of `epsilon` for each of them."
CUBE = "The value of the custom property `cube`: groups that readers may get in place of rows."
LIMITS = "The value of the custom property `limits`. Each is a share, not a percentage."
SOURCE = "The value of the custom property `source`. The other keys depend on the kind."
KINDS = {
    SourceKind.FILES: "A drop folder, and how the records of its files look.",
    SourceKind.MQTT: "Messages of an MQTT broker, which `lakeward collect` lands; how their payloads become rows is in "
    "[Messages](../explanation/messages.md).",
    SourceKind.KAFKA: "A topic of Kafka, whose messages each run lands; how their payloads become rows is in [Messages](../explanation/messages.md).",
    SourceKind.HTTP: "Messages that senders push to the HTTP door of `lakeward collect`; how their payloads become rows is in "
    "[Messages](../explanation/messages.md).",
    SourceKind.OPCUA: "Nodes of an OPC UA server, whose values `lakeward collect` lands. The nodes are the addresses in `series.csv`, whose "
    "`deadband` the server applies.",
    SourceKind.OPCUA_HISTORY: "The history that an OPC UA server keeps of nodes, which each run reads; a span of it by `lakeward run NAME --since … --until …`. "
    "The nodes are the addresses in `series.csv`.",
    SourceKind.MODBUS: "Registers of Modbus TCP devices, which `lakeward collect` reads. They are the lines of `registers.csv` beside the "
    "contract, whose columns are below.",
    SourceKind.SPARKPLUG: "Edges of Sparkplug B at an MQTT broker, whose metrics `lakeward collect` lands as their host; each is a reading, as in "
    "[Messages](../explanation/messages.md).",
    SourceKind.SQL: "A table, view or query of a database; how its rows are found is in [Tables of databases](../explanation/sql.md).",
}
WATERMARK = "The value of the key `watermark` of `kind: sql`."
MODEL = "The value of the custom property `model`."
CLASSES = "`dataClass` is one of these, or `class.subclass` of the classification of industrial data, such as `production.parameters`; the class gives the grade of columns that no detector knows."
SILVER = """\
```yaml
apiVersion: v3.2.0
kind: DataContract
id: urn:plant:press_line
name: press_line
version: 1.0.0
status: active
description: {purpose: readings of the presses}
team: {name: press-shop, members: [{username: li.wei, role: owner}]}
schema:
  - name: press_line
    logicalType: object
    properties:
      - {name: machine, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: ts, physicalName: Time, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2}
      - {name: temp_degc, logicalType: number, customProperties: [{property: unit, value: Cel}]}
slaProperties:
  - {property: latency, value: 2, unit: h}
customProperties:
  - property: source
    value: {format: csv, delimiter: ";", decimal: ",", timezone: Asia/Shanghai}
  - {property: timeColumn, value: ts}
  - {property: series, value: [machine]}
  - {property: dataClass, value: production}
```"""
GOLD = """\
```yaml
apiVersion: v3.2.0
kind: DataContract
id: urn:plant:press_hourly
name: press_hourly
version: 1.0.0
status: active
schema:
  - name: press_hourly
    logicalType: object
    properties:
      - {name: machine, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: hour_start, logicalType: timestamp, required: true, primaryKey: true, primaryKeyPosition: 2}
      - {name: hottest_degc, logicalType: number, customProperties: [{property: unit, value: Cel}]}
customProperties:
  - property: model
    value:
      sql: models/press_hourly.sql
      inputs: [silver.press_line]
      window: hour_start
      grain: hour
      timezone: Asia/Shanghai
      times: {silver.press_line: ts}
  - {property: timeColumn, value: hour_start}
  - {property: dataClass, value: production}
```"""


def contract() -> str:
    """The page, in Markdown."""
    refused = UNJUDGED.format(keys=", ".join(map(code, columns.UNJUDGED)))
    classes = yaml.safe_load((CATALOGUES / RULES).read_text(encoding="utf-8"))["classes"]
    parts = (
        *(INTRODUCTION, "## Top level", keys(build.KEYS), "## Custom properties", keys(build.CUSTOM)),
        *("## Columns", COLUMNS, keys(column_keys.KEYS), "### Custom properties of a column", keys(column_keys.CUSTOM), refused),
        *(
            "## `slaProperties`",
            SLA,
            keys(sla.PROPERTIES),
            "## `limits`",
            LIMITS,
            keys(limits.KEYS),
            "## `cube`",
            CUBE,
            keys(cube.KEYS),
            "### `noise` of a cube",
            NOISE,
            keys(noise.NOISE_KEYS),
        ),
        *("## `source`", SOURCE, keys(source_kinds.KIND)),
        *(part for kind in SourceKind for part in (f"### `kind: {kind}`", KINDS[kind], keys(source_kinds.KEYS[kind]))),
        *("#### Columns of `registers.csv`", keys(register_map.COLUMNS)),
        *("#### Columns of `series.csv`", SERIES, keys(series_file.COLUMNS)),
        *("#### `watermark`", WATERMARK, keys(sql.WATERMARK)),
        *("## `model`", MODEL, keys(gold.KEYS), "## Classes of data", CLASSES),
        *(table(("class", "English", "中文"), map(_class, classes.items())), "## Examples", "Silver:", SILVER, "Gold:", GOLD),
    )
    return page("Contract", "`lakeward/contracts/`", *parts)


def _class(entry: tuple[str, Mapping[str, Any]]) -> tuple[str, str, str]:
    name, said = entry
    return code(name), said["en"], said["zh"]
