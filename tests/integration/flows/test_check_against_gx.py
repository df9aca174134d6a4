"""`lakeward.check` beside Great Expectations itself, on the same file: same answers, and JSON that its own loaders read."""

import json
import random
import warnings
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import lakeward
from lakeward.core.settings import Settings
from lakeward.flows import check_data

ROWS = 600


def expect(type_: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{type_}", "kwargs": kwargs}


EXPECTATIONS = [
    expect("column_values_to_be_unique", column="id"),
    expect("column_values_to_be_unique", column='we"ird'),
    expect("column_values_to_not_be_null", column="Temp °C"),
    expect("column_values_to_not_be_null", column="Temp °C", mostly=0.5),
    expect("column_values_to_be_null", column="empty"),
    expect("column_values_to_be_between", column="Temp °C", min_value=15, max_value=25),
    expect("column_values_to_be_between", column="Temp °C", min_value=10, mostly=0.2, strict_min=True),
    expect("column_values_to_be_between", column="empty", min_value=0),
    expect("column_values_to_be_in_set", column="状态", value_set=["ok", "run"]),
    expect("column_values_to_not_be_in_set", column="状态", value_set=["bad"]),
    expect("column_values_to_match_regex", column="code", regex=r"^A-\d{4}$"),
    expect("column_values_to_not_match_regex", column="code", regex="7"),
    expect("column_value_lengths_to_equal", column="code", value=6),
    expect("column_pair_values_a_to_be_greater_than_b", column_A="Temp °C", column_B='we"ird'),
    expect("compound_columns_to_be_unique", column_list=["状态", 'we"ird']),
    expect("column_mean_to_be_between", column="Temp °C", min_value=15, max_value=25),
    expect("column_max_to_be_between", column="Temp °C", max_value=20),
    expect("column_sum_to_be_between", column="id", min_value=0),
    expect("column_unique_value_count_to_be_between", column="状态", min_value=3, max_value=3),
    expect("column_proportion_of_unique_values_to_be_between", column="code", min_value=1),
    expect("table_row_count_to_equal", value=ROWS),
    expect("table_column_count_to_equal", value=6),
    expect("column_to_exist", column="code"),
    expect("table_columns_to_match_set", column_set=["id", "code"], exact_match=False),
    expect("table_columns_to_match_set", column_set=["id", "other"]),
    expect("table_columns_to_match_ordered_list", column_list=["id", "code"]),
    expect("column_distinct_values_to_be_in_set", column="状态", value_set=["ok", "run"]),
    expect("column_distinct_values_to_contain_set", column="状态", value_set=["ok", "gone"]),
    expect("column_distinct_values_to_equal_set", column="状态", value_set=["ok", "bad", "run"]),
    expect("column_most_common_value_to_be_in_set", column='we"ird', value_set=[1]),
    expect(
        "column_quantile_values_to_be_between",
        column="id",
        quantile_ranges={"quantiles": [0.1, 0.9], "value_ranges": [[0, 100], [0, None]]},
    ),
    {**expect("column_values_to_be_in_set", column="id", value_set=[1, 2]), "severity": "warning"},
]
SUITE = {"name": "mine", "expectations": EXPECTATIONS, "meta": {"great_expectations_version": "1.24.1"}}


@pytest.fixture(scope="module")
def table() -> pa.Table:
    chance = random.Random(7)
    return pa.table(
        {
            "id": range(ROWS),
            "Temp °C": [None if place % 50 == 0 else chance.gauss(20, 5) for place in range(ROWS)],
            "状态": [chance.choice(["ok", "bad", "run", None]) for _ in range(ROWS)],
            'we"ird': pa.array([place % 7 if place % 9 else None for place in range(ROWS)], pa.int32()),
            "code": [f"A-{place:04d}" for place in range(ROWS)],
            "empty": pa.nulls(ROWS, pa.float64()),
        }
    )


@pytest.fixture(scope="module", params=["csv", "parquet"])
def file(request: pytest.FixtureRequest, table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("checked") / f"data.{request.param}"
    if request.param == "csv":
        pyarrow.csv.write_csv(table, path)
    else:
        pq.write_table(table, path)
    return path


@pytest.fixture(scope="module")
def theirs(file: Path) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
        from great_expectations.core.expectation_suite import ExpectationSuite
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        source: Any = context.data_sources.add_pandas("files")
        asset = getattr(source, f"add_{file.suffix[1:]}_asset")("file", str(file))
        batch = asset.add_batch_definition("whole").get_batch()
        suite = ExpectationSuite(**json.loads(json.dumps(SUITE)))
        told: dict[str, Any] = batch.validate(
            suite, result_format={"result_format": "SUMMARY", "partial_unexpected_count": 0}
        ).to_json_dict()
        return told


@pytest.fixture(scope="module")
def ours(file: Path) -> dict[str, Any]:
    return lakeward.check(file, SUITE)


def key(config: dict[str, Any]) -> str:
    """The expectation, whatever the order of the results, and whether its numbers were written as integers."""
    kwargs = {name: float(v) if isinstance(v, int) and not isinstance(v, bool) else v for name, v in config["kwargs"].items()}
    return json.dumps([config["type"], {name: v for name, v in kwargs.items() if name != "batch_id"}], sort_keys=True)


def by_rule(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {key(result["expectation_config"]): result for result in told["results"]}


def test_every_rule_has_the_answer_of_great_expectations(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    mine, other = by_rule(ours), by_rule(theirs)

    assert mine.keys() == other.keys()
    assert {rule: one["success"] for rule, one in mine.items()} == {rule: one["success"] for rule, one in other.items()}
    assert (ours["success"], ours["statistics"]) == (theirs["success"], theirs["statistics"])


def test_every_count_and_percentage_is_that_of_great_expectations(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    other = by_rule(theirs)
    for rule, one in by_rule(ours).items():
        told = other[rule]["result"]
        assert one["result"].keys() == told.keys(), rule
        for name in told:
            expected = pytest.approx(told[name]) if isinstance(told[name], float) else told[name]
            assert one["result"][name] == expected, (rule, name)


def test_every_result_has_the_keys_of_great_expectations(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours.keys() == theirs.keys()
    other = by_rule(theirs)
    for rule, one in by_rule(ours).items():
        assert one.keys() == other[rule].keys(), rule
        config = other[rule]["expectation_config"]
        assert one["expectation_config"].keys() == config.keys()
        assert one["expectation_config"]["severity"] == config["severity"]
        assert one["exception_info"] == other[rule]["exception_info"]


def test_great_expectations_reads_the_result_and_the_suite_back(ours: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from great_expectations.core.expectation_suite import ExpectationSuite
        from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResultSchema

        loaded: Any = ExpectationSuiteValidationResultSchema().load(json.loads(json.dumps(ours)))
        suite = ExpectationSuite(name="mine", expectations=[one["expectation_config"] for one in ours["results"]])

    assert loaded.success is ours["success"]
    assert loaded.to_json_dict() == ours
    assert len(suite.expectations) == len(EXPECTATIONS)


def test_failing_rows_that_only_great_expectations_can_tell_are_written(file: Path, tmp_path: Path) -> None:
    looking_ahead = {**expect("column_values_to_match_regex", column="code", regex="^A-(?!0)", mostly=0.1), "severity": "info"}
    out = tmp_path / "failing.parquet"

    result = check_data(file, {"name": "mine", "expectations": [looking_ahead]}, Settings.load(tmp_path, environ={}), out)

    assert result["results"][0]["result"]["unexpected_count"] == ROWS
    assert pq.read_table(out).column("code").to_pylist() == [f"A-{place:04d}" for place in range(ROWS)]
