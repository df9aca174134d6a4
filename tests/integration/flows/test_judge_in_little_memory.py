"""A batch that is ten times what the engine may hold is judged all the same."""

import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.record_format import FileFormat
from lakeward.engines import open_engine
from lakeward.flows.batch.judge import run_plan
from lakeward.quality.plan import compile_plan
from support.judging import TEXT, column, contract, expect, rules_of

ROWS = 3_000_000
# The texts alone take some 60 MB, and the keys to compare as much again for each rule.
MEMORY = "60MB"


@pytest.mark.exhaustive
@pytest.mark.slow
def test_uniqueness_spills_and_is_right(tmp_path):
    engine = open_engine("embedded", str(tmp_path / "lake"), memory=MEMORY)
    text = f"CASE WHEN i % 1000 = 0 THEN 'one' ELSE 'name of ' || (i * 7919) % {ROWS} END"
    engine.define("batch", f"SELECT {text} AS a, i AS n FROM range({ROWS}) t(i)")
    promised = contract(column("a"), column("n", Kind.INTEGER), format_=FileFormat.PARQUET)
    unique = [
        expect("column_values_to_be_unique", column="a"),
        expect("compound_columns_to_be_unique", column_list=["a", "n"]),
    ]
    plan = compile_plan(promised, rules_of(promised, *unique), {"a": TEXT, "n": DataType(Kind.INTEGER)})
    repeated, compound = run_plan(engine, plan, "batch").verdicts[-2:]
    engine.close()
    assert (repeated.evaluated, repeated.failed) == (ROWS, ROWS // 1000)
    assert (compound.evaluated, compound.failed) == (ROWS, 0)
