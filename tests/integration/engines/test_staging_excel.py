"""Workbooks staged: every record once, exactly as the sheet holds it; a file that is none is one reject."""

import random
import zipfile
from datetime import date, datetime, time

import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.formula import ArrayFormula

from lakeward.contracts.record_format import FileFormat
from support.staging import SHA, column, file_input, stage_files
from support.workbooks import book_of, daily_report, empty_book, replace_part, save_workbook, sheet, with_cells

XLSX = FileFormat.XLSX


def read(folder, path, names, **dialect):
    """Stage one workbook; `names` are columns, `*` behind a required one."""
    columns = [column(name.rstrip("*"), required=name.endswith("*")) for name in names]
    return stage_files(folder, [file_input(path, XLSX)], columns, kind=XLSX, **dialect)


def test_cells_arrive_as_exact_text(tmp_path):
    rows = [
        ["n", "d", "t", "b", "s", "i"],
        [17.1, datetime.fromisoformat("2024-01-05 08:30"), time(6, 15), True, "007", 10**12],
        [1 / 3, date(1999, 12, 31), None, False, " x ", -5],
    ]
    got = read(tmp_path, book_of(tmp_path / "a.xlsx", rows), rows[0])
    assert got.rows("n, d, t, b, s, i, _file, _row, _extra") == [
        ("17.1", "2024-01-05 08:30:00", "06:15:00", "true", "007", "1000000000000", "a.xlsx", 2, None),
        ("0.3333333333333333", "1999-12-31", None, "false", " x ", "-5", "a.xlsx", 3, None),
    ]


def test_dates_are_counted_from_1904_where_the_workbook_says_so(tmp_path):
    book = empty_book()
    book.epoch = CALENDAR_MAC_1904
    sheet(book, "数据", [["d"], [datetime.fromisoformat("2024-01-05")]], ["yyyy-mm-dd"])
    path = save_workbook(book, tmp_path / "a.xlsx")
    assert "1904" in zipfile.ZipFile(path).read("xl/workbook.xml").decode()
    assert read(tmp_path, path, ["d"]).rows("d") == [("2024-01-05",)]


def test_a_row_is_counted_by_its_number_in_the_sheet_and_blank_rows_are_none(tmp_path):
    rows = [["a", "b"], [1, 2], [], [None, " "], [3, None], [None, None], []]
    got = read(tmp_path, book_of(tmp_path / "a.xlsx", rows), ["a", "b"])
    assert (got.rows("_row, a, b"), got.records) == ([(2, "1", "2"), (5, "3", None)], 2)


@pytest.mark.parametrize(
    ("footer", "firsts", "omitted"),
    [("Sum", "1 Summer 4", [("footer", 2, 5)]), (1, "1 Summer 4 Sum", [("footer", 1, 7)]), ("Nil", "1 Summer 4 Sum 7", [])],
)
def test_rows_that_a_contract_takes_for_a_footer_are_counted_and_no_other_is_left_out(tmp_path, footer, firsts, omitted):
    rows = [["a", "b"], [1, 2], ["Summer", 3], [4, 5], ["Sum", 6], [], [7, None], [" "]]
    got = read(tmp_path, book_of(tmp_path / "a.xlsx", rows), ["a", "b"], footer=footer)
    assert ([a for (a,) in got.rows("a")], got.records) == (firsts.split(), len(firsts.split()))
    assert [(lines.key, lines.count, lines.first) for lines in got.reports[0].omitted] == omitted


def test_titles_two_rows_of_header_and_merged_cells_are_what_a_person_sees(tmp_path):
    path = daily_report(tmp_path / "日报.xlsx")
    names = ["设备", "时间", "温度 (℃)_最小", "温度 (℃)_最大", "合格率(%)", "编号"]
    got = read(tmp_path, path, names, header_row=3, header_rows=2)
    assert (got.records, got.count("staged_rows"), got.reports[0].unknown) == (120, 120, ())
    assert got.con.execute('SELECT "设备", count(*) FROM staged_rows GROUP BY 1 ORDER BY 1').fetchall() == [
        ("M-01", 60),
        ("M-02", 60),
    ]
    assert got.rows('"时间", "温度 (℃)_最小", "合格率(%)", _row')[7] == ("2026-03-01 08:07:00", "#DIV/0!", "0.97", 12)


def test_a_header_cell_that_is_merged_over_two_columns_names_the_first(tmp_path):
    book = empty_book()
    page = sheet(book, "数据", [["a", "b", None], [1, 2, 3], [4, 5, None]])
    page.merge_cells("B1:C1")
    got = read(tmp_path, save_workbook(book, tmp_path / "a.xlsx"), ["a", "b"])
    assert got.rows("a, b, _extra") == [("1", "2", '{"_unnamed_3": "3"}'), ("4", "5", None)]


def test_columns_that_the_contract_does_not_know_are_kept_beside(tmp_path):
    got = read(tmp_path, book_of(tmp_path / "a.xlsx", [["a", "备注"], [1, "x"], [2, None, None, "far"]]), ["a"])
    assert got.rows("a, _extra") == [("1", '{"备注": "x"}'), ("2", '{"_unnamed_4": "far"}')]
    assert got.reports[0].unknown == ("备注", "_unnamed_4")


def test_a_workbook_without_a_required_column_is_all_rejects(tmp_path):
    got = read(tmp_path, book_of(tmp_path / "a.xlsx", [["a"], [1], [2]]), ["a", "b*"])
    assert (got.records, got.count("staged_rows"), got.reports[0].missing) == (2, 0, ("b",))
    assert got.rejects("_row, reason, detail, raw") == [
        (2, "reject_missing_column", "missing: b", b'{"a": "1"}'),
        (3, "reject_missing_column", "missing: b", b'{"a": "2"}'),
    ]


def test_formulas_are_their_stored_results_and_cells_with_a_style_alone_are_empty(tmp_path):
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="inlineStr"><is><r><t>b</t></r><r><t>2</t></r><rPh><t>x</t></rPh></is></c></row>'
    cells += '<row><c t="str"><f>"x"&amp;"y"</f><v>xy</v></c><c t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
    cells += '<row r="9"><c r="B9"><f>1+1</f><v>2</v></c><c r="A9" s="0"/></row>'
    got = read(tmp_path, with_cells(book_of(tmp_path / "a.xlsx", [["a"]]), cells), ["a", "b2"])
    assert got.rows("a, b2, _row") == [("xy", "#DIV/0!", 2), (None, "2", 9)]


def test_a_formula_that_was_never_computed_is_an_error_and_no_empty_value(tmp_path):
    book = empty_book()
    page = sheet(book, "数据", [["a", "b"], [1, "=A2+1"]])
    page["B3"] = ArrayFormula("B3", "=A2*2")
    got = read(tmp_path, save_workbook(book, tmp_path / "a.xlsx"), ["a", "b"])
    assert got.rows("a, b") == [("1", "#NOT_CALCULATED!"), (None, "#NOT_CALCULATED!")]


def two_sheets(path):
    book = empty_book()
    sheet(book, "一号线", [["a"], [1]])
    sheet(book, "二号线", [["a"], [2]])
    sheet(book, "参数", [["a"], [3]]).sheet_state = "hidden"
    sheet(book, "空")
    return save_workbook(book, path)


@pytest.mark.parametrize(("name", "value"), [("二号线", "2"), ("参数", "3")])
def test_a_sheet_is_read_by_its_name_hidden_or_not(tmp_path, name, value):
    assert read(tmp_path, two_sheets(tmp_path / "a.xlsx"), ["a"], sheet=name).rows("a") == [(value,)]


@pytest.mark.parametrize(
    ("dialect", "reason"),
    [
        ({}, "reject_workbook_several_sheets"),
        ({"sheet": "三号线"}, "reject_workbook_without_sheet"),
        ({"sheet": "空"}, "reject_workbook_without_header"),
        ({"sheet": "一号线", "header_row": 5}, "reject_workbook_without_header"),
        ({"sheet": "一号线", "sheet_limit_bytes": 100}, "reject_workbook_too_large"),
    ],
)
def test_what_the_contract_does_not_find_makes_the_workbook_one_reject(tmp_path, dialect, reason):
    got = read(tmp_path, two_sheets(tmp_path / "a.xlsx"), ["a"], **dialect)
    assert (got.rejects(), got.records, got.count("staged_rows")) == ([(0, reason)], 1, 0)


def test_an_empty_workbook_and_a_name_that_stands_twice_are_rejects(tmp_path):
    empty = book_of(tmp_path / "empty.xlsx", [])
    twice = book_of(tmp_path / "twice.xlsx", [["a", "a"], [1, 2]])
    assert read(tmp_path, empty, ["a"]).rejects() == [(0, "reject_workbook_empty")]
    assert read(tmp_path, twice, ["a"]).rejects() == [(0, "reject_duplicate_header")]


def test_one_bad_workbook_costs_no_other(tmp_path):
    good, zipped = book_of(tmp_path / "a.xlsx", [["a"], [1]]), tmp_path / "b.xlsx"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
    got = stage_files(tmp_path, [file_input(good, XLSX, 1), file_input(zipped, XLSX, 2)], [column("a")], kind=XLSX)
    assert (got.rows("a, _file_seq"), got.rejects("_file_seq, reason")) == ([("1", 1)], [(2, "reject_workbook_damaged")])


def test_a_workbook_of_one_column_and_one_without_records_are_read(tmp_path):
    assert read(tmp_path, book_of(tmp_path / "a.xlsx", [["a"], ["x"]]), ["a"]).rows("a") == [("x",)]
    nothing = read(tmp_path, book_of(tmp_path / "b.xlsx", [["b"]]), ["a*"])
    assert (nothing.records, nothing.rejects(), nothing.reports[0].missing) == (0, [], ())


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="2"><c r="A2"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>',
        '<row r="1"><c r="ZZZ1"><v>1</v></c></row>',
        '<row r="1048577"><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>99</v></c></row>',
    ],
)
def test_a_sheet_that_excel_can_not_have_is_refused_whole(tmp_path, cells):
    got = read(tmp_path, with_cells(book_of(tmp_path / "a.xlsx", [["a"]]), cells), ["a"])
    assert got.rejects() == [(0, "reject_workbook_damaged")]


def test_a_document_type_is_refused(tmp_path):
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'
    path = replace_part(
        book_of(tmp_path / "a.xlsx", [["a"]]), "xl/worksheets/sheet1.xml", lambda text: bomb + text.partition("?>")[2]
    )
    assert read(tmp_path, path, ["a"]).rejects() == [(0, "reject_workbook_damaged")]


def test_far_apart_cells_take_no_room(tmp_path):
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    got = read(tmp_path, with_cells(book_of(tmp_path / "a.xlsx", [["a"]]), cells), ["1"])
    assert got.rows('_row, "1", _extra') == [(1048576, None, '{"_unnamed_16384": "2"}')]


def test_any_damage_is_a_reject_or_nothing_never_a_failure(tmp_path):
    whole = daily_report(tmp_path / "a.xlsx").read_bytes()
    chance = random.Random(5)
    for n in range(60):
        broken = bytearray(whole[: chance.randrange(len(whole))] if n % 2 else whole)
        for _ in range(20):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        (tmp_path / "b.xlsx").write_bytes(broken)
        got = read(tmp_path, tmp_path / "b.xlsx", ["设备"], header_row=3, header_rows=2)
        assert got.records == got.count("staged_rows") + got.count("staged_rejects")


def test_the_header_on_each_printed_page_is_a_reject(tmp_path):
    rows = [["site", "state", "note"], ["A", "on", None], [], ["site", " state", "note"], ["B", "off", "y"]]
    got = read(tmp_path, book_of(tmp_path / "a.xlsx", rows), rows[0])
    assert got.rejects() == [(4, "reject_repeated_header")]
    assert (got.rows("site, _row"), got.records) == ([("A", 2), ("B", 5)], 3)


def test_the_header_of_another_table_below_makes_the_file_a_reject(tmp_path):
    rows = [["site", "state", "note"], ["A", "on", "x"], ["site", "note", "state"], ["B", "y", "off"]]
    got = read(tmp_path, book_of(tmp_path / "a.xlsx", rows), rows[0])
    assert got.rejects("_row, reason, detail") == [(0, "reject_other_header", f"{SHA}; line 3")]
