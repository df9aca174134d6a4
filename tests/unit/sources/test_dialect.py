"""Which dialect a text is in, and what of it is its table."""

import pytest

from lakeward.sources.sniff import guess_dialect


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_by_which_records_agree(delimiter):
    text = "\n".join(delimiter.join(record) for record in [("time", "speed", "note"), *[("2026-03-01", "1.5", "a b")] * 9])
    found = guess_dialect(text)
    assert (found.delimiter, found.decimal, found.has_header, found.agreeing, found.records) == (delimiter, ".", True, 10, 10)


def test_a_decimal_comma_is_no_delimiter():
    found = guess_dialect("Zeit;Druck;Temperatur\n" + "10:00;1,5;21,5\n" * 20)
    assert (found.delimiter, found.decimal) == (";", ",")


def test_commas_in_quoted_text_do_not_count():
    found = guess_dialect('id;text\n1;"a, b, c"\n2;"d"\n3;"e, f"\n')
    assert (found.delimiter, found.quote, found.escape) == (";", '"', '"')


def test_a_backslash_before_a_quote_is_an_escape():
    assert guess_dialect('id,text\n1,"5\\" pipe, long"\n2,"b"\n').escape == "\\"


def test_single_quotes_at_the_edges_of_fields_are_quotes():
    assert guess_dialect("id,text\n1,'a, b'\n2,'c'\n").quote == "'"


def test_one_column_is_a_table_too():
    found = guess_dialect("value\n1\n2\n3\n")
    assert (found.delimiter, found.has_header, found.records) == (",", True, 4)


@pytest.mark.parametrize("first", ["1,2,3", "time,21.5,7"])
def test_values_are_no_header_and_columns_get_names(first):
    found = guess_dialect(first + "\n4,5,6\n")
    assert (found.has_header, found.names, found.header_row) == (False, ("column_1", "column_2", "column_3"), 0)


def test_a_column_without_a_name_does_not_unmake_a_header():
    assert guess_dialect(",value\n0,5\n1,6\n").has_header


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Station,K2\nLogger,SN4\n\nDate,Temp\n2026-03-01,7\n2026-03-02,8\n", {"header_row": 4, "names": ("Date", "Temp")}),
        ("Station,K2\nLogger,SN4\nDate,Temp\n2026-03-01,7\n2026-03-02,8\n", {"header_row": 3, "names": ("Date", "Temp")}),
        ("Report of 2026-03-01\n\nts;v\n06:00;1,5\n06:01;1,6\n", {"header_row": 3, "delimiter": ";", "decimal": ","}),
        ("ts;T;F\n;[°C];[m3/h]\n06:00;1;2\n06:01;1;2\n", {"below": 1, "units": ((1, "Cel"), (2, "m3/h")), "header_row": 0}),
        ("t,T,F\ns,°C,kPa\n0,1,2\n1,1,2\n", {"below": 1, "units": ((0, "s"), (1, "Cel"), (2, "kPa")), "names": ("t", "T", "F")}),
        ("ts,T,T\n,in,out\n06:00,1,2\n06:01,1,2\n", {"header_rows": 2, "names": ("ts", "T_in", "T_out"), "below": 0}),
        ("ts,T,T\n06:00,1,2\n06:01,1,2\n", {"number_duplicates": True, "below": 0}),
        ("sep=|\na|b\n1|2\n", {"delimiter": "|", "header_row": 0}),
        ("# by a\n# ts;v\n06:00;1\n06:01;2\n", {"comment": "#", "header_row": 2, "names": ("ts", "v")}),
        ("#ts,v\n06:00,1\n06:01,2\n", {"comment": "#", "header_row": 1, "names": ("ts", "v")}),
        ("#,v\n1,1\n2,2\n", {"comment": "", "names": ("#", "v")}),
        ("% by a\nts,v\n06:00,1\n06:01,2\n", {"comment": "%", "header_row": 0}),
        ("a b c\n1 2.5 3\n1 2.5 3\n", {"delimiter": "whitespace", "names": ("a", "b", "c")}),
        (" 1   2.5 3\n 1   2.5 3\n", {"delimiter": "whitespace", "has_header": False}),
        ("ts,v\n06:00,1\n06:01,2\nTotal,3\n", {"footer": "Total"}),
        ("日期,电耗\n2026-03-01,1\n2026-03-02,2\n合计,3\n", {"footer": "合计"}),
        ("日期,电耗\n2026-03-01,1\n2026-03-02,2\n合 计,3\n", {"footer": "合 计"}),
        ("ts,v\n06:00,1\n06:01,2\n\n(2 rows affected)\n", {"footer": "(2 rows affected)"}),
        ("ts,v\n06:00,1\n06:01,2\nEND OF FILE\n", {"footer": "END OF FILE"}),
        ("ts,v\n06:00,1\n06:01,2\n06:02,\n", {"footer": ""}),
        ("tag,state\nA,on\nB,off\n", {"header_row": 0, "names": ("tag", "state"), "footer": ""}),
        ("a,b,c\n1,2,\n3,4,\n", {"null_padding": False, "width": 3}),
        ("a\tb\tComment\n1\t2\n3\t4\n", {"null_padding": True, "width": 2}),
        ('v\n"1,000"\n"2,500"\n', {"thousands": ",", "decimal": "."}),
        ('v,w\n"71,5",1\n"72,25",2\n', {"thousands": "", "decimal": ","}),
        ("v;w\n1.000,5;1\n2.500,5;2\n", {"thousands": ".", "decimal": ","}),
        ("v;w\n1 000,5;1\n2 500,5;2\n", {"thousands": " ", "decimal": ","}),
        ("v;w\n1.001;1\n2.5;2\n", {"thousands": "", "decimal": "."}),
        ("d;v\n02.02.2026;1,234\n03.02.2026;1,345\n04.02.2026;2.001,5\n", {"thousands": ".", "decimal": ","}),
        ("v;w\n1.2.3;1,5\n1.2.4;2.001\n", {"thousands": ".", "decimal": ","}),
    ],
)
def test_what_is_not_plain_is_found(text, expected):
    found = guess_dialect(text)
    assert {key: getattr(found, key) for key in expected} == expected


@pytest.mark.parametrize("first", ["M0,Bad", "M0,offline", "M0,n.a.", "M0,x99", "fan,off"])
def test_a_first_record_with_a_word_for_its_value_is_a_record(first):
    found = guess_dialect("machine,kwh\n" + first + "\n" + "".join(f"M{n},{n}.5\n" for n in range(1, 9)))
    assert (found.names, found.header_row, found.below, found.records) == (("machine", "kwh"), 0, 0, 10)


@pytest.mark.parametrize("sign", "^~:#=!$&*?§¦；，、\x01\x1f")
def test_another_sign_that_every_line_has_equally_often_is_a_delimiter(sign):
    text = "\n".join(
        sign.join(record) for record in [("day", "speed", "note"), *[("2026-03-01", "1.5", "a b"), ("2026-03-02", "2", "c")] * 4]
    )
    found = guess_dialect(text)
    assert (found.delimiter, found.names, found.undivided) == (sign, ("day", "speed", "note"), None)


@pytest.mark.parametrize(
    ("text", "delimiter", "names"),
    [
        ("M0 0.5 ok\nM1 1.5 ok\n", "whitespace", ("column_1", "column_2", "column_3")),
        ("machine v kind\nM0 0.5 ok\nM1 1.5 bad\n", "whitespace", ("machine", "v", "kind")),
        ("ts^v\n06:00^0,5\n06:01^1,5\n", "^", ("ts", "v")),
        ("M0^0.5^ok\nM1^1.5^ok\n", "^", ("column_1", "column_2", "column_3")),
        ('ts^note\n06:00^"a, b^"\n06:01^"c, d"\n06:02^"e, f"\n', "^", ("ts", "note")),
    ],
)
def test_blanks_and_other_signs_divide_records(text, delimiter, names):
    found = guess_dialect(text)
    assert (found.delimiter, found.names, found.undivided) == (delimiter, names, None)


@pytest.mark.parametrize(
    ("text", "undivided"),
    [
        ("data\nM0 0.5 ok\nM1 1.5 ok\nM2 2.5 ok\n", (2, " ")),
        ("data\nM0^0.5\nM1^1.5\nM2^2\n", (2, "^")),
        ("ts v\n2026-03-01 06:00:00 0.5\n2026-03-01 06:01:00 1.5\n", (2, " ")),
        ("ts:v\n2026-03-01 06:00:00:0.5\n2026-03-01 06:01:00:1.5\n", (2, ":")),
        ("pump:1.5\nvalve:2.5\nfan:3\n", (1, ":")),
        *((f"ts{run}v\n06:00{run}0.5\n06:01{run}1.5\n", (1, run)) for run in ("||", "^|^", "^^", "|~|")),
    ],
)
def test_records_that_no_character_divides_are_no_column_of_texts(text, undivided):
    assert guess_dialect(text).undivided == undivided


@pytest.mark.parametrize(
    "lines",
    [
        ("1", "2", "3"),
        ("name", "Zhang Wei", "Li Na", "Wang Li"),
        ("tag", "M-01", "M-02", "P_7"),
        ("tag", "PLANT1/FAN:01", "PLANT1/PUMP:02"),
        ("ts", "2026-03-01 06:00:00", "2026-03-01 06:01:00"),
        ("ts", "2026-03-01T06:00:00+08:00", "2026-03-01T06:01:00+08:00"),
        ("note", "Pump 3 stopped", "valve opened again", "fan ok"),
        ("url", "http://a.b/c", "http://b.c/d"),
        ("shift", "06:00-14:00", "14:00-22:00"),
        ("t", "21 °C", "22 °C"),
        ("p", "21%", "22%"),
    ],
)
def test_a_column_of_numbers_times_or_words_is_one(lines):
    found = guess_dialect("\n".join(lines) + "\n")
    assert (found.width, found.undivided) == (1, None)


@pytest.mark.parametrize(("decimal", "thousands"), [(",", "."), (".", ",")])
@pytest.mark.parametrize(("fractions", "grouped"), [(1, 1), (1, 9), (9, 1), (5, 5)])
@pytest.mark.parametrize("is_first", [True, False])
def test_the_one_reading_that_takes_all_numbers_is_the_file_s(decimal, thousands, fractions, grouped, is_first):
    parts = [[f"{n};1{decimal}5" for n in range(fractions)], [f"{n};{n + 1}{thousands}001" for n in range(grouped)]]
    lines = [line for part in (parts if is_first else reversed(parts)) for line in part]
    found = guess_dialect("\n".join(["n;v", *lines]) + "\n")
    assert (found.decimal, found.thousands) == (decimal, thousands)
