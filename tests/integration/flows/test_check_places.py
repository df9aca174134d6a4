"""Checked files are those that are named, with the columns that they have; a value counts wherever it is."""

import json
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integration.flows.test_check_data import results_by_rule, suite
from integration.flows.test_check_json import in_set, judge
from lakeward.core.errors import DataError
from lakeward.core.settings import Settings
from lakeward.flows import check_data, create_project, draft_dataset


def write(file, value):
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".parquet":
        pq.write_table(pa.table({"a": [value]}), file)
    else:
        file.write_text(f"a\n{value}\n" if file.suffix == ".csv" else json.dumps({"a": value}))
    return file


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
@pytest.mark.parametrize("name", ["a[1]", "a*", "a?", "a[1-2]/b"])
def test_a_name_is_no_pattern_of_others(form, name, tmp_path):
    for other in ("a1", "ab", "a1/b", "abc"):
        write(tmp_path / f"{other}.{form}", 2)
    assert judge(write(tmp_path / f"{name}.{form}", 1), in_set("a", [1])) == [("PASS", 1, 0)]


def test_a_draft_is_of_the_file_that_is_named(tmp_path):
    settings = Settings(start=create_project(tmp_path / "plant"))
    pq.write_table(pa.table({"other": [1]}), tmp_path / "x1.parquet")
    pq.write_table(pa.table({"w": [1, 2]}), tmp_path / "x[1].parquet")
    contract = (draft_dataset(settings, "x", tmp_path / "x[1].parquet") / "contract.odcs.yaml").read_text()
    assert ('name: "w"' in contract, 'name: "other"' in contract) == (True, False)


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_a_folder_of_a_partition_gives_no_value(form, tmp_path):
    file = write(tmp_path / "a=7" / f"1.{form}", 1)
    columns = {"type": "expect_table_columns_to_match_ordered_list", "kwargs": {"column_list": ["a"]}}
    assert [row[0] for row in judge(file, in_set("a", [1]), columns)] == ["PASS", "PASS"]


def test_one_identifier_among_many_numbers_keeps_its_zeros(tmp_path):
    lines = "".join(f"{number}\n" for number in [7] * 2501 + ["00123"] + [7] * 1000)
    (tmp_path / "codes.csv").write_text(f"code\n{lines}")
    assert judge(tmp_path / "codes.csv", in_set("code", ["7", "00123"])) == [("PASS", 3502, 0)]
    settings = Settings(start=create_project(tmp_path / "plant"))
    contract = (draft_dataset(settings, "codes", tmp_path / "codes.csv") / "contract.odcs.yaml").read_text()
    assert "logicalType: integer" not in contract


@pytest.mark.parametrize(("usual", "odd"), [(1, 1.7), (1, "007"), (Decimal("1.5"), Decimal("1.54")), (True, "no"), (1.0, " 2e3")])
def test_an_odd_object_of_a_frame_counts(usual, odd, tmp_path):
    values = [usual] * 5000
    values[2501] = odd
    frame = pd.DataFrame({"a": pd.Series(values, dtype=object)})
    rule = {"type": "expect_column_unique_value_count_to_be_between", "kwargs": {"column": "a", "min_value": 2, "max_value": 2}}
    settings = Settings.load(tmp_path, environ={})
    assert results_by_rule(check_data(frame, suite(rule), settings)) == [("PASS", 5000, None)]


def test_long_whole_numbers_of_a_frame_differ_in_their_last_digit(tmp_path):
    frame = pd.DataFrame({"a": pd.Series([10**25, 1, 10**25 + 1], dtype=object)})
    rule = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "a"}}
    assert results_by_rule(check_data(frame, suite(rule), Settings.load(tmp_path, environ={}))) == [("PASS", 3, 0)]


def test_columns_that_differ_by_case_alone_are_in_one_order_in_all_files(tmp_path):
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"a": [1], "A": [2]}), tmp_path / "data" / "1.parquet")
    pq.write_table(pa.table({"A": [20], "a": [10]}), tmp_path / "data" / "2.parquet")
    with pytest.raises(DataError) as refused:
        judge(tmp_path / "data", in_set("a", [1, 10]))
    assert refused.value.code == "data_files_differ"
