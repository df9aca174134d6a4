"""Delimited text that is more than a header and records: the contract says what it is, and both engines read it so."""

import pytest

from lakeward.contracts.model import Kind
from support.staging import SHA, column, file_input, stage_files

pytestmark = pytest.mark.usefixtures("reader")


def stage(tmp_path, content, columns, **layout):
    path = tmp_path / "file.csv"
    path.write_bytes(content.encode())
    return stage_files(tmp_path, [file_input(path)], [column(name) for name in columns.split()], **layout)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("content", "layout"),
    [
        ("Station,K2\n\na,b\n1,x\n2,y\n", {"header_row": 3}),
        ("Station,K2\n\na,b\n1,x\n2,y\n", {"skip_rows": 2}),
        ("Station,K2\n\na,b\n1,x\n2,y\n", {"skip_rows": 1}),
        ("a,b\n,[C]\n1,x\n2,y\n", {"skip_after_header": 1}),
        ("1,x\n2,y\n", {"names": ("a", "b")}),
        ("junk\n1,x\n2,y\n", {"names": ("a", "b"), "skip_rows": 1}),
        ("c,c\n1,x\n2,y\n", {"names": ("a", "b"), "header_row": 1}),
        ("# made by\na,b\n1,x\n# half way\n2,y\n#end\n", {"comment": "#"}),
        ("# made by\n# a,b\n1,x\n2,y\n#end", {"comment": "#", "header_row": 2}),
        ("// by\na,b\n1,x\n2,y\n", {"comment": "//"}),
        ("a,b\n1,x\n2,y\nSum,3\n\nend of file\n", {"footer": 2}),
        ('a,b\n1,x\n2,y\n"Sum",3\nend of file', {"footer": "Sum"}),
        ("a,b\n1,x\n2,y\n", {"footer": "Sum"}),
        ("a,b\n1,x\n2,y\nSum: 3\nMean: 4\n", {"footer": "Sum"}),
        ("a,b\n1,x\n2,y\nSum,3\nSum,4\n", {"footer": "Sum"}),
        ("a,b\n1,x\n2,y\n,Sum,3\n", {"footer": "Sum"}),
        ("sep=,\na,b\n1,x\n2,y\n", {}),
        ("sep=,\n1,x\n2,y\n", {"names": ("a", "b")}),
        ("a  b\n1\tx \n 2   y\n", {"delimiter": "whitespace"}),
        ("a,b,\n1,x\n2,y\n", {}),
        ("a,b\n1,x,\n2,y,,\n", {}),
    ],
)
def test_every_layout_gives_its_records_and_nothing_else(tmp_path, content, layout, end):
    got = stage(tmp_path, content.replace("\n", end), "a b", **layout)
    assert got.rows("a, b") == [("1", "x"), ("2", "y")]
    assert (got.records, got.rejects()) == (2, [])


FOOTED = "a,b\n1,2\nSummer,3\n4,5\nSum 1,6\n7,8\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("content", "layout", "firsts", "omitted"),
    [
        (FOOTED + "Sum,16\nend\n", {"footer": "Sum"}, "1 Summer 4 Sum_1 7", [("footer", 2, 7)]),
        (FOOTED + "\nSummary,16\n", {"footer": "Sum"}, "1 Summer 4", [("footer", 3, 5)]),
        (FOOTED + "9,9\n" * 20, {"footer": "Sum"}, "1 Summer 4 Sum_1 7" + " 9" * 20, []),
        (FOOTED + "Sum,16\n", {"footer": 2}, "1 Summer 4 Sum_1", [("footer", 2, 6)]),
        ("a,b\n1,2\n", {"footer": 2}, "", [("footer", 1, 2)]),
        ("1,2\n", {"footer": 1, "names": ("a", "b")}, "", [("footer", 1, 1)]),
        ("# by\na,b\n#1,2\n3,4\n#5,6\n", {"comment": "#"}, "3", [("comment", 2, 3)]),
        ('a,b\n1,"x\n# y"\n# z\nSum,3\n', {"comment": "#", "footer": 1}, "1", [("comment", 1, 4), ("footer", 1, 5)]),
        ("# by\na,b\n3,4\n", {"comment": "#"}, "3", []),
    ],
)
def test_lines_that_a_contract_leaves_out_are_counted_and_no_other_is_left_out(tmp_path, content, layout, firsts, omitted, end):
    got = stage(tmp_path, content.replace("\n", end), "a b", **layout)
    assert [a.replace(" ", "_") for (a,) in got.rows("a")] == firsts.split()
    assert got.records == len(firsts.split())
    assert [(lines.key, lines.count, lines.first) for lines in got.reports[0].omitted] == omitted


def test_a_header_of_several_lines_is_joined(tmp_path):
    got = stage(tmp_path, "Temp,Temp,\nin,out,mode\n1,2,x\n", "Temp_in Temp_out mode", header_rows=2)
    assert got.rows("* EXCLUDE (_file, _file_seq, _row, _extra)") == [("1", "2", "x")]


def test_a_name_that_comes_twice_is_numbered_where_the_contract_says_so(tmp_path):
    content = "Temp,Temp,Temp_2\n1,2,3\n"
    assert stage(tmp_path, content, "Temp").rejects() == [(0, "reject_duplicate_header")]
    got = stage(tmp_path, content, "Temp Temp_2 Temp_3", number_duplicates=True)
    assert got.rows("Temp, Temp_2, Temp_3") == [("1", "3", "2")]


def test_short_records_are_padded_where_the_contract_says_so(tmp_path):
    content = "a,b,c\n1,2\n1,2,3\n"
    assert stage(tmp_path, content, "a b c").rejects() == [(2, "reject_too_few_fields")]
    assert stage(tmp_path, content, "a b c", null_padding=True).rows("a, b, c") == [("1", "2", None), ("1", "2", "3")]


def test_a_quote_inside_a_field_is_a_character(tmp_path):
    lines = ['2" pipe,1', '1/2",2', '4"x6",3', "5'10\",4", 'say "hi" now,5', 'Bolt"M8,6', '"quoted, 2"" pipe",7', '2",1/2"']
    got = stage(tmp_path, "a,b\n" + "\n".join(lines) + "\n", "a b")
    assert got.rejects() == []
    assert [row[0] for row in got.rows("a")] == [
        '2" pipe', '1/2"', '4"x6"', "5'10\"", 'say "hi" now', 'Bolt"M8', 'quoted, 2" pipe', '2"'
    ]  # fmt: skip


def test_a_quote_that_may_hold_a_delimiter_shifts_no_value(tmp_path):
    content = 'id,price,name\n1,$1.00,"Bolt, M8"\n4,$8.00"Gloves, blue"\n5,$8.00" Gloves, blue"\n6,a"b, c"d\n'
    got = stage(tmp_path, content, "id price name")
    assert got.rejects() == [(row, "reject_quote_across_fields") for row in (3, 4, 5)]
    assert got.rows("price, name") == [("$1.00", "Bolt, M8")]


def test_a_text_in_quotes_goes_over_lines_that_look_like_comments(tmp_path):
    got = stage(tmp_path, 'a,b\n1,"x\n# y"\n# z\n2,y\n', "a b", comment="#")
    assert got.rows("a, b") == [("1", "x\n# y"), ("2", "y")]


def test_blank_separated_quotes_that_do_not_close_are_rejects(tmp_path):
    got = stage(tmp_path, 'a b\n"x y" 1\n"z 2\n3 4 5\n6\n', "a b", delimiter="whitespace")
    assert got.rows("a, b") == [("x y", "1")]
    assert got.rejects() == [
        (3, "reject_stray_quote"), (4, "reject_too_many_fields"), (5, "reject_too_few_fields")
    ]  # fmt: skip


def test_a_file_without_the_line_of_its_header_is_a_reject(tmp_path):
    assert stage(tmp_path, "a,b\n1,2\n", "a b", header_row=7).rejects() == [(0, "reject_header")]
    assert stage(tmp_path, "\n\n", "a b", header_row=7).rejects() == []


TYPED = {"t": Kind.TIMESTAMP, "v": Kind.DOUBLE, "k": Kind.STRING, "n": Kind.INTEGER}


@pytest.mark.parametrize(
    ("content", "layout", "found"),
    [
        (
            "t;v;k;n\n2026-03-02 06:00:00;70,5;a;1\n2026-03-02 06:01:00;70,5;a;1\n",
            {"skip_after_header": 1},
            "skipAfterHeader: line 2",
        ),
        ("t;v;k;n\n;h;;\n2026-03-02 06:01:00;;a;Bad\n", {"skip_after_header": 2}, "skipAfterHeader: line 3"),
        ('t;v;k;n\n;"1.070,5";a;\n', {"skip_after_header": 1}, "skipAfterHeader: line 2"),
        ("2026-03-02;70,5;a;1\n2026-03-03;70,5;a;1\n", {"names": tuple("tvkn"), "skip_rows": 1}, "skipRows: line 1"),
        ("2026-03-02;70,5;a;1\n2026-03-03;70,5;a;1\n", {"names": tuple("tvkn"), "header_row": 1}, "headerRow: line 1"),
        ("t;v;k;n\n;°C;;1\n2026-03-02;70,5;a;1\n", {"skip_after_header": 1}, ""),
        ("t;v;k;n\nUTC+8;-;a2;\n2026-03-02;70,5;a;1\n", {"skip_after_header": 1}, ""),
        ("t;v;k;n\n1;2;3;4\n\n2026-03-02;70,5;a;1\n", {"skip_after_header": 2}, ""),
        ("Date;2026-03-01\nSerial;77;x;5\n2026-03-02;70,5;a;1\n", {"names": tuple("tvkn"), "skip_rows": 2}, ""),
    ],
)
def test_a_line_to_skip_that_is_a_record_makes_the_file_a_reject_that_names_it(tmp_path, content, layout, found):
    path = tmp_path / "file.csv"
    path.write_text(content)
    columns = [column(name, type_=type_) for name, type_ in TYPED.items()]
    dialect = {"delimiter": ";", "decimal": ",", "thousands": ".", "nulls": ("", "-")}
    got = stage_files(tmp_path, [file_input(path)], columns, **dialect, **layout)
    if not found:
        assert (got.rejects(), got.rows("v")) == ([], [("70,5",)])
        return
    assert got.rejects("_row, reason, detail") == [(0, "reject_skipped_record", f"{SHA}; {found}")]
    assert (got.records, got.count("staged_rows")) == (1, 0)
