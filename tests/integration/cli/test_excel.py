"""A plant's workbook from the command line: drafted, run, and in silver as a person reads the sheet."""

import json
import subprocess
import sys

import pytest

from lakeward.engines.factory import open_engine
from lakeward.flows import create_project
from support.command_line import run_command
from support.workbooks import book_of, daily_report, empty_book, save_workbook, sheet, with_cells


@pytest.fixture
def root(tmp_path):
    return create_project(tmp_path / "plant")


def draft_and_read(root, name):
    return (root / "expectations" / "datasets" / name / "contract.odcs.yaml").read_text(encoding="utf-8")


def run_dataset_of(capsys, root, name):
    answer = run_command(capsys, root, "run", name, "--json")
    return json.loads(answer.out)[0]


def silver(root, query):
    engine = open_engine("embedded", str(root / "lake"))
    try:
        return engine.fetch(query)
    finally:
        engine.close()


def test_a_daily_report_becomes_a_dataset(capsys, root, tmp_path):
    made = run_command(capsys, root, "new", "daily", "--from", str(daily_report(tmp_path / "日报.xlsx")))
    assert (made.code, made.err) == (0, "")
    text = draft_and_read(root, "daily")
    assert "format: xlsx\n      # sheet: the only one" in text
    assert "headerRow: 3 " in text
    assert "headerRows: 2 " in text
    assert 'value: "1"}      # UCUM, a fraction' in text
    assert run_command(capsys, root, "contract", "lint").code == 0

    done = run_dataset_of(capsys, root, "daily")

    assert (done["rows_in"], done["bronze"], done["rejects"], done["silver"], done["quarantine"]) == (120, 120, 0, 119, 1)
    found = silver(root, 'SELECT "设备", "时间", "温度_c_最小", "合格率_pct", "编号", _row FROM silver.daily ORDER BY _row')
    assert (found[0]["设备"], found[0]["温度_c_最小"], found[0]["合格率_pct"], found[0]["编号"]) == ("M-01", 17.1, 0.9, "00000")
    assert found[0]["时间"].isoformat() == "2026-03-01T00:00:00+00:00"
    assert [row["_row"] for row in found] == [row for row in range(5, 125) if row != 12]
    assert silver(root, 'SELECT "温度_c_最小" AS v, _row FROM quarantine.daily') == [{"v": "#DIV/0!", "_row": 12}]


def test_the_next_file_may_call_its_sheet_otherwise_and_a_broken_one_is_set_aside_whole(capsys, root, tmp_path):
    rows = [["id", "v"], *([n, n / 2] for n in range(40))]
    run_command(capsys, root, "new", "lab", "--from", str(book_of(tmp_path / "a.xlsx", rows)))
    book = empty_book()
    sheet(book, "2026-04", [["id", "v"], [100, 1.5]])
    save_workbook(book, root / "inbox" / "lab" / "b.xlsx")
    (root / "inbox" / "lab" / "c.xlsx").write_bytes(b"id,v\n1,2\n")
    (root / "inbox" / "lab" / "~$b.xlsx").write_bytes(b"open")

    done = run_dataset_of(capsys, root, "lab")

    assert (done["rows_in"], done["bronze"], done["rejects"], done["silver"]) == (42, 41, 1, 41)
    assert silver(root, "SELECT reason FROM rejects.lab") == [{"reason": "file_not_workbook"}]


def test_several_sheets_are_listed_and_each_can_be_a_dataset(capsys, root, tmp_path):
    book = empty_book()
    sheet(book, "一号线", [["id", "v"], *([n, n / 2] for n in range(30))])
    sheet(book, "二号线", [["no", "w"], *([n, n / 4] for n in range(20))])
    path = str(save_workbook(book, tmp_path / "lines.xlsx"))
    refused = run_command(capsys, root, "new", "line", "--from", path)
    assert refused.code == 2
    assert "has 2 sheets with data: 一号线, 二号线" in refused.err
    assert "--sheet SHEET" in refused.err
    assert (
        "没有工作表“三号线”" in run_command(capsys, root, "new", "line", "--from", path, "--sheet", "三号线", "--lang", "zh").err
    )

    for name, page, records in (("line1", "一号线", 30), ("line2", "二号线", 20)):
        assert run_command(capsys, root, "new", name, "--from", path, "--sheet", page).code == 0
        assert f'sheet: "{page}"' in draft_and_read(root, name)
        assert run_dataset_of(capsys, root, name)["silver"] == records


COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 22 + b"\x09\0" + b"\0" * 480


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (COMPOUND + "EncryptedPackage".encode("utf-16-le"), "encrypted with a password"),
        (COMPOUND + "Workbook".encode("utf-16-le"), "can't be read (The workbook can't be read"),
        (b"PK\x03\x04 xl/ and then nothing", "can't be read (The workbook can't be read"),
    ],
)
def test_what_is_no_workbook_to_read_says_what_to_do(capsys, root, tmp_path, content, message):
    (tmp_path / "a.xlsx").write_bytes(content)
    answer = run_command(capsys, root, "new", "a", "--from", str(tmp_path / "a.xlsx"))
    assert answer.code == 2
    assert message in answer.err.replace("\n", " ")
    assert "Next: open it in Excel" in answer.err


@pytest.mark.parametrize(
    ("rows", "message"),
    [([], "is empty"), ([[1, 2], [3, 4]], "has no header row"), ([["a", "b"]], "no readable record")],
)
def test_a_sheet_without_a_table_says_so(capsys, root, tmp_path, rows, message):
    answer = run_command(capsys, root, "new", "a", "--from", str(book_of(tmp_path / "a.xlsx", rows)))
    assert (answer.code, message in answer.err) == (2, True)


def test_a_sheet_is_no_option_for_text(capsys, root, tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    assert (
        "--sheet is for Excel workbooks"
        in run_command(capsys, root, "new", "a", "--from", str(tmp_path / "a.csv"), "--sheet", "x").err
    )


def test_an_error_of_excel_in_a_text_is_set_aside(capsys, root, tmp_path):
    rows = [["id", "note"], *([n, "#REF!" if n == 3 else f"remark {n} of the shift"] for n in range(40))]
    run_command(capsys, root, "new", "notes", "--from", str(book_of(tmp_path / "a.xlsx", rows)))
    done = run_dataset_of(capsys, root, "notes")
    assert (done["silver"], done["quarantine"]) == (39, 1)


PEAK = """
import resource, sys
from pathlib import Path
from lakeward.core.workbook import Workbook
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with Workbook(Path(sys.argv[1]), 1 << 30) as book, book.rows(book.sheets[0]) as rows:
    print(sum(1 for _ in rows), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.exhaustive
@pytest.mark.slow
def test_a_large_sheet_is_read_in_bounded_memory(capsys, root, tmp_path):
    letters = "ABC"
    # A row of 300 bytes, as ten columns have, of which most is read over: what is read costs time, and bytes cost memory.
    blank = " " * 220
    header = "".join(f'<c r="{letter}1" t="inlineStr"><is><t>{letter}</t></is></c>' for letter in letters)
    rows = (
        f'<row r="{n}">' + "".join(f'<c r="{c}{n}"><v>{n}.5</v></c>' for c in letters) + f"{blank}</row>"
        for n in range(2, 100_002)
    )
    path = with_cells(book_of(tmp_path / "a.xlsx", [["a"]]), f'<row r="1">{header}</row>' + "".join(rows))
    said = subprocess.run([sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True).stdout
    count, grown = map(int, said.split())
    assert count == 100_001
    assert grown < 32 << 10  # KiB: a row at a time, while the sheet is 30 MB unpacked
    run_command(capsys, root, "new", "large", "--from", str(path))
    assert run_dataset_of(capsys, root, "large")["silver"] == 100_000
