"""Bad input, as the people meet it: each message says what, where, what was expected and found, and what to do next."""

import json
import random
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command_line import CommandResult, run_command, run_in_subprocess
from support.plant import HEADER, Plant, csv_line, make_plant

Ask = Callable[..., CommandResult]
# A value of the bad row; no message may repeat it (docs/explanation/laws.md, 6).
SECRET = "S3CR3T"


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return make_plant(tmp_path / "plant")


@pytest.fixture
def ask(plant: Plant, capsys: pytest.CaptureFixture[str]) -> Ask:
    return lambda *words: run_command(capsys, plant.root, *words)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def tells(answer: CommandResult, code: int, *parts: str) -> None:
    """The answer ends with `code` and says every part, no value of the data, and nothing of our code."""
    assert answer.code == code, answer.output
    assert [part for part in parts if part not in answer.output] == [], answer.output
    assert "Traceback" not in answer.output
    assert SECRET not in answer.output


FILES = {
    "an archive under the name of a text": (b"PK\x03\x04" + b"\0" * 40, "can't be unpacked to its end", "Next: test it", "a.csv"),
    "a half-written last line": (
        f"{HEADER}\n{csv_line('M1', 0, 1)}\n{SECRET},2026".encode(),
        "fewer fields than the header",
        "Next: export the whole file again",
        "expected 3 fields, found 2",
    ),
    "a second encoding": (
        f"{HEADER}\n{csv_line('M1', 0, 1)}\n{csv_line(SECRET + '一号', 1, 2)}\n".encode("gbk"),
        "not valid in the encoding that the contract declares",
        "Next: correct `encoding`",
    ),
    "too many fields": (
        f"{HEADER}\n{csv_line('M1', 0, 1)}\n{csv_line(SECRET, 1, '21,5')}\n".encode(),
        "more fields than the header",
        "Next: export the file again with quotes",
        "expected 3 fields, found 4",
    ),
    "a stray quote": (
        f"{HEADER}\n{csv_line('M1', 0, 1)}\n{csv_line(SECRET, 1, chr(34) + '5')}\n".encode(),
        "an unmatched quote: opened but never closed",
        "Next: correct `quote` and `escape`",
    ),
    "a missing column": (
        f"Machine,Temp\n{SECRET},1\n".encode(),
        "lacks a column",
        "`physicalName` in the contract",
        "missing: Time",
    ),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", FILES)
def test_records_that_can_not_be_used_are_told_with_place_reason_and_repair(plant: Plant, ask: Ask, name: str) -> None:
    content, *parts = FILES[name]
    (plant.root / "inbox" / "press_line" / "a.csv").write_bytes(content)

    tells(ask("run", "press_line"), 1, "rejects.press_line", "lakeward quarantine show press_line")

    tells(ask("quarantine", "show", "press_line"), 0, "rejects.press_line", "a.csv", *parts)
    tells(ask("quarantine", "list"), 0, "rejects.press_line", parts[0])
    tells(ask("status"), 0, "lakeward quarantine show press_line")


def test_a_reject_is_told_in_chinese_too(plant: Plant, ask: Ask) -> None:
    plant.drop("a.csv", f"{SECRET},1")

    tells(ask("run", "press_line", "--lang", "zh"), 1, "拒收的记录", "limits.rejectedShare")
    tells(ask("quarantine", "show", "press_line", "--lang", "zh"), 0, "该记录的字段少于表头", "下一步：")


def test_a_number_with_a_decimal_comma_sets_its_row_aside(plant: Plant, ask: Ask) -> None:
    plant.drop("a.csv", csv_line("M1", 0, 1), csv_line(SECRET, 1, '"21,5"'))

    tells(ask("run", "press_line"), 1, "rules failed: type:temp_degc", "lakeward quarantine show press_line")
    tells(ask("quarantine", "show", "press_line"), 0, "quarantine.press_line", "a.csv", "type:temp_degc")


def test_an_unknown_column_is_a_warning_in_both_languages(plant: Plant, ask: Ask) -> None:
    plant.drop("a.csv", f"M1,2026-03-01T06:00:00Z,20.5,{SECRET}", header=f"{HEADER},Hall")
    tells(ask("run", "press_line"), 0, "file a.csv has columns that are not in the contract: Hall")

    plant.drop("b.csv", f"M2,2026-03-01T06:00:00Z,20.5,{SECRET}", header=f"{HEADER},Hall")
    tells(ask("run", "press_line", "--lang", "zh"), 0, "文件 b.csv 含有契约中没有的列：Hall")


def test_a_file_that_changes_while_it_is_read_waits_for_the_next_run(plant: Plant, ask: Ask) -> None:
    file = plant.drop("a.csv", csv_line("M1", 0, 1))
    writer = "import sys\nwith open(sys.argv[1], 'a', buffering=1) as f:\n    while True: f.write('M1,2026-03-01T06:00:00Z,1\\n')"
    with subprocess.Popen([sys.executable, "-c", writer, str(file)]) as process:
        while file.stat().st_size < 10_000_000:  # so large that the writer gets a turn while it is copied, on a busy machine too
            pass
        answer = ask("run", "press_line")
        process.kill()

    tells(answer, 0, "file a.csv changed while it was read", "the next run will receive it")
    assert json.loads(ask("run", "press_line", "--json").out)[0]["rows_in"] > 0


CONTRACTS = {
    "an unknown unit": ("value: Cel", "value: degC", "Unknown unit 'degC'", "Did you mean: Cel?", "contract.odcs.yaml:20:45"),
    "a typo in a key": ("{name: ts, physicalName", "{name: ts, phisicalName", "'phisicalName'", "physicalName", ":15:"),
    "a drop folder outside": ("inbox/press_line", "../other", "points outside the project", "inside the project", ":23:"),
    "an unknown type": ("logicalType: number", "logicalType: numeric", "'logicalType'", "number", ":18:"),
}


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_is_refused_with_line_and_column(plant: Plant, ask: Ask, name: str) -> None:
    old, new, *parts = CONTRACTS[name]
    edit(plant.dataset / "contract.odcs.yaml", old, new)

    tells(ask("run", "press_line"), 3, *parts, "Next: correct expectations/datasets/press_line/contract.odcs.yaml:")
    tells(ask("contract", "lint"), 3, parts[0])
    tells(ask("status"), 0, "lakeward contract lint press_line")


SUITES = {
    "another column": (
        "temp_degc",
        "temp_c",
        "has no column temp_c",
        "Did you mean: temp_degc",
        "expectations[0]",
        "Next: correct the column",
    ),
    "no json": ('"kwargs"', '"kwargs', "line 1, column", "not valid JSON", "Next: correct line 1 of"),
    "no such rule": (
        "to_be_between",
        "to_be_betwen",
        "has no expectation",
        "expect_column_values_to_be_between",
        "Next: correct `type`",
    ),
}


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_is_refused_with_its_place(plant: Plant, ask: Ask, name: str) -> None:
    old, new, *parts = SUITES[name]
    edit(plant.dataset / "suite.json", old, new)

    tells(ask("run", "press_line"), 3, "expectations/datasets/press_line/suite.json", *parts)
    tells(ask("contract", "lint"), 3, "suite.json", parts[0])


def test_a_change_that_breaks_is_refused_and_names_the_way_out(plant: Plant, ask: Ask) -> None:
    plant.drop("a.csv", csv_line("M1", 0, 1))
    ask("run")
    edit(plant.dataset / "contract.odcs.yaml", "value: Cel", "value: K")

    tells(ask("run"), 3, "press_line", "temp_degc", "1.0.0", "set version: 2.0.0", "lakeward rebuild press_line")


def test_one_broken_contract_does_not_keep_the_others_from_running(plant: Plant, ask: Ask) -> None:
    plant.drop("a.csv", csv_line("M1", 0, 1))
    other = plant.dataset.parent / "other"
    other.mkdir()
    (other / "contract.odcs.yaml").write_text("kind: DataContrakt\n")

    answer = ask("run", "--json")

    tells(answer, 3, "other: ", "contract.odcs.yaml:1:")
    assert [(row["dataset"], row["silver"]) for row in json.loads(answer.out)] == [("press_line", 1)]


def test_a_missing_drop_folder_does_not_keep_the_others_from_running(plant: Plant, ask: Ask) -> None:
    plant.drop("a.csv", csv_line("M1", 0, 1))
    other = plant.dataset.parent / "other"
    other.mkdir()
    (other / "contract.odcs.yaml").write_text((plant.dataset / "contract.odcs.yaml").read_text().replace("press_line", "other"))

    answer = ask("run", "--json")

    tells(answer, 2, "other: The drop folder", "Next: mkdir -p")
    assert json.loads(answer.out)[0]["silver"] == 1


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("run", "pres_line"), ("no dataset 'pres_line'", "Did you mean: press_line?", "Next: correct the name")),
        (("explain", "silver.press_line", "machin=M1"), ("'machin' is not a column", "machine", "Next: lakeward explain")),
        (
            ("explain", "press_line", "machine=M1"),
            ("'press_line' is not a table name", "silver.press_line", "Next: lakeward tables"),
        ),
        (("lineage", "show", "silver.nothing"), ("no table or column 'silver.nothing'", "Next: lakeward tables")),
        (("new", "other", "--from", "nothing.csv"), ("nothing.csv is not a file", "Next: give the path of a file")),
        (
            ("new", "Other-1", "--from", "nothing.csv"),
            ("'Other-1' can't be a dataset name", "lower-case letters", "Next: choose"),
        ),
        (("contract", "diff", "a.yaml", "b.yaml"), ("a.yaml is not a file", "Next: lakeward contract diff OLD NEW")),
        (("status", "--lang", "fr"), ("--lang has a value that is not allowed", "en, zh", "found: fr", "Next: ")),
        (("rum",), ("No such command 'rum'", "Did you mean 'run'")),
    ],
)
def test_wrong_use_is_told_with_what_was_meant(ask: Ask, words: tuple[str, ...], parts: tuple[str, ...]) -> None:
    tells(ask(*words), 2, *parts)


@pytest.mark.parametrize(
    ("name", "lang", "words"),
    [
        ("noise.parquet", "en", "Its name says Parquet, but it does not begin as Parquet"),
        ("noise.pq", "zh", "文件名表示 Parquet"),
        ("noise.xlsx", "en", "Its name says Excel workbook"),
        ("noise.csv", "en", "begins with bytes that text does not have"),
        ("noise.csv", "zh", "也不是可读取的格式"),
    ],
)
def test_noise_is_called_by_what_its_name_says(ask: Ask, tmp_path: Path, name: str, lang: str, words: str) -> None:
    (tmp_path / name).write_bytes(random.Random(3).randbytes(5000))
    answer = ask("new", "other", "--from", str(tmp_path / name), "--lang", lang)
    tells(answer, 2, words, "下一步：" if lang == "zh" else "Next: unpack it, copy it again")
    assert not any(word in answer.output for word in ("contract expects", "契约声明"))
    assert ask("run", "other").code == 2


def test_an_option_without_its_value_is_told(plant: Plant) -> None:
    tells(run_in_subprocess(plant.root, "status", "--project"), 2, "Option --project", "needs a value", "Next: ")


def test_a_folder_without_a_project_is_told(tmp_path: Path) -> None:
    tells(run_in_subprocess(tmp_path, "run"), 2, "There is no project in", "expectations/project.yaml", "lakeward init plant")


def test_an_unknown_variable_is_told_with_a_close_one(plant: Plant) -> None:
    tells(
        run_in_subprocess(plant.root, "run", LAKEWARD_LAEK="x"),
        2,
        "Unknown environment variable LAKEWARD_LAEK",
        "LAKEWARD_LAKE",
        "Next: correct its name",
    )


def test_a_lake_that_can_not_be_written_is_told(plant: Plant, tmp_path: Path) -> None:
    plant.drop("a.csv", csv_line("M1", 0, 1))
    (tmp_path / "file").touch()

    answer = run_in_subprocess(plant.root, "run", LAKEWARD_LAKE=str(tmp_path / "file" / "lake"))

    tells(answer, 4, str(tmp_path / "file" / "lake"), "can't be read or written", "Next: check that the folder exists")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("limit", [0, 2_000, 20_000, 200_000])
def test_a_full_disk_loses_nothing(plant: Plant, limit: int) -> None:
    plant.drop("a.csv", *(f"M{number},2026-03-01T06:00:00Z,{SECRET if number % 9 else 20}" for number in range(20_000)))

    full = run_in_subprocess(
        plant.root, "run", "--json", limits=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    )
    again = run_in_subprocess(plant.root, "run", "--json")

    tells(full, 4, "Next: ")
    told = json.loads(again.out)[0]
    assert (again.code, told["rows_in"], told["bronze"], told["silver"], told["quarantine"]) == (1, 20_000, 20_000, 2_223, 17_777)


@pytest.mark.exhaustive
def test_a_disk_that_was_full_leaves_the_tables_of_one_that_was_not(plant: Plant, tmp_path: Path) -> None:
    calm = make_plant(tmp_path / "calm")
    for one in (plant, calm):
        one.drop("a.csv", *(csv_line("M1", minute, minute) for minute in range(60)))
    full = run_in_subprocess(plant.root, "run", limits=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, 3_000)))
    ends = [run_in_subprocess(one.root, "run").code for one in (plant, calm)]

    found = [json.loads(run_in_subprocess(one.root, "tables", "--json").out) for one in (plant, calm)]
    assert (full.code, ends) == (4, [0, 0])
    rows = [{row["table"]: row["rows"] for row in tables} for tables in found]
    assert rows[0] == rows[1]


def test_an_argument_that_is_not_text_is_refused_at_the_door(tmp_path, capsys):
    for words in (["explain", "silver.t", "machine=\udcff"], ["query", "SELECT '\ud800'", "--as", "\udcff"], ["\udcff"]):
        answer = run_command(capsys, tmp_path, *words)
        assert (answer.code, "UTF-8" in answer.err) == (2, True)
