"""Column names with NUL, which no SQL text can hold: refused by name where a query must name them, renamed where it need not."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeward.core.errors import DataError, LakewardError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.sql import identifier
from lakeward.engines.embedded.engine import EmbeddedEngine
from lakeward.flows import check_data
from lakeward.profiling import draft, profile_file

RULES = {"name": "mine", "expectations": [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 0}}]}
NAMES = ["\0", "b\0c"]


def arrow(name):
    return pa.table({"a": [1], name: ["x"]})


def write(folder, form, name):
    file = folder / f"f.{form}"
    if form == "parquet":
        pq.write_table(arrow(name), file)
    else:
        line = json.dumps({"a": 1, name: 2})
        file.write_text({"csv": f"a,{name}\n1,2\n", "jsonl": f"{line}\n", "json": f"[{line}]"}[form], encoding="utf-8")
    return file


@pytest.fixture
def engine(tmp_path):
    made = EmbeddedEngine(str(tmp_path / "lake"))
    yield made
    made.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl", "json", "arrow"])
def test_a_check_names_the_column(tmp_path, form, name):
    data = arrow(name) if form == "arrow" else write(tmp_path, form, name)
    with pytest.raises(DataError) as refused:
        check_data(data, RULES, Settings(start=tmp_path))
    assert (refused.value.code, refused.value.facts["column"]) == ("data_column_nul", repr(name))
    assert "\0" not in str(refused.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_draft_of_a_parquet_file_names_the_column(tmp_path, engine, name):
    with pytest.raises(UsageError) as refused:
        profile_file(engine, write(tmp_path, "parquet", name))
    assert (refused.value.code, refused.value.facts["column"]) == ("data_column_nul", repr(name))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_draft_of_text_renames_the_column_and_loses_none(tmp_path, engine, form, name):
    contract, _ = draft(profile_file(engine, write(tmp_path, form, name)), "mine", "Asia/Shanghai")
    assert f"physicalName: {json.dumps(name)}" in contract


def test_no_identifier_holds_nul():
    with pytest.raises(LakewardError) as refused:
        identifier("b\0c")
    assert refused.value.code == "identifier_nul"
