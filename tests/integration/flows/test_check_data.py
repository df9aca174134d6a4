"""Any data, judged by any suite: every form that data comes in, every failing row, and what can't be judged said in words."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

import lakeward
from lakeward.core.errors import DataError, LakewardError, SuiteError
from lakeward.core.settings import Settings
from lakeward.flows import check_data, explain_check, grade_dataset, ingest_dataset
from support.plant import csv_line, make_plant

RANGE = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "v", "min_value": 0, "max_value": 9}}
FILLED = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "v"}, "severity": "warning"}
UNIQUE = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "v"}}


def suite(*expectations: dict[str, Any]) -> dict[str, Any]:
    return {"name": "mine", "expectations": list(expectations)}


def results_by_rule(result: dict[str, Any]) -> list[tuple[str, int, int]]:
    """(outcome, evaluated, failed) of each rule."""
    ours = [one["meta"]["lakeward"] for one in result["results"]]
    return [(one["outcome"], one["evaluated"], one["failed"]) for one in ours]


def failing(data: object, given: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    file = folder / "failing.parquet"
    check_data(data, given, Settings.load(folder, environ={}), file)
    rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return rows


ROWS = [{"v": 1, "w": "a"}, {"v": 12, "w": "b"}, {"v": None, "w": "c"}]


def write_rows_as(form: str, folder: Path) -> Path:
    """`ROWS` in a form of data, twice over where it is a folder of files."""
    table, path = pa.Table.from_pylist(ROWS), folder / f"data.{form}"
    if form == "delta":
        write_deltalake(path, table)
    elif form == "folder":
        path.mkdir()
        for part in ("1", "2"):
            pq.write_table(table, path / f"{part}.parquet")
        (path / "_SUCCESS").touch()
    elif form == "parquet":
        pq.write_table(table, path)
    elif form == "json":
        path.write_text(json.dumps(ROWS, indent=1))
    elif form == "jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)))
    else:
        delimiter = {"csv": ",", "tsv": "\t", "txt": ";"}[form]
        path.write_text("\n".join(delimiter.join(cells) for cells in [("v", "w"), ("1", "a"), ("12", "b"), ("NA", "c")]))
    return path


@pytest.mark.parametrize("form", ["csv", "tsv", "txt", "json", "jsonl", "parquet", "delta", "folder"])
def test_data_of_every_form_is_judged_alike(form: str, tmp_path: Path) -> None:
    times = 2 if form == "folder" else 1

    result = lakeward.check(write_rows_as(form, tmp_path), suite(RANGE, FILLED))

    assert results_by_rule(result) == [("FAIL", 2 * times, times), ("FAIL", 3 * times, times)]


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "parquet", "delta"])
def test_a_failing_row_tells_its_place_and_every_reason(form: str, tmp_path: Path) -> None:
    rows = failing(write_rows_as(form, tmp_path), suite(RANGE, FILLED), tmp_path)

    assert [row["w"] for row in rows] == ["b", "c"]
    assert [row["_reasons"] for row in rows] == [["column_values_to_be_between:v"], ["column_values_to_not_be_null:v"]]
    # The line of a text, the number of the record of all else.
    assert [row["_row"] for row in rows] == ([3, 4] if form == "csv" else [2, 3])


def test_a_table_in_memory_is_judged_as_it_is() -> None:
    result = lakeward.check(pa.Table.from_pylist(ROWS), json.dumps(suite(RANGE, UNIQUE)))

    assert results_by_rule(result) == [("FAIL", 2, 1), ("PASS", 2, 0)]


def test_every_failing_row_is_written_however_many(tmp_path: Path) -> None:
    data = pa.table({"v": [place % 400 for place in range(2000)], "i": range(2000)})

    rows = failing(data, suite(RANGE, UNIQUE, FILLED), tmp_path)

    assert [row["i"] for row in rows] == list(range(2000))
    assert sum("column_values_to_be_between:v" in row["_reasons"] for row in rows) == 1950


def test_a_failing_row_is_written_though_its_rule_passed_by_mostly(tmp_path: Path) -> None:
    lenient = {**RANGE, "kwargs": {**RANGE["kwargs"], "mostly": 0.1}}

    assert [row["v"] for row in failing(pa.Table.from_pylist(ROWS), suite(lenient), tmp_path)] == [12]


def test_no_failing_row_gives_an_empty_file_with_the_same_columns(tmp_path: Path) -> None:
    rows = failing(pa.table({"v": [1]}), suite(RANGE), tmp_path)

    assert rows == []
    assert pq.read_schema(tmp_path / "failing.parquet").names == ["v", "_file", "_row", "_reasons"]


def test_columns_of_any_name_and_type_stand_beside_those_that_are_judged(tmp_path: Path) -> None:
    strange = pa.table(
        {
            'a "quoted" 名': pa.array([1, None, 20], pa.int16()),
            "Order": pa.array([Decimal("1.20"), Decimal("99.99"), None]),
            "list": [[1], None, [2, 3]],
            "struct": [{"x": 1}, {"x": None}, None],
            "naive": [dt.datetime(2024, 1, day) for day in (1, 2, 3)],  # noqa: DTZ001
            "kind": pa.array(["x", "y", "x"]).dictionary_encode(),
        }
    )
    pq.write_table(strange, tmp_path / "strange.parquet")
    rules = suite(
        {**RANGE, "kwargs": {**RANGE["kwargs"], "column": 'a "quoted" 名'}},
        {**RANGE, "kwargs": {**RANGE["kwargs"], "column": "Order"}},
        {**FILLED, "kwargs": {"column": "list"}},
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "kind", "value_set": ["x"]}},
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "naive", "min_value": "2024-01-02", "max_value": "2024-12-31"},
        },
    )

    for data in (tmp_path / "strange.parquet", strange):
        assert results_by_rule(lakeward.check(data, rules)) == [
            ("FAIL", 2, 1),
            ("FAIL", 2, 1),
            ("FAIL", 3, 1),
            ("FAIL", 3, 1),
            ("FAIL", 3, 1),
        ]
    rows = failing(tmp_path / "strange.parquet", rules, tmp_path)
    assert (rows[0]["naive"], rows[0]["struct"], rows[0]["kind"]) == (dt.datetime(2024, 1, 1), {"x": 1}, "x")  # noqa: DTZ001


def test_a_table_of_many_columns_is_judged() -> None:
    wide = pa.table({f"c{place}": [place, None] for place in range(800)})
    rules = suite(*({"type": "expect_column_values_to_not_be_null", "kwargs": {"column": f"c{n}"}} for n in range(0, 800, 4)))

    assert set(results_by_rule(lakeward.check(wide, rules))) == {("FAIL", 2, 1)}


def test_an_identifier_and_a_date_stay_text(tmp_path: Path) -> None:
    (tmp_path / "ids.csv").write_text("id,day,flag\n007,2024-01-05,true\n012,2024-01-06,false\n")
    rules = suite(
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "id", "regex": "^0"}},
        {"type": "expect_column_value_lengths_to_equal", "kwargs": {"column": "day", "value": 10}},
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "flag", "value_set": [True]}},
    )

    assert results_by_rule(lakeward.check(tmp_path / "ids.csv", rules)) == [("PASS", 2, 0), ("PASS", 2, 0), ("FAIL", 2, 1)]


def test_a_rule_over_nothing_is_unknown_to_us_and_a_success_to_great_expectations() -> None:
    result = lakeward.check(pa.table({"v": pa.nulls(2, pa.int64())}), suite(RANGE))

    assert (results_by_rule(result), result["success"]) == ([("UNKNOWN", 0, 0)], True)


def test_a_rule_that_does_not_fit_its_column_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "mixed.csv").write_text("v,w\n1,a\nbroken,b\n")
    result = lakeward.check(tmp_path / "mixed.csv", suite(RANGE, UNIQUE))

    assert [outcome for outcome, *_ in results_by_rule(result)] == ["UNKNOWN", "PASS"]
    assert result["results"][0]["exception_info"]["raised_exception"]
    assert result["statistics"]["successful_expectations"] == 1


def test_an_expectation_that_stands_twice_is_judged_twice() -> None:
    result = lakeward.check(pa.Table.from_pylist(ROWS), suite(FILLED, FILLED))

    ids = [one["meta"]["lakeward"]["rule_id"] for one in result["results"]]
    assert ids == ["column_values_to_not_be_null:v", "column_values_to_not_be_null:v#2"]


def test_deleted_rows_of_a_delta_table_are_not_judged(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "table", pa.Table.from_pylist(ROWS))
    DeltaTable(tmp_path / "table").delete("v = 12")

    assert results_by_rule(lakeward.check(tmp_path / "table", suite(RANGE, FILLED))) == [("PASS", 1, 0), ("FAIL", 2, 1)]


def test_of_a_table_of_the_lake_no_value_is_told(tmp_path: Path) -> None:
    plant = make_plant(tmp_path / "plant")
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 150))
    ingest_dataset(plant.settings, "press_line")
    grade_dataset(plant.settings, "press_line")
    hot = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "temp_degc", "max_value": 100}}
    most = {"type": "expect_column_max_to_be_between", "kwargs": {"column": "temp_degc", "max_value": 100}}
    file = tmp_path / "failing.parquet"

    result = check_data("silver.press_line", suite(hot, most), plant.settings, file, "engineer")

    assert [outcome for outcome, *_ in results_by_rule(result)] == ["FAIL", "FAIL"]
    assert result["results"][1]["result"] == {"observed_value": None}
    (row,) = pq.read_table(file).to_pylist()
    assert all(name.startswith("_") for name in row)
    assert row["_row"] == 3


def test_a_sensor_rule_on_a_table_of_the_lake_knows_its_times(tmp_path: Path) -> None:
    plant = make_plant(tmp_path / "plant")
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 21), csv_line("M1", 9, 22))
    ingest_dataset(plant.settings, "press_line")
    grade_dataset(plant.settings, "press_line")
    gap = {"type": "expect_series_no_gap", "kwargs": {"max_gap_seconds": 120}}

    assert results_by_rule(check_data("silver.press_line", suite(gap), plant.settings, role="engineer")) == [("FAIL", 2, 1)]


def test_the_plan_is_sql_that_runs(tmp_path: Path) -> None:
    file = write_rows_as("parquet", tmp_path)
    steps = explain_check(file, suite(RANGE, UNIQUE), Settings.load(tmp_path, environ={}))

    assert [step.code for step in steps] == ["step_facts", "step_repeats"]
    assert steps[0].facts["count"] == 2
    with duckdb.connect() as con:
        con.execute(f"CREATE VIEW checked AS FROM '{file}'")
        assert all(con.execute(step.query).fetchall() is not None for step in steps)


def test_what_a_footer_proves_is_not_read_and_its_verdict_says_so(tmp_path: Path) -> None:
    table = pa.table(
        {
            "i": pa.array([3, None, -5, 7], pa.int16()),
            "d": [Decimal("1.25"), Decimal("-3.10"), None, None],
            "full": ["a", "b", "c", "d"],
            "f": [1.0, float("nan"), 2.0, 3.0],
        }
    )
    pq.write_table(table, tmp_path / "data.parquet", row_group_size=2)
    between = {
        column: {"type": "expect_column_values_to_be_between", "kwargs": {"column": column, "min_value": -5, "max_value": 7}}
        for column in ("i", "d", "f")
    }
    narrow = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "i", "max_value": 6}}
    filled = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": column}} for column in ("full", "f", "i")]

    read = lakeward.check(table, suite(*between.values(), narrow, *filled))
    proven = lakeward.check(tmp_path / "data.parquet", suite(*between.values(), narrow, *filled))

    assert results_by_rule(proven) == results_by_rule(read)
    assert [one["result"] for one in proven["results"]] == [one["result"] for one in read["results"]]
    proofs = [one["meta"]["lakeward"]["proof"] for one in proven["results"]]
    assert proofs == ["file statistics", "file statistics", None, None, "file statistics", None, None]


@pytest.mark.parametrize(
    ("kind", "last"),
    [
        (pa.timestamp("us", "UTC"), "2026-03-01T06:00:00.000007+00:00"),
        (pa.timestamp("ms", "Asia/Shanghai"), "2026-03-01T06:00:00.007+00:00"),
        (pa.timestamp("us"), "2026-03-01T06:00:00.000007+00:00"),
        (pa.timestamp("ns"), "2026-03-01T06:00:00.000007+00:00"),
    ],
    ids=str,
)
@pytest.mark.parametrize(("later", "passes"), [(0, True), (-1, False)])
def test_a_footer_tells_of_times_to_the_microsecond_whatever_their_unit_and_zone(tmp_path, kind, last, later, passes):
    end = dt.datetime.fromisoformat(last)
    times = [dt.datetime(1969, 12, 31, 23, 59, 59, tzinfo=dt.UTC), end]
    given = [one if kind.tz else one.replace(tzinfo=None) for one in times]
    pq.write_table(pa.table({"t": pa.array(given, kind)}), tmp_path / "data.parquet", row_group_size=1)
    bounds = {"min_value": times[0].isoformat(), "max_value": (end + dt.timedelta(microseconds=later)).isoformat()}
    rule = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "t", **bounds}}

    [found] = lakeward.check(tmp_path / "data.parquet", suite(rule))["results"]
    assert found["success"] is passes
    assert found["meta"]["lakeward"]["proof"] == ("file statistics" if passes and kind.tz else None)


def bad(folder: Path) -> dict[str, tuple[object, object, type[LakewardError], str]]:
    """Data and suite that can't be used, with what is said of them."""
    good, rules = write_rows_as("parquet", folder), suite(RANGE)
    torn = folder / "torn.parquet"
    torn.write_bytes(good.read_bytes()[:-20])
    (folder / "empty.csv").touch()
    (folder / "ragged.csv").write_text("v,w\n1,a\n2\n")
    (folder / "numbers.csv").write_text("1,2\n3,4\n")
    (folder / "reserved.csv").write_text("v,_row\n1,2\n")
    (folder / "broken.json").write_text('{"v": 1}\n{"v": ')
    (folder / "nothing").mkdir()
    for name, column in (("a", "v"), ("b", "x")):
        for form in ("csv", "parquet"):
            (folder / f"mixed_{form}").mkdir(exist_ok=True)
        (folder / "mixed_csv" / f"{name}.csv").write_text(f"v,{column}2\n1,2\n")
        pq.write_table(pa.table({column: [1]}), folder / "mixed_parquet" / f"{name}.parquet")
    (folder / "suite.json").write_text('{"expectations": [')
    return {
        "no such file": (folder / "no.csv", rules, DataError, "data_not_found"),
        "an empty file": (folder / "empty.csv", rules, DataError, "data_unreadable"),
        "a torn file": (torn, rules, DataError, "data_unreadable"),
        "broken JSON": (folder / "broken.json", rules, DataError, "data_unreadable"),
        "an empty folder": (folder / "nothing", rules, DataError, "data_without_files"),
        "a torn record": (folder / "ragged.csv", rules, DataError, "data_records_unreadable"),
        "no header": (folder / "numbers.csv", rules, SuiteError, "suite_column_not_in_data"),
        "a name of ours": (folder / "reserved.csv", rules, DataError, "data_column_reserved"),
        "texts that differ": (folder / "mixed_csv", rules, DataError, "data_files_differ"),
        "Parquet that differs": (folder / "mixed_parquet", rules, DataError, "data_files_differ"),
        "no table": (12, rules, DataError, "data_not_a_table"),
        "no suite": (good, folder / "no.json", SuiteError, "suite_not_found"),
        "a suite that is none": (good, "{}", SuiteError, "suite_shape"),
        "a suite cut short": (good, folder / "suite.json", SuiteError, "suite_syntax"),
        "a suite of bytes": (good, good, SuiteError, "suite_not_text"),
        "an unknown column": (good, suite({**FILLED, "kwargs": {"column": "V"}}), SuiteError, "suite_column_not_in_data"),
    }


BAD = (
    *("no such file", "an empty file", "a torn file", "broken JSON", "an empty folder", "a torn record", "no header"),
    *("a name of ours", "texts that differ", "Parquet that differs", "no table", "no suite", "a suite that is none"),
    *("a suite cut short", "a suite of bytes", "an unknown column"),
)


@pytest.mark.parametrize("case", BAD)
def test_what_can_not_be_used_is_said_with_a_code_and_exit_3(case: str, tmp_path: Path) -> None:
    data, given, kind, code = bad(tmp_path)[case]

    with pytest.raises(kind) as caught:
        lakeward.check(data, given)

    assert (caught.value.code, caught.value.exit_code) == (code, 3)
    assert "Next:" in str(caught.value)


@pytest.mark.parametrize("old", [False, True], ids=["usual", "INT96"])
def test_failing_rows_have_times_of_every_form(old: bool, tmp_path: Path) -> None:  # noqa: FBT001
    times = pa.table({"v": [12], "t": pa.array([dt.datetime(2026, 3, 1, 6)])})  # noqa: DTZ001
    pq.write_table(times, tmp_path / "times.parquet", use_deprecated_int96_timestamps=old)

    assert [row["t"] for row in failing(tmp_path / "times.parquet", suite(RANGE), tmp_path)] == [dt.datetime(2026, 3, 1, 6)]  # noqa: DTZ001


def test_failing_rows_have_variants(tmp_path: Path) -> None:
    duckdb.sql(f"""COPY (SELECT 12 AS v, '{{"a": 1}}'::JSON::VARIANT AS x) TO '{tmp_path / "v.parquet"}' (FORMAT parquet)""")

    assert len(failing(tmp_path / "v.parquet", suite(RANGE), tmp_path)) == 1


def test_a_last_record_that_looks_like_a_sum_is_judged_too(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("machine,kwh\n" + "".join(f"M{n},{n}.5\n" for n in range(10)) + "Total meter,999999\n")
    between = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "kwh", "min_value": 0, "max_value": 2000}}
    assert results_by_rule(lakeward.check(file, suite(between))) == [("FAIL", 11, 1)]


def test_arrow_columns_that_can_not_be_read_are_named() -> None:
    half = pa.array([1.5], pa.float32()).cast(pa.float16())
    long = pa.array([Decimal("1.5")], pa.decimal256(60, 2))
    with pytest.raises(DataError) as refused:
        lakeward.check(pa.table({"v": [12], "h": half, "d": long}), suite(RANGE))
    assert (refused.value.code, refused.value.facts["found"]) == ("data_type_unreadable", "h: halffloat; d: decimal256(60, 2)")
