"""Delimited text that is more than a header and records: the contract says what it is, and both engines read it so."""

import pytest

from support.staging import column, file_input, stage_files

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
