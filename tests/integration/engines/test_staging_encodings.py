"""Text that is not UTF-8: every declared encoding is read, and a byte that is not text costs one record."""

import codecs

import pytest

from lakeward.contracts.record_format import FileFormat
from lakeward.core.errors import MachineError
from support.staging import SHA, column, file_input, stage_files, stage_text

TEXT = '编号,备注\n1,液压油泄漏，更换O型圈\n2,"多行\n第二行"\n3,ok\n'

pytestmark = pytest.mark.usefixtures("reader")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb2312", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_a_declared_encoding_is_read(tmp_path, encoding):
    got = stage_text(tmp_path, TEXT.encode(encoding), "编号 备注", encoding=encoding)
    assert got.rows("编号, 备注") == [("1", "液压油泄漏，更换O型圈"), ("2", "多行\n第二行"), ("3", "ok")]
    assert got.rejects() == []


@pytest.mark.parametrize(
    ("encoding", "word"), [("latin-1", "Kühlöl"), ("cp1252", "€ Öl"), ("big5", "溫度"), ("shift_jis", "温度")]
)
def test_other_codecs_of_python_are_read_too(tmp_path, encoding, word):
    got = stage_text(tmp_path, f"a,b\n1,{word}\n".encode(encoding), "a b", encoding=encoding)
    assert got.rows("b") == [(word,)]


@pytest.mark.parametrize(("mark", "codec"), [(codecs.BOM_UTF16_BE, "utf-16-be"), (b"", "utf-16-be"), (b"", "utf-16-le")])
def test_utf_16_is_read_with_and_without_a_byte_order_mark(tmp_path, mark, codec):
    got = stage_text(tmp_path, mark + "a,b\r\n1,温度\r\n".encode(codec), "a b", encoding="utf-16")
    assert got.rows("a, b") == [("1", "温度")]


def test_two_encodings_in_one_file_cost_the_records_of_the_second(tmp_path):
    content = "a,b\n1,温度\n".encode() + "2,温度\n".encode("gbk") + "3,压力\n".encode()
    got = stage_text(tmp_path, content, "a b")
    assert got.rows("a, b, _row") == [("1", "温度", 2), ("3", "压力", 4)]
    assert got.rejects("_row, reason, raw") == [(3, "reject_encoding", "2,温度".encode("gbk"))]


def test_a_bad_byte_in_gb18030_costs_its_own_record(tmp_path):
    content = "a,b\n1,温度\n".encode("gb18030") + b"2,\xff\n" + "3,压力\n".encode("gb18030")
    got = stage_text(tmp_path, content, "a b", encoding="gbk")
    assert got.rows("a, b") == [("1", "温度"), ("3", "压力")]
    assert got.rejects("_row, reason, raw") == [(3, "reject_encoding", b"2,\xff")]


def test_a_half_character_at_the_end_is_a_bad_byte(tmp_path):
    got = stage_text(tmp_path, "a\n温\n度".encode()[:-1], "a")
    assert got.rows("a") == [("温",)]
    assert got.rejects("reason, raw") == [("reject_encoding", "度".encode()[:-1])]


def test_bad_bytes_and_mixed_line_ends_go_together(tmp_path):
    got = stage_text(tmp_path, b'a,b\r\n1,\xfe\xff\r\n2,"x\ny"\r\n', "a b")
    assert got.rows("a, b") == [("2", "x\ny")]
    assert got.rejects("_row, raw") == [(2, b"1,\xfe\xff")]


def test_bad_bytes_in_json_lines_cost_one_line(tmp_path):
    got = stage_text(tmp_path, b'{"a":1}\n{"a":"\xff"}\n{"a":3}', "a", FileFormat.JSONL)
    assert got.rows("a") == [("1",), ("3",)]
    assert got.rejects("_row, reason, raw") == [(2, "reject_encoding", b'{"a":"\xff"}')]


def test_a_landed_file_that_is_gone_is_an_error_of_the_machine(tmp_path):
    with pytest.raises(MachineError, match=r"gone\.csv"):
        stage_files(tmp_path, [file_input(tmp_path / "gone.csv")], [column("a")])


def test_a_byte_order_mark_at_the_head_of_a_line_is_no_part_of_its_value(tmp_path):
    mark = b"\xef\xbb\xbf"
    got = stage_text(tmp_path, mark + mark + b"a,b\n1,x\n" + mark + b"2,y" + mark + b"\r\n" + mark + b"3,z\n", "a b")
    assert got.rows("a, b") == [("1", "x"), ("2", "y\ufeff"), ("3", "z")]


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "gb2312", "big5", "shift_jis", "latin-1", "cp1252", "utf-16", "utf-32"])
@pytest.mark.parametrize("filler", [0, 70_000])
def test_a_utf_8_file_under_another_encoding_is_rejected_whole(tmp_path, encoding, filler):
    """With `filler` lines of ASCII the one character that tells lies behind the first chunk."""
    content = "a,b\n" + "1,abcdefghijklm\n" * filler + "2,温度\n"
    got = stage_text(tmp_path, content.encode(), "a b", encoding=encoding)
    assert got.rows() == []
    assert got.rejects("_row, reason, detail") == [(0, "reject_other_encoding", f"{SHA}; expected {encoding}, found UTF-8")]
    assert [(report.records, report.fault) for report in got.reports] == [(1, "reject_other_encoding")]


def test_utf_8_is_known_in_json_lines_and_by_its_byte_order_mark(tmp_path):
    lines = stage_text(tmp_path, '{"a":"Kühlöl"}\n'.encode(), "a", FileFormat.JSONL, encoding="cp1252")
    assert lines.rejects("reason") == [("reject_other_encoding",)]
    marked = stage_text(tmp_path, codecs.BOM_UTF8 + b"a,b\n1,x\n", "a b", encoding="gb18030")
    assert marked.rejects("reason") == [("reject_other_encoding",)]
    both = stage_text(tmp_path, codecs.BOM_UTF8 + b"a,b\n1," + "温度".encode("gbk"), "a b", encoding="gb18030")
    assert both.rejects("reason") == [("reject_other_encoding",)]


@pytest.mark.parametrize("text", ["t (°C)", "Größe", "25 m³/h", "10 µm", "насос", "±0.5", "VÝKON"])
@pytest.mark.parametrize("encoding", ["gb18030", "big5"])
def test_utf_8_of_two_bytes_is_known_by_what_stands_beside_it(tmp_path, encoding, text):
    got = stage_text(tmp_path, f"a\n{text}\n".encode(), "a", encoding=encoding)
    assert got.rejects("reason") == [("reject_other_encoding",)]


@pytest.mark.parametrize("text", ["1炉", "鲁A12345", "煤炉", "2路", "3楼", "卤水", "茅", "陆"])
def test_pairs_that_are_utf_8_too_are_read_in_the_declared_encoding(tmp_path, text):
    got = stage_text(tmp_path, f"a\n{text}\n".encode("gb18030"), "a", encoding="gb18030")
    assert got.rows("a") == [(text,)]


def test_a_character_of_utf_8_across_two_chunks_is_seen(tmp_path):
    content = b"a\n" + b"x" * ((1 << 20) - 3) + "温\n".encode()
    got = stage_text(tmp_path, content, "a", encoding="gb18030")
    assert got.rejects("reason") == [("reject_other_encoding",)]


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gb18030", "a\n模\n".encode("gbk")),  # C4 A3, which is UTF-8 of two bytes
        ("gb18030", b"a\nx\n"),
        ("latin-1", "a\n20 °C\n".encode("latin-1")),
        ("latin-1", "a\nÃ¼ und ü\n".encode("latin-1")),
        ("gb18030", "a\n温度".encode() + b"\n" + "温度\n".encode("gbk")),
        ("utf-16", "a\n温\n".encode("utf-16-le")),
        ("ascii", b"a\nx\n"),
    ],
)
def test_text_in_its_own_encoding_is_never_taken_for_utf_8(tmp_path, encoding, content):
    got = stage_text(tmp_path, content, "a", encoding=encoding)
    assert got.count("staged_rows") >= 1
    assert "reject_other_encoding" not in str(got.rejects())


def likely_encodings(folder, content, kind=FileFormat.CSV, encoding="utf-8"):
    return [report.likely_encoding for report in stage_text(folder, content, "a", kind, encoding=encoding).reports]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("text", ["1炉", "鲁A12345", "煤炉", "3楼", "卤水"])
def test_chinese_pairs_that_are_utf_8_by_chance_are_named_under_utf_8(tmp_path, text):
    assert likely_encodings(tmp_path, f"a\n{text}\n".encode("gb18030")) == ["gb18030"]
    assert likely_encodings(tmp_path, f'{{"a":"{text}"}}\n'.encode("gb18030"), FileFormat.JSONL) == ["gb18030"]
    late = b"a\n" + b"abcdefg\n" * 200_000 + f"{text}\n".encode("gb18030")
    assert likely_encodings(tmp_path, late) == ["gb18030"]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("a\n20 °C\nGröße\n10 µm\n".encode(), "utf-8"),
        ("a\n温度\n".encode(), "utf-8"),
        ("a\n насос\n".encode(), "utf-8"),
        (codecs.BOM_UTF8 + "a\n1炉\n".encode("gb18030"), "utf-8"),
        ("a\n1炉\n".encode("gb18030"), "gb18030"),
        ("a\n1炉\n停机\n".encode("gb18030"), "utf-8"),  # rejects say it
        (b"a\nx\n", "utf-8"),
    ],
)
def test_text_of_its_encoding_is_not_doubted(tmp_path, content, encoding):
    assert likely_encodings(tmp_path, content, encoding=encoding) == [""]
