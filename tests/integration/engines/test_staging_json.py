"""JSON lines, the good and the bad."""

import pytest

from lakeward.contracts.model import Column, DataType, Kind
from lakeward.contracts.record_format import FileFormat
from lakeward.engines.reading.text_lines import MAX_LINE_BYTES
from support.staging import SHA, column, file_input, stage_files, stage_text

JSONL = FileFormat.JSONL

pytestmark = pytest.mark.usefixtures("reader")


def test_values_are_text_and_null_is_null(tmp_path):
    content = b'{"a":1,"b":"x"}\n\n{"b":null,"a":true}\r\n{"a":{"z":[1,null]},"b":"2\\n3"}'
    got = stage_text(tmp_path, content, "a b", JSONL)
    assert got.rows("a, b, _row") == [("1", "x", 1), ("true", None, 3), ('{"z":[1,null]}', "2\n3", 4)]
    assert got.records == 3


def test_a_key_that_is_missing_is_null_though_it_is_required(tmp_path):
    got = stage_text(tmp_path, b'{"a":1}\n', "a b*", JSONL)
    assert got.rows("a, b") == [("1", None)]
    assert got.reports[0].missing == ()


def test_unknown_keys_are_kept_beside_the_row(tmp_path):
    got = stage_text(tmp_path, b'{"a":1,"c/d~e":{"x":[1]},"":"y","f":null}\n{"a":2,"f":null}\n{"g\\"\'":false}\n', "a", JSONL)
    assert got.rows("a, _extra") == [("1", '{"c/d~e":{"x":[1]},"":"y"}'), ("2", None), (None, '{"g\\"\'":false}')]
    assert got.reports[0].unknown == ("", "c/d~e", "f", "g\"'")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "reject_not_json"),
        (b"[1]", "reject_not_json"),
        (b"1", "reject_not_json"),
        (b"null", "reject_not_json"),
        (b"x\0", "reject_not_json"),
        (b'{"a":1}{"a":2}', "reject_not_json"),
        (b'{"a":1,"a":2}', "reject_duplicate_key"),
        (b'{"z":1,"z":1}', "reject_duplicate_key"),
    ],
)
def test_a_bad_line_is_one_reject_with_its_bytes(tmp_path, line, reason):
    got = stage_text(tmp_path, b'{"a":1}\n' + line + b'\n{"a":3}\n', "a", JSONL)
    assert got.rejects("_row, reason, detail, raw") == [(2, reason, None, line)]
    assert got.rows("a") == [("1",), ("3",)]
    assert got.records == 3


def test_every_digit_of_a_whole_number_is_kept(tmp_path):
    got = stage_text(tmp_path, b'{"a":123456789012345678901234567890}\n', "a", JSONL)
    assert got.rows("a") == [("123456789012345678901234567890",)]


def test_a_line_beyond_all_bounds_makes_the_file_one_reject(tmp_path):
    got = stage_text(tmp_path, b'{"a":"' + b"x" * MAX_LINE_BYTES + b'"}\n', "a", JSONL)
    assert got.rejects("_row, reason, detail") == [(0, "reject_unreadable", SHA)]


def test_an_empty_file_has_no_records(tmp_path):
    got = stage_text(tmp_path, b"\n", "a*", JSONL)
    assert (got.records, got.rows(), got.rejects()) == (0, [], [])


@pytest.mark.parametrize(
    "content",
    [
        b'[\n  {\n    "a": 1.50,\n    "b": "x, [y]"\n  },\n  {"a": 12345678901234567890, "b": "\\n"}\n]\n',
        b'\xef\xbb\xbf [{"a": 1.50, "b": "x, [y]"},{"a": 12345678901234567890, "b": "\\n"}]',
        b'{\r\n  "a": 1.50,\r\n  "b": "x, [y]"\r\n}\r\n{\r\n "a": 12345678901234567890,\n "b": "\\n"}\r\n',
    ],
)
def test_an_array_and_objects_over_several_lines_are_records(tmp_path, content):
    got = stage_text(tmp_path, content, "a b", FileFormat.JSONL)
    assert got.rows("a, b, _row") == [("1.5", "x, [y]", 1), ("12345678901234567890", "\n", 2)]
    assert (got.records, got.rejects()) == (2, [])


def test_an_array_that_is_cut_short_is_one_reject(tmp_path):
    got = stage_text(tmp_path, b'[{"a": 1},\n{"a": 2},\n{"a"', "a", FileFormat.JSONL)
    assert (got.rows(), got.rejects(), got.records) == ([], [(0, "reject_json_array")], 1)


def test_items_of_an_array_that_are_no_objects_are_rejects(tmp_path):
    got = stage_text(tmp_path, b'[{"a": 1}, 2, "x"]', "a", FileFormat.JSONL)
    assert (got.rows("a"), got.rejects()) == ([("1",)], [(2, "reject_not_json"), (3, "reject_not_json")])


def test_a_column_joins_others_and_another_tells_the_quality_of_one(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"d":"2026-03-01","t":" 06:00 ","v":1.5}\n{"d":"2026-03-01","old":"Bad"}\n{"t":"06:02","v":2,"z":0}\n')
    joined = Column("dt", DataType(Kind.STRING), "d t", joined_names=("d", "t"))
    reading = Column("v", DataType(Kind.DOUBLE), "v", alternative_names=("old",))
    quality = Column("q", DataType(Kind.INTEGER), "v", alternative_names=("old",), quality_of="v")
    got = stage_files(tmp_path, [file_input(path, JSONL)], [joined, column("d"), reading, quality], kind=JSONL)
    assert got.rows("dt, d, v, q, _extra") == [
        ("2026-03-01 06:00", "2026-03-01", "1.5", "1.5", None),
        (None, "2026-03-01", "Bad", "Bad", None),
        (None, None, "2", "2", '{"z":0}'),
    ]
    assert got.reports[0].unknown == ("old", "z")
