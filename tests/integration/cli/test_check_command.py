"""`lakeward check` as a person calls it, from any folder: a table or JSON, in both languages, and an exit code to rely on."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from support.command_line import CommandResult, run_command, run_in_subprocess

RULES = {
    "name": "mine",
    "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "名"}},
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "t", "max_value": 30}},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.csv").write_text("名,t\na,1.5\nb,30\n", encoding="utf-8")
    (tmp_path / "bad.csv").write_text("名,t\na,1.5\n,40\n", encoding="utf-8")
    (tmp_path / "suite.json").write_text(json.dumps(RULES), encoding="utf-8")
    return tmp_path


def check(capsys: pytest.CaptureFixture[str], folder: Path, file: str, *words: str) -> CommandResult:
    return run_command(capsys, folder, "check", str(folder / file), "--suite", str(folder / "suite.json"), *words)


def test_the_exit_code_says_whether_all_passed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = [check(capsys, folder, file).code for file in ("good.csv", "bad.csv", "none.csv")]

    assert codes == [0, 1, 3]


@pytest.mark.parametrize(("lang", "parts"), [("en", ["verdict", "0 of 2 rules passed"]), ("zh", ["判定", "2 条规则中 0 条通过"])])
def test_a_person_sees_a_table(lang: str, parts: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = check(capsys, folder, "bad.csv", "--lang", lang)

    wanted = [*parts, "column_values_to_not_be_null:名", "FAIL", "40", "completeness", "quarantine"]
    assert [part for part in wanted if part not in answer.out] == []


def test_a_program_gets_the_json_of_great_expectations(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = json.loads(check(capsys, folder, "bad.csv", "--json").out)

    assert (result["success"], result["suite_name"]) == (False, "mine")
    assert result["results"][0]["result"]["unexpected_percent"] == 50
    assert result["results"][1]["result"] == {"observed_value": 40}


def test_failing_rows_are_written_where_they_are_wanted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(capsys, folder, "bad.csv", "--failing-rows", str(folder / "failing.parquet"))

    (row,) = pq.read_table(folder / "failing.parquet").to_pylist()
    assert (row["t"], row["_row"], row["_reasons"]) == ("40", 3, ["column_values_to_not_be_null:名"])


def test_a_folder_that_is_not_there_takes_no_failing_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = check(capsys, folder, "bad.csv", "--failing-rows", str(folder / "none" / "failing.parquet"))

    assert answer.code == 4
    assert "can't be written" in answer.err


def test_a_rule_over_nothing_has_not_passed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty.csv").write_text("名,t\n", encoding="utf-8")

    answer = check(capsys, folder, "empty.csv")

    assert answer.code == 1
    assert "UNKNOWN" in answer.out


@pytest.mark.parametrize(("lang", "part"), [("en", "One scan for 2 rules"), ("zh", "一次扫描判定 2 条规则")])
def test_the_plan_is_shown_and_nothing_judged(lang: str, part: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = check(capsys, folder, "bad.csv", "--explain", "--lang", lang)

    assert answer.code == 0
    assert part in answer.out
    assert "SELECT count(*)" in answer.out


def test_no_project_is_needed_and_nothing_is_left_behind(folder: Path) -> None:
    before = sorted(folder.iterdir())

    answer = run_in_subprocess(folder, "check", "good.csv", "--suite", "suite.json", TMPDIR=str(folder))

    assert (answer.code, answer.err) == (0, "")
    assert sorted(folder.iterdir()) == before


def write_suite(folder: Path, suite: dict[str, object]) -> None:
    (folder / "suite.json").write_text(json.dumps(suite), encoding="utf-8")


def test_a_suite_of_great_expectations_before_1_is_judged_with_a_note(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry = {"expectation_type": "expect_column_values_to_not_be_null", "kwargs": {"column": "t"}, "meta": {}}
    write_suite(folder, {"expectation_suite_name": "s", "data_asset_type": None, "expectations": [entry]})

    answer = check(capsys, folder, "good.csv")

    assert answer.code == 0
    assert "rename expectation_type to type" in answer.out
    assert json.loads(check(capsys, folder, "good.csv", "--json").out)["suite_name"] == "s"


def test_a_parameter_without_a_value_is_named_and_one_with_a_value_used(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kwargs = {"column": "t", "min_value": {"$PARAMETER": "lo"}, "max_value": {"$PARAMETER": "hi * 2"}}
    suite = {"name": "p", "expectations": [{"type": "expect_column_values_to_be_between", "kwargs": kwargs}]}
    write_suite(folder, suite)
    refused = check(capsys, folder, "good.csv")
    write_suite(folder, suite | {"suite_parameters": {"lo": 1, "hi": 15}})
    judged = json.loads(check(capsys, folder, "good.csv", "--json").out)

    assert (refused.code, "lo, hi" in refused.err) == (3, True)
    assert judged["success"]
    assert judged["results"][0]["expectation_config"]["kwargs"] == {"column": "t", "min_value": 1, "max_value": 30}


def test_a_column_that_an_ordered_list_expects_and_the_file_lacks_is_a_failure(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = {"type": "expect_table_columns_to_match_ordered_list", "kwargs": {"column_list": ["名", "t", "none"]}}
    write_suite(folder, {"name": "s", "expectations": [entry]})

    answer = check(capsys, folder, "good.csv", "--json")

    assert (answer.code, json.loads(answer.out)["success"]) == (1, False)


@pytest.mark.parametrize(
    ("file", "lang", "parts"),
    [
        ("units_row.csv", "en", ["lines below its header that are no records, such as units, and were not judged: 1"]),
        ("preamble_logger.dat", "zh", ["之上有 1 行未参与检查", "之下有 2 行不是记录"]),
        ("preamble_scope.csv", "en", ["comments that were not judged: 2 lines"]),
        ("merged_title.xlsx", "en", ["lines above its header or first record that were not judged: 1"]),
    ],
)
def test_lines_that_are_not_judged_are_named(
    file: str, lang: str, parts: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(__file__).parents[2] / "fixtures" / "layouts" / file
    (folder / "suite.json").write_text('{"name": "none", "expectations": []}')
    answer = check(capsys, folder, str(path), "--lang", lang)

    assert [part for part in parts if part not in answer.out] == []
    own = json.loads(check(capsys, folder, str(path), "--json").out)["meta"]["lakeward"]
    assert own["unjudged_lines"][0].keys() == {"file", "key", "lines"}


def test_a_file_of_nothing_but_records_has_no_lines_to_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "lakeward" not in json.loads(check(capsys, folder, "good.csv", "--json").out)["meta"]


def test_a_text_that_made_a_column_text_is_named_by_its_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["temp,name", *(f"{row}.5,a" for row in range(30))]
    lines[17] = "Bad,a"
    (folder / "signal.csv").write_text("\n".join(lines), encoding="utf-8")
    write_suite(
        folder, {"expectations": [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "temp", "max_value": 99}}]}
    )

    answer = check(capsys, folder, "signal.csv", "--json")
    (result,) = json.loads(answer.out)["results"]

    reason = result["meta"]["lakeward"]["reason"]
    assert reason == f"temp is text: 1 of 30 values are no number, first in {folder / 'signal.csv'}, record 18"
    assert "Bad" not in reason


def test_a_sheet_of_a_workbook_is_checked_by_its_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workbook = Workbook()
    for name, temp in (("Line1", 20), ("Line2", 40)):
        sheet = workbook.create_sheet(name)
        for row in (["名", "t"], ["a", temp], ["b", temp]):
            sheet.append(row)
    workbook.save(folder / "lines.xlsx")

    asked = check(capsys, folder, "lines.xlsx")
    codes = [check(capsys, folder, "lines.xlsx", "--sheet", name).code for name in ("Line1", "Line2", "Line3")]

    assert (asked.code, "--sheet SHEET" in asked.err) == (3, True)
    assert codes == [0, 1, 3]
    assert check(capsys, folder, "good.csv", "--sheet", "Line1").code == 3


def test_the_suite_of_a_dataset_names_columns_as_its_contract_does(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "readings.csv").write_text("Zeit,Temp (°C)\n2026-03-01T00:00:00Z,20\n2026-03-01T00:01:00Z,x\n", encoding="utf-8")
    project = folder / "plant"
    run_command(capsys, folder, "init", str(project))
    drafted = run_command(capsys, project, "new", "press", "--from", str(folder / "readings.csv"))
    own = project / "expectations/datasets/press/suite.json"
    named = json.loads(own.read_text(encoding="utf-8"))
    column = "temp_c" if "temp_c" in (own.parent / "contract.odcs.yaml").read_text(encoding="utf-8") else "temp"
    rule = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": column}}
    own.write_text(json.dumps({**named, "expectations": [rule]}), encoding="utf-8")

    answer = run_command(capsys, folder, "check", str(folder / "readings.csv"), "--suite", str(own), "--json")

    assert (drafted.code, answer.code, answer.err) == (0, 0, "")
    assert json.loads(answer.out)["results"][0]["meta"]["lakeward"]["evaluated"] == 2
