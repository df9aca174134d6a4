"""Checked JSON: texts are judged as they are written, every key is a column, and every file counts."""

import json

import pytest

from integration.flows.test_check_data import results_by_rule, suite
from lakeward.core.errors import DataError
from lakeward.core.settings import Settings
from lakeward.flows import check_data

# Texts that a database can take for values of a type, and would write in another way.
TEXTS = {
    "time": ["9:05:03", "12:00:00.000"],
    "uuid": ["6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}"],
    "upper uuid": ["6BA7B810-9DAD-11D1-80B4-00C04FD430C8"] * 2,
    "date": ["2026-3-1", "2026-03-02"],
    "instant": ["2026-03-01T6:00:00Z", "2026-03-01 06:00"],
    "number": ["007", "1e3"],
    "word": ["epoch", "-infinity"],
    "percent": ["%", "%"],
    "bool": ["True", "false"],
    "address": ["010.0.0.1", "10.0.0.2"],
}


def json_lines(file, records):
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


def judge(data, *rules):
    return results_by_rule(check_data(data, suite(*rules), Settings.load(data.parent, environ={})))


def in_set(column, values):
    return {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": column, "value_set": values}}


def test_texts_are_judged_as_they_are_written(tmp_path):
    columns = {name: [*texts] for name, texts in TEXTS.items()}
    records = [{name: texts[row] for name, texts in columns.items()} for row in (0, 1)]
    file = json_lines(tmp_path / "data.jsonl", [*records, {"list": [1], "nested": {"at": "9:05:03"}}])
    assert judge(file, *(in_set(name, texts) for name, texts in columns.items())) == [("PASS", 2, 0)] * len(TEXTS)


def test_long_whole_numbers_differ_in_their_last_digit(tmp_path):
    file = json_lines(tmp_path / "data.jsonl", [{"a": number} for number in (-(2**63), 2**63 - 1, 2**63 - 2, 2**64 - 1)])
    unique = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "a"}}
    assert judge(file, unique, in_set("a", [-(2**63), 2**63 - 1, 2**64 - 1])) == [("PASS", 4, 0), ("FAIL", 4, 1)]


@pytest.mark.parametrize("record", [{"T": 1, "t": 5}, {"": 1}])
def test_a_key_that_can_not_be_asked_for_is_refused_beside_times(record, tmp_path):
    file = json_lines(tmp_path / "data.jsonl", [{**record, "at": "9:05:03"}])
    with pytest.raises(DataError) as refused:
        judge(file, in_set("at", ["9:05:03"]))
    assert refused.value.code == "data_key_not_readable"


def test_keys_that_look_like_given_names_are_their_own(tmp_path):
    file = json_lines(tmp_path / "data.jsonl", [{"C0": 1, "t": 5, "t_1": 7, "at": "9:05:03"}])
    rules = [in_set(name, [value]) for name, value in (("C0", 1), ("t", 5), ("t_1", 7), ("at", "9:05:03"))]
    assert judge(file, *rules) == [("PASS", 1, 0)] * 4


def test_types_and_columns_are_found_in_every_file(tmp_path):
    (tmp_path / "data").mkdir()
    for number in range(40):
        extra = {"late": number} if number > 35 else {}
        json_lines(tmp_path / "data" / f"{number:02d}.jsonl", [{"a": 1 if number < 39 else 1.5, **extra}])
    assert judge(tmp_path / "data", in_set("a", [1, 1.5]), in_set("late", [36, 37, 38, 39])) == [("PASS", 40, 0), ("PASS", 4, 0)]
    assert judge(tmp_path / "data", in_set("a", [1, 2])) == [("FAIL", 40, 1)]


@pytest.mark.parametrize("row", [{}, {"other": 1}], ids=["full", "sparse"])
def test_many_like_columns_of_json_are_columns_and_no_map(row, tmp_path):
    """From 200 keys with values of one type on, DuckDB takes an object for a map."""
    names = [f"c{number}" for number in range(250)]
    file = tmp_path / "data.jsonl"
    file.write_text(
        "".join(json.dumps({**row, **dict.fromkeys(names, value)}) + "\n" for value in (1, 2)) + json.dumps({"c0": 1})
    )
    rules = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": name}} for name in ("c0", "c249")]
    assert judge(file, *rules) == [("PASS", 3, 0), ("FAIL", 3, 1)]
