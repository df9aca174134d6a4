"""A wide batch is judged in parts; the facts, and so the verdicts, are those of one query over all columns."""

from dataclasses import replace

import duckdb
import pytest

from lakeward.contracts.model import Column, Contract, DataType, Kind
from lakeward.core.names import Layer
from lakeward.quality.plan import compile_plan
from lakeward.quality.plan_parts import merge_facts, plan_parts
from support.judging import PLACE, fetch, rules_of

COLUMNS = 24
TEXT = DataType(Kind.STRING)


def _contract(**changes):
    kinds = (Kind.DOUBLE, Kind.INTEGER, Kind.STRING)
    columns = tuple(Column(f"c{index}", DataType(kinds[index % 3]), f"c{index}") for index in range(COLUMNS))
    contract = Contract("wide", "1.0.0", Layer.SILVER, (Column("ts", DataType(Kind.TIMESTAMP), "ts", required=True), *columns))
    return replace(contract, primary_key=("ts",), time_column="ts", **changes)


def _rules(contract):
    def rule(type_, id_, **kwargs):
        return {"type": type_, "kwargs": kwargs, "meta": {"lakeward": {"id": id_}}}

    condition = {"row_condition": 'col("c1") > 3', "condition_parser": "great_expectations"}
    return rules_of(
        contract,
        rule("expect_column_values_to_be_between", "range", column="c21", min_value=0, max_value=40, **condition),
        rule("expect_column_values_to_not_be_null", "filled", column="c9", mostly=0.5),
        rule("expect_column_pair_values_a_to_be_greater_than_b", "pair", column_A="c3", column_B="c22"),
        rule("expect_column_mean_to_be_between", "mean", column="c12", min_value=0, max_value=9),
        rule("expect_compound_columns_to_be_unique", "unique", column_list=["c1", "c23"]),
        rule("expect_column_values_to_be_in_set", "listed", column="c2", value_set=["x2", "x5"]),
        rule("expect_column_value_z_scores_to_be_less_than", "far", column="c6", threshold=2, double_sided=True),
        rule("expect_table_row_count_to_be_between", "rows", min_value=1),
    )


def _batch(con, contract):
    items = ", ".join(
        f"CASE WHEN i % 11 = {index % 11} THEN 'Bad' WHEN i % 7 = {index % 7} THEN NULL "
        f"ELSE {chr(39) + 'x' + chr(39) + ' || ' if index % 3 == 2 else ''}((i * 13 + {index}) % 60)::VARCHAR END AS c{index}"
        for index in range(COLUMNS)
    )
    con.execute(
        f"CREATE TABLE batch AS SELECT '2026-03-01 00:' || lpad((i % 28)::VARCHAR, 2, '0') || ':00+00' AS ts, {items}, "
        "'f' AS _file, 1::BIGINT AS _file_seq, i + 2 AS _row FROM range(30) t(i)"
    )
    return {column.name: TEXT for column in contract.columns} | PLACE


@pytest.mark.parametrize("changes", [{}, {"primary_key": (), "time_column": None}], ids=["keyed", "without key and times"])
def test_facts_in_parts_are_those_of_one_query(changes):
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    contract = replace(_contract(), **changes)
    plan = compile_plan(contract, _rules(contract), _batch(con, contract))
    whole = fetch(con, plan.facts_select("batch"))[0]

    parts = plan_parts(plan, wide=8, part=7)
    merged = merge_facts(plan, parts, [fetch(con, part.facts_select("batch"))[0] for part in parts])

    assert len(parts) == 5
    assert merged == whole
    assert sum(len(part.checks) for part in parts) == len(plan.checks)


def test_a_plan_of_ordinary_width_is_one_query():
    contract = _contract()
    plan = compile_plan(contract, _rules(contract), {column.name: TEXT for column in contract.columns} | PLACE)

    assert plan_parts(plan) == (plan,)
