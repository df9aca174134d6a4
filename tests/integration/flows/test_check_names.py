"""Columns of checked data that differ by case alone: each is judged by its own values, or the data is refused."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integration.flows.test_check_data import results_by_rule, suite
from lakeward.core.errors import DataError
from lakeward.core.settings import Settings
from lakeward.flows import check_data


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_columns_that_differ_by_case_alone_are_judged_each_by_its_own_values(form, tmp_path):
    file = tmp_path / f"data.{form}"
    if form == "csv":
        file.write_text("T,t\n1,5\n2,6\n")
    elif form == "jsonl":
        file.write_text('{"T": 1, "t": 5}\n{"T": 2, "t": 6}\n')
    else:
        pq.write_table(pa.table({"T": [1, 2], "t": [5, 6]}), file)
    assert judged_sets(file, tmp_path, {"T": [1, 2], "t_1": [5, 6]}) == [("PASS", 2, 0)] * 2


def test_a_column_of_text_files_keeps_the_name_that_another_one_would_get(tmp_path):
    file = tmp_path / "data.csv"
    file.write_text("T,t,t_1\n1,5,7\n2,6,8\n")
    assert judged_sets(file, tmp_path, {"T": [1, 2], "t_2": [5, 6], "t_1": [7, 8]}) == [("PASS", 2, 0)] * 3


@pytest.mark.parametrize("form", ["jsonl", "parquet", "arrow"])
def test_a_name_that_can_mean_two_columns_is_refused(form, tmp_path):
    """The engine calls these `T`, `t_1` and `t_1_1`: a rule on `t_1` would judge `t`."""
    table = pa.table({"T": [1, 2], "t": [5, 6], "t_1": [7, 8]})
    file = tmp_path / f"data.{form}"
    if form == "jsonl":
        file.write_text('{"T": 1, "t": 5, "t_1": 7}\n')
    else:
        pq.write_table(table, file)
    with pytest.raises(DataError) as refused:
        judged_sets(table if form == "arrow" else file, tmp_path, {"t_1": [7, 8]})
    assert refused.value.code == "data_columns_by_case"


@pytest.mark.parametrize("names", [("t", "t_1", "t_1_1"), ("T", "t_1"), ("T", "t_1_1"), ("T_1", "t_1_1")])
def test_numbered_names_of_columns_that_differ_by_more_than_case_are_theirs(names, tmp_path):
    file = tmp_path / "data.parquet"
    pq.write_table(pa.table({name: [number] for number, name in enumerate(names)}), file)
    expected = {name: [number] for number, name in enumerate(names)}
    assert judged_sets(file, tmp_path, expected) == [("PASS", 1, 0)] * len(names)


def judged_sets(data: object, root: Path, expected: dict[str, list[int]]) -> list[tuple[str, int, int]]:
    kwargs = [{"column": name, "value_set": values} for name, values in expected.items()]
    rules = [{"type": "expect_column_values_to_be_in_set", "kwargs": one} for one in kwargs]
    return results_by_rule(check_data(data, suite(*rules), Settings.load(root, environ={})))
