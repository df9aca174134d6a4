"""Delimited text, the good and the bad: what each fault costs, and that it costs no more."""

import pytest

from lakeward.engines.reading.text_lines import MAX_LINE_BYTES
from support.staging import SHA, column, file_input, stage_files, stage_into, stage_text

pytestmark = pytest.mark.usefixtures("reader")


def test_rows_keep_text_place_and_order(tmp_path):
    got = stage_text(tmp_path, b"a,b\n 1 ,x\n2,\n", "a b")
    assert got.rows() == [(" 1 ", "x", "file.csv", 1, 2, None), ("2", "", "file.csv", 1, 3, None)]
    assert got.records == 2


def test_a_row_number_is_the_line_number_and_blank_lines_count(tmp_path):
    got = stage_text(tmp_path, b"\n\na\n1\n\n2\n\n", "a")
    assert got.rows("a, _row") == [("1", 4), ("2", 6)]
    assert got.records == 2


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"a,b\n", b"a,b", b"\n\n"])
def test_an_empty_file_has_no_records_and_no_fault(tmp_path, content):
    got = stage_text(tmp_path, content, "a* b")
    assert (got.records, got.rows(), got.rejects(), got.reports[0].missing) == (0, [], [], ())


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_end_is_read(tmp_path, newline):
    content = newline.join([b"a,b", b"1,x", b"", b'2,"y', b'z"'])
    got = stage_text(tmp_path, content, "a b")
    assert got.rows("a, b, _row") == [("1", "x", 2), ("2", f"y{newline.decode()}z", 4)]


def test_mixed_line_ends_lose_nothing(tmp_path):
    got = stage_text(tmp_path, b'a,b\r\n1,x\n2,"y\nz\r\n"\r\n\r\n3,p\rq\n4,"r\rs"', "a b")
    assert got.rows("a, b, _row") == [("1", "x", 2), ("2", "y\nz\r\n", 3), ("3", "p\rq", 7), ("4", "r\rs", 8)]


def test_a_byte_order_mark_and_blanks_are_no_part_of_a_name(tmp_path):
    got = stage_text(tmp_path, b'\xef\xbb\xbf a ,"b"\n1,2\n', "a b")
    assert got.rows("a, b") == [("1", "2")]


def test_a_header_may_hold_quoted_line_breaks(tmp_path):
    path = tmp_path / "f.csv"
    path.write_bytes(b'a,"b\n(C)"\n1,2\n')
    got = stage_files(tmp_path, [file_input(path)], [column("b", source_name="b\n(C)")])
    assert got.rows("b, _row") == [("2", 3)]


def test_a_stray_quote_costs_its_own_line_and_no_other(tmp_path):
    got = stage_text(tmp_path, b'a,b\n1,x\n2,5"\n3,z\n4,"w\n5,v\n', "a b")
    assert got.rejects("_row, reason, raw") == [(5, "reject_stray_quote", b'4,"w')]
    assert got.rows("a, b") == [("1", "x"), ("2", '5"'), ("3", "z"), ("5", "v")]


def test_a_stray_quote_does_not_take_a_good_record_of_several_lines(tmp_path):
    got = stage_text(tmp_path, b'a,b\n1,"5\n2,"y\nz"\n3,"p\n\nq"\n', "a b")
    assert got.rejects() == [(2, "reject_stray_quote")]
    assert got.rows("a, b, _row") == [("2", "y\nz", 3), ("3", "p\n\nq", 5)]


def test_a_stray_quote_far_below_the_header_costs_no_more_than_near_it(tmp_path):
    good = b"".join(b"%d\n" % number for number in range(3000))
    got = stage_text(tmp_path, b"a\n" + good + b'"5\n', "a")
    assert got.rejects() == [(3002, "reject_stray_quote")]
    assert got.records == 3001


def test_two_stray_quotes_far_apart_swallow_nothing(tmp_path):
    good = b"".join(b"%d\n" % number for number in range(5000))
    got = stage_text(tmp_path, b'a\n"\n' + good + b'"\n', "a")
    assert (got.count("staged_rows"), got.count("staged_rejects"), got.records) == (5000, 2, 5002)


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b"1", "reject_too_few_fields", "expected 2 fields, found 1"),
        (b"1,2,3", "reject_too_many_fields", "expected 2 fields, found 3"),
        (b'1,"2" x', "reject_text_after_quote", None),
        (b'1,"2"x"3"', "reject_text_after_quote", None),
        (b"1,\xff2", "reject_encoding", None),
        (b"1,\xf4\x8f\xbf\xbf", "reject_encoding", None),
    ],
)
def test_a_bad_record_is_one_reject_with_its_bytes(tmp_path, line, reason, detail):
    got = stage_text(tmp_path, b"a,b\n1,x\n" + line + b"\n3,y\n", "a b")
    assert got.rejects("_file, _file_seq, _row, reason, detail, raw") == [("file.csv", 1, 3, reason, detail, line)]
    assert got.rows("a") == [("1",), ("3",)]
    assert got.records == 3


def test_a_half_written_last_line_is_a_reject(tmp_path):
    got = stage_text(tmp_path, b"a,b,c\n1,2,3\n4,5", "a b c")
    assert got.rejects() == [(3, "reject_too_few_fields")]


def test_an_unknown_column_is_kept_beside_the_row(tmp_path):
    got = stage_text(tmp_path, b'a,"o\'x ""y""",b,\n1,2,3,4\n', "a b")
    assert got.rows("a, b, _extra") == [("1", "3", '{"o\'x \\"y\\"":"2","_unnamed_4":"4"}')]
    assert got.reports[0].unknown == ('o\'x "y"', "_unnamed_4")


def test_a_missing_required_column_rejects_every_record(tmp_path):
    got = stage_text(tmp_path, b'a,b\n1,x\n2,"y\nz"\n', "a c* d*")
    assert got.rejects("_row, reason, detail, raw") == [
        (2, "reject_missing_column", "missing: c, d", b"1,x"),
        (3, "reject_missing_column", "missing: c, d", b'2,"y\nz"'),
    ]
    assert (got.records, got.rows(), got.reports[0].missing) == (2, [], ("c", "d"))


def test_a_missing_optional_column_is_null(tmp_path):
    got = stage_text(tmp_path, b"a\n1\n", "a c")
    assert got.rows("a, c") == [("1", None)]
    assert got.reports[0].missing == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a,b, a\n1,2,3\n", "reject_duplicate_header"),
        (b'a,"b\n1,2\n', "reject_header"),
        (b'a,"b" c\n1,2\n', "reject_header"),
        (b"a,\xff\n1,2\n", "reject_header"),
        (b"a,b\n1," + b"x" * (MAX_LINE_BYTES + 1) + b"\n", "reject_unreadable"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_one_reject(tmp_path, content, reason):
    got = stage_text(tmp_path, content, "a b")
    assert got.rejects("_row, reason, detail, raw") == [(0, reason, SHA, None)]
    assert (got.records, got.rows()) == (1, [])


def test_a_fault_found_before_is_one_reject(tmp_path):
    got = stage_files(tmp_path, [file_input(tmp_path / "gone.csv", fault="not_a_table")], [column("a")])
    assert got.rejects("_row, reason, detail, raw") == [(0, "not_a_table", SHA, None)]
    assert (got.records, got.rows()) == (1, [])


def test_a_nul_and_a_long_line_are_values(tmp_path):
    long = b"y" * 10_000_000
    got = stage_text(tmp_path, b"a,b\n1,x\0y\n2," + long + b'\n3,"\0"\n', "a b")
    assert got.rows("b") == [("x\0y",), (long.decode(),), ("\0",)]


def test_files_with_other_headers_share_a_batch(tmp_path):
    inputs = []
    for seq, content in enumerate([b"a,b\n1,x\n", b"b,a,c\ny,2,q\n", b"", b"a\n3\n", b"a,a\n"], 1):
        path = tmp_path / f"{seq}.csv"
        path.write_bytes(content)
        inputs.append(file_input(path, seq=seq))
    got = stage_files(tmp_path, inputs, [column("a"), column("b")])
    assert got.rows("a, b, _file_seq, _extra") == [("1", "x", 1, None), ("2", "y", 2, '{"c":"q"}'), ("3", None, 4, None)]
    assert got.rejects("_file_seq, reason") == [(5, "reject_duplicate_header")]
    assert [(report.seq, report.records) for report in got.reports] == [(1, 1), (2, 1), (3, 0), (4, 1), (5, 1)]


def test_a_backslash_may_escape(tmp_path):
    content = b'a,b\n1,"say \\"x\\", C:\\temp \\\\ y"\n2,p\\,q\n3,"r\\"\ns"\n'
    got = stage_text(tmp_path, content, "a b", escape="\\")
    assert got.rows("a, b") == [("1", 'say "x", C:\\temp \\ y'), ("2", "p,q"), ("3", 'r"\ns')]


def test_a_dialect_without_quotes_takes_them_as_they_are(tmp_path):
    got = stage_text(tmp_path, b'a;b\n5";"x"\n', "a b", delimiter=";", quote="", escape="")
    assert got.rows("a, b") == [('5"', '"x"')]


def test_names_of_files_and_columns_are_never_run_as_sql(tmp_path):
    path = tmp_path / "x'); DROP TABLE t; --[a]*?.csv"
    path.write_bytes(b'"a""; SELECT 1 --",b\'\n1,2\n')
    got = stage_files(tmp_path, [file_input(path)], [column('n"; --', source_name='a"; SELECT 1 --'), column("b'")])
    assert got.rows("columns(*)")[0][:3] == ("1", "2", path.name)


def test_the_next_batch_takes_the_place_of_the_one_before(tmp_path):
    first = stage_text(tmp_path, b'a\r\n1\n"x\r\ny"\nz"\n', "a")
    path = tmp_path / "next.csv"
    path.write_bytes(b"a\n7\n")
    stage_into(first.con, tmp_path, [file_input(path, seq=2)], [column("a")])
    assert first.rows("a, _file_seq") == [("7", 2)]
    assert first.rejects() == []
    assert [path.name for path in tmp_path.glob("staging*/*") if path.suffix == ".utf8"] == []
