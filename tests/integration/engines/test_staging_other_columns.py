"""Files whose columns are too few of the contract's, and columns of several names: every format, either engine."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeward.contracts.column_match import OTHER_COLUMNS
from lakeward.contracts.model import Column, DataType, Kind
from lakeward.contracts.record_format import FileFormat
from support.staging import file_input, stage_files
from support.workbooks import book_of

COLUMNS = [
    Column("ts", DataType(Kind.STRING), "ts"),
    Column("temp", DataType(Kind.STRING), "temp", alternative_names=("temperature", "T")),
    Column("p", DataType(Kind.STRING), "p"),
]
RECORDS = [("06:00", "71.5", "1.2"), ("06:10", "71.6", "1.3")]


@pytest.fixture(scope="module", params=[kind for kind in FileFormat if kind is not FileFormat.MESSAGES])
def kind(request):
    return request.param


def write(folder, kind, names, records, name="a"):
    path = folder / f"{name}.{kind}"
    if kind is FileFormat.CSV:
        path.write_text("".join(",".join(line) + "\n" for line in [names, *records]))
    elif kind is FileFormat.JSONL:
        path.write_text("".join(json.dumps(dict(zip(names, record, strict=True))) + "\n" for record in records))
    elif kind is FileFormat.PARQUET:
        pq.write_table(pa.table({n: pa.array([r[at] for r in records], pa.string()) for at, n in enumerate(names)}), path)
    else:
        book_of(path, [names, *records])
    return path


def staged(folder, kind, *paths):
    inputs = [file_input(path, kind, seq) for seq, path in enumerate(paths, 1)]
    return stage_files(folder, inputs, COLUMNS, kind=kind, columns_found=0.5)


def engines(kind, reader):
    if kind is FileFormat.XLSX and reader == "spark":
        pytest.skip("no engine but the driver's reads workbooks")


def test_a_file_of_other_columns_is_rejected_with_every_record(tmp_path, kind, reader):
    engines(kind, reader)
    good, other = write(tmp_path, kind, ["ts", "temp", "p"], RECORDS), write(tmp_path, kind, ["a", "b", "ts"], RECORDS, "other")

    got = staged(tmp_path, kind, good, other)

    assert [row[0] for row in got.rows("ts")] == ["06:00", "06:10"]
    assert {(seq, reason) for seq, reason in got.rejects("_file_seq, reason")} == {(2, OTHER_COLUMNS)}
    assert got.records == got.count("staged_rows") + got.count("staged_rejects") == 4
    assert [(report.fault, set(report.names)) for report in got.reports] == [(None, set()), (OTHER_COLUMNS, {"a", "b", "ts"})]
    assert all(b"71." in bytes(raw) for (raw,) in got.rejects("raw"))


def test_a_column_is_read_under_any_of_its_names(tmp_path, kind, reader):
    engines(kind, reader)
    named = [["ts", "temp", "p"], ["ts", "temperature", "p"], ["p", "T", "ts"]]
    paths = [write(tmp_path, kind, names, RECORDS, str(at)) for at, names in enumerate(named)]

    got = staged(tmp_path, kind, *paths)

    assert [row[0] for row in got.rows("temp")] == ["71.5", "71.6"] * 3
    assert {row[0] for row in got.rows("_extra")} == {None}
    assert {(report.unknown, report.absent, report.fault) for report in got.reports} == {((), (), None)}


def test_of_two_names_in_one_file_the_first_holds_and_the_other_is_kept_beside(tmp_path, kind, reader):
    engines(kind, reader)
    path = write(tmp_path, kind, ["ts", "T", "temperature", "p"], [("06:00", "9", "71.5", "1.2")])

    got = staged(tmp_path, kind, path)

    assert got.rows("temp, _extra") == [("71.5", '{"T":"9"}')] or got.rows("temp, _extra") == [("71.5", '{"T": "9"}')]
    assert got.reports[0].unknown == ("T",)


def test_a_file_lacking_less_than_the_share_is_read(tmp_path, kind, reader):
    engines(kind, reader)
    got = staged(tmp_path, kind, write(tmp_path, kind, ["ts", "temp", "hall"], RECORDS))
    assert (got.count("staged_rows"), got.reports[0].absent, got.reports[0].unknown) == (2, ("p",), ("hall",))


def test_the_first_record_of_a_file_without_a_header_is_a_reject_too(tmp_path, reader):
    path = tmp_path / "a.csv"
    path.write_text("2026-03-01,71.5,1.2\n2026-03-02,71.6,1.3\n")

    got = staged(tmp_path, FileFormat.CSV, path)

    assert got.rejects("_row, raw") == [(1, b"2026-03-01,71.5,1.2"), (2, b"2026-03-02,71.6,1.3")]
    assert got.records == 2


def test_a_header_of_other_names_alone_is_one_reject(tmp_path, kind, reader):
    engines(kind, reader)
    if kind is FileFormat.JSONL:
        pytest.skip("a file of JSON lines has no header")

    got = staged(tmp_path, kind, write(tmp_path, kind, ["a", "b", "c"], []))

    assert (got.rejects("_row, reason"), got.records, got.reports[0].fault) == ([(0, OTHER_COLUMNS)], 1, OTHER_COLUMNS)


def test_the_right_header_alone_and_an_empty_file_are_no_rejects(tmp_path, reader):
    alone = write(tmp_path, FileFormat.CSV, ["ts", "temp", "p"], [])
    empty = tmp_path / "empty.csv"
    empty.touch()

    got = staged(tmp_path, FileFormat.CSV, alone, empty)

    assert (got.count("staged_rejects"), [(r.records, r.fault, r.absent) for r in got.reports]) == (0, [(0, None, ())] * 2)


def test_a_quoted_line_break_in_a_file_of_other_columns_loses_no_byte(tmp_path, reader):
    path = tmp_path / "a.csv"
    path.write_text('a,b,c\n1,"x\ny",3\n2,z,4\n')

    got = staged(tmp_path, FileFormat.CSV, path)

    assert (got.records, got.count("staged_rejects")) == (2, 2)
    assert b"\n".join(bytes(raw) for (raw,) in got.rejects("raw")) == b'1,"x\ny",3\n2,z,4'
