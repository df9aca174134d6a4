"""A file against its name."""

import codecs

import pytest

from lakeward.contracts.record_format import FileFormat
from lakeward.core.messages import Lang, text
from lakeward.sources.sniff import format_fault, guess_format

FOOTER = b"x" * 8 + (8).to_bytes(4, "little") + b"PAR1"
NOT_TEXT = [
    (b"PAR1" + FOOTER, "file_is_parquet"),
    (b"\x1f\x8b\x08\0rest", "file_is_gzip"),
    (b"\x28\xb5\x2f\xfdrest", "file_is_zstd"),
    (b"PK\x03\x04...data/a.csv", "file_is_zip"),
    (b"PK\x03\x04...xl/workbook.xml", "file_is_office"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "file_is_office"),
    (b"%PDF-1.7\n", "file_is_pdf"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "file_not_text"),
]
TEXT = [
    b"",
    b"a,b\n1,2\x00\n" + b"3,4\n" * 9,
    b"a,b\n1,2\n" * 20 + b"\0" * 40,
    b"a,b\n1,2\n",
    "温度;压力\n".encode("gb18030"),
    codecs.BOM_UTF8 + b"a\n",
    "a;b\n1;2\n".encode("utf-16"),
    "a;b\n1;2\n".encode("utf-16-be"),
]


@pytest.mark.parametrize(("content", "code"), NOT_TEXT)
def test_a_binary_file_is_no_text_and_the_message_says_what_it_is(tmp_path, content, code):
    (tmp_path / "a.csv").write_bytes(content)
    assert format_fault(tmp_path / "a.csv", FileFormat.CSV) == code
    assert text(code, Lang.EN).startswith("The contract expects text, but the file")
    assert text(f"{code}.next", Lang.ZH).startswith("下一步")


@pytest.mark.parametrize("content", TEXT)
def test_text_in_any_encoding_is_text(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    assert format_fault(tmp_path / "a.csv", FileFormat.CSV) is None


def test_zeros_at_the_end_of_a_text_cost_their_line_only(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a,b\n" + b"1,2\n" * 2000 + b"\0" * 512)
    assert format_fault(tmp_path / "a.csv", FileFormat.CSV) is None


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PAR1" + FOOTER, None),
        (b"a,b\n1,2\n", "file_not_parquet"),
        (b"", "file_not_parquet"),
        (b"PAR1" + b"x" * 50, "file_truncated_parquet"),
        (b"PAR1" + FOOTER[4:], "file_truncated_parquet"),
    ],
)
def test_parquet_is_told_by_both_ends(tmp_path, content, code):
    (tmp_path / "a.parquet").write_bytes(content)
    assert format_fault(tmp_path / "a.parquet", FileFormat.PARQUET) == code


COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 22 + b"\x09\0" + b"\0" * 480


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04...", None),
        (b"a,b\n1,2\n", "file_not_workbook"),
        (b"", "file_not_workbook"),
        (COMPOUND + "Workbook".encode("utf-16-le"), None),
        (COMPOUND + "EncryptedPackage".encode("utf-16-le"), "file_workbook_locked"),
    ],
)
def test_a_workbook_is_told_from_older_and_locked_ones(tmp_path, content, code):
    (tmp_path / "a.xlsx").write_bytes(content)
    assert format_fault(tmp_path / "a.xlsx", FileFormat.XLSX) == code


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        (b"PAR1" + FOOTER, FileFormat.PARQUET),
        (b'\n{"a": 1}\n{"a": 2}\n', FileFormat.JSONL),
        (b"PK\x03\x04...xl/workbook.xml", FileFormat.XLSX),
        (COMPOUND, FileFormat.XLSX),
        (b"PK\x03\x04...a.csv", FileFormat.CSV),
        (codecs.BOM_UTF8 + b'{"a": 1}', FileFormat.JSONL),
        (b'{"a": "' + b"x" * 5000 + b'"}\n', FileFormat.JSONL),
        (b"a,b\n1,2\n", FileFormat.CSV),
        (b"{a},b\n1,2\n", FileFormat.CSV),
    ],
)
def test_the_format_is_told_by_the_beginning(tmp_path, content, format_):
    (tmp_path / "a").write_bytes(content)
    assert guess_format(tmp_path / "a") == format_


@pytest.mark.parametrize("sign", [b"\x01", b"\x1f"])
def test_a_control_character_between_fields_is_text(tmp_path, sign):
    (tmp_path / "a.txt").write_bytes(sign.join((b"a", b"b", b"c")) + b"\n" + sign.join((b"1", b"2", b'"3%s4"' % sign)) + b"\n")
    assert format_fault(tmp_path / "a.txt", FileFormat.CSV) is None
