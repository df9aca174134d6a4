"""A plant whose files hold unusual numbers, times and texts, with every compiled rule over them."""

import csv
import io
import json
from pathlib import Path

from hypothesis import strategies as st

from lakeward.core.settings import Settings
from lakeward.flows import create_project
from support.gx_cases import CASES, WITH_CONDITION

NAME = "odd"
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:odd
name: odd
version: 1.0.0
status: active
domain: production
description: {{purpose: values that no file should hold}}
team: {{name: plant-data, members: [{{username: li.wei, role: owner}}]}}
schema:
  - name: odd
    logicalType: object
    properties:
{columns}
customProperties:
  - property: source
    value: {{path: inbox/odd, pattern: "*.csv", format: csv, encoding: utf-8, nulls: ["", "NA"], timezone: Asia/Shanghai}}
  - {{property: dataClass, value: production}}
"""
TYPES = {
    "x": "logicalType: number, physicalType: double",
    "y": "logicalType: number, physicalType: double",
    "n": "logicalType: integer, physicalType: bigint",
    "m": "logicalType: integer, physicalType: bigint",
    "s": "logicalType: string, physicalType: string",
    "u": "logicalType: string, physicalType: string",
    "c": "logicalType: string, physicalType: string",
    "d": 'logicalType: number, physicalType: "decimal(12,4)"',
    "t": "logicalType: timestamp, physicalType: timestamp",
    "k": "logicalType: date, physicalType: date",
    "b": "logicalType: boolean, physicalType: boolean",
    "id": "logicalType: integer, physicalType: bigint, required: true, primaryKey: true, primaryKeyPosition: 1",
}
USUAL_VALUES = {
    **{key: ["1", "2.5", "0.1", "-3", "100", "1e3"] for key in "xy"},
    **{key: ["1", "2", "3", "5", "-1"] for key in "nm"},
    "s": ["ab", "中文", "b", "a"],
    "u": ["x", "y"],
    "c": ["A", "B", "C"],
    "d": ["1.5", "3", "2.0001"],
    "t": ["2026-01-02T00:00:00Z", "2026-01-02T08:00:00+08:00", "2026-01-03 07:15:00"],
    "k": ["2026-01-02", "2026-02-28"],
    "b": ["true", "false"],
}
EDGE_NUMBERS = [
    "NaN",
    "nan",
    "inf",
    "-Infinity",
    "1e308",
    "1e-320",
    "-0",
    "+3",
    ".5",
    "5.",
    "1,5",
    " 2.5 ",
    "1d",
    "0x10",
    "1_000",
    "１２",
]
EDGE_VALUES = {
    **{key: [*EDGE_NUMBERS, "0.1000000000000000055", "12345678901234567890", "1e400", "abc"] for key in "xy"},
    **{
        key: ["12.00", "1e3", "2.5", "9223372036854775807", "9223372036854775808", "-0", "+7", " 4 ", "1_000", "abc", "NaN"]
        for key in "nm"
    },
    "s": [
        "",
        " ",
        "a b",
        "é",
        "e\u0301",
        "😀",
        "\u00a0",
        'with "quotes"',
        "two\nlines",
        "a%",
        "2026-01-02",
        '{"a": 1}',
        "$1\\2",
        "NA",
        "中文字",
    ],
    "u": ["", "x ", "X"],
    "c": ["", "a", "ﬀ"],
    "d": ["99999999.9999", "100000000", "0.00005", "0.00015", "-0.00005", "1e2", "NaN", "abc", " 1.5 ", "1.23456"],
    "t": [
        "2026-02-30 00:00:00",
        "2026-01-01T24:00:00",
        "1900-01-01 00:00:00",
        "1986-05-04 02:30:00",
        "1991-09-15 01:30:00",
        "0001-01-01 00:00:00",
        "9999-12-31T23:59:59.999999Z",
        "2026-01-02T00:00:00.1234567Z",
        "2026-1-2",
        "noon",
        "2026-01-02T00:00:60Z",
    ],
    "k": ["2026-02-30", "2026-1-2", "0001-01-01", "9999-12-31", "20260102", "2026-01-02 00:00:00", "soon"],
    "b": ["1", "0", "t", "F", "yes", "TRUE", "2"],
}
# Most rows are usual ones: with all rows in quarantine, silver would not be tested.
PLAIN = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in USUAL_VALUES.items()})
EDGE_OVERRIDES = st.just({}) | st.lists(
    st.sampled_from([(name, value) for name, values in EDGE_VALUES.items() for value in values]), max_size=2
).map(dict)
# What few of the usual rows break; and any rule over the rows that only an odd number is in.
QUARANTINING_TYPES = ("column_values_to_not_match_regex_list", "select_column_values_to_be_unique_within_record")
EDGE_ROWS_ONLY = "m > 100"
# Few, so that rows meet again: in one batch as duplicates, in the next as corrections.
IDS = st.integers(1, 30).map(str)
ROWS = st.lists(
    st.builds(lambda *parts: parts[0] | parts[1] | {"id": parts[2]}, PLAIN, EDGE_OVERRIDES, IDS), min_size=30, max_size=60
)


def make_edge_case_plant(root: Path, every_nth: int = 1, first: int = 0) -> Settings:
    """The plant, with nothing delivered yet, judged by every so many of the compiled forms, from the `first` on."""
    project = create_project(root)
    folder = project / "expectations" / "datasets" / NAME
    folder.mkdir(parents=True)
    columns = "\n".join(f"      - {{name: {name}, {types}}}" for name, types in TYPES.items())
    (folder / "contract.odcs.yaml").write_text(CONTRACT.format(columns=columns), encoding="utf-8")
    (folder / "suite.json").write_text(json.dumps(suite(every_nth, first)), encoding="utf-8")
    return Settings(start=project)


def suite(every_nth: int, first: int = 0) -> dict:
    """The compiled rules; few of them quarantine rows."""
    rules = [rule(number, *case) for number, case in enumerate([*CASES, *WITH_CONDITION]) if number % every_nth == first]
    return {"name": NAME, "expectations": rules, "meta": {"great_expectations_version": "1.24.1"}}


def rule(number: int, type_: str, kwargs: dict) -> dict:
    is_edge_rule = type_.startswith("column_values") and kwargs.get("row_condition") == EDGE_ROWS_ONLY
    severity = "quarantine" if is_edge_rule or (type_ in QUARANTINING_TYPES and "row_condition" not in kwargs) else "warn"
    return {"type": f"expect_{type_}", "kwargs": kwargs, "meta": {"lakeward": {"id": f"r{number}", "severity": severity}}}


def csv_bytes(rows: list[dict[str, str]]) -> bytes:
    """The rows as one file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(TYPES), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
