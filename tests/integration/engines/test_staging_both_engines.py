"""Both engines read the same generated files to the same rows, rejects and reports."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeward.contracts.record_format import FileFormat
from support.staging import READER, column, file_input, stage_files

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive]

# Each batch costs Spark some jobs, however many files it has.
FILES_OF_A_BATCH = 12
FEW = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
SOUP = [
    b"a",
    b"1",
    b",",
    b",",
    b'"',
    b'""',
    b'","',
    b"\n",
    b"\n",
    b"\r\n",
    b"\r",
    b"\\",
    b"\0",
    b"\xff",
    b"\xe6\xb8",
    "温".encode(),
]
HEADERS = [b"x,y\n", b"x,y\r\n", b'\xef\xbb\xbfx,"y z"\n', b"y,x,w\n", b'x,"y\nz"\n', b"x\r"]
MEMBERS = [
    b'"x":1', b'"x":1.50', b'"x":1e20', b'"x":-0.00001', b'"x":12345678.5', b'"x":"1.0E20"', b'"x":"\\u00e9\\ud83d\\ude00"', b'"x":"\\ud800"',
    b'"y":null', b'"y":true', b'"y":{"a": [1.0, 2e7, "E5"], "b":{}}', b'"z":"q\\"\\n"', b'"z":0.1', b'"/~":[ ]', b'"":{"k":1e-7}', b'"y":NaN',
]  # fmt: skip
BROKEN = [
    b"",
    b" ",
    b"{",
    b"[1]",
    b"null",
    b'{"x":1}{"x":2}',
    b'{"x":1},"v":{}',
    b"{'x':1}",
    b'{"x":01}',
    b'{"x":"\t"}',
    b'{"x":"\xff"}',
]

texts = st.builds(
    lambda head, soup: head + b"".join(soup), st.sampled_from(HEADERS), st.lists(st.sampled_from(SOUP), max_size=40)
)
objects = st.lists(st.sampled_from(MEMBERS), max_size=4).map(lambda members: b"{" + b", ".join(members) + b"}")
jsons = st.lists(objects | st.sampled_from(BROKEN), max_size=12).map(b"\n".join)


@contextmanager
def reading(engine):
    token = READER.set(engine)
    yield
    READER.reset(token)


def staging_outcome(engine, files, kind, **dialect):
    """All that the engine says of the files."""
    with tempfile.TemporaryDirectory() as folder, reading(engine):
        inputs = []
        for seq, content in enumerate(files, 1):
            path = Path(folder) / f"{seq}.{kind}"
            path.write_bytes(content)
            inputs.append(file_input(path, kind, seq))
        got = stage_files(Path(folder), inputs, [column("x"), column("y", required=kind is FileFormat.JSONL)], **dialect)
        return got.rows("x, y, _file, _file_seq, _row, _extra"), got.rejects("*"), got.reports


@FEW
@given(st.lists(texts, min_size=FILES_OF_A_BATCH, max_size=FILES_OF_A_BATCH), st.sampled_from(['"', "\\"]))
def test_soup_in_delimited_files_is_read_alike(files, escape):
    assert staging_outcome("spark", files, FileFormat.CSV, escape=escape) == staging_outcome(
        "embedded", files, FileFormat.CSV, escape=escape
    )


@FEW
@given(st.lists(jsons, min_size=FILES_OF_A_BATCH, max_size=FILES_OF_A_BATCH))
def test_json_lines_good_and_bad_are_read_alike(files):
    assert staging_outcome("spark", files, FileFormat.JSONL) == staging_outcome("embedded", files, FileFormat.JSONL)
