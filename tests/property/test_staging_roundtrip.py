"""What Python's csv module writes comes back identical, and byte soup loses nothing."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lakeward.contracts.record_format import FileFormat
from support.examples import examples
from support.staging import StagingResult, column, file_input, stage_files, stage_text

# Signs that mean something to a reader of CSV, and signs that do not.
TEXT = st.text(
    st.sampled_from("ab ,;\t|\"'\\\n\r#温é€\U0001f600\0") | st.characters(exclude_categories=["Cs"], max_codepoint=0x10FDFF),
    max_size=8,
)
DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from([",", ";", "\t", "|"]),
        "quoting": st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
        "lineterminator": st.sampled_from(["\n", "\r\n"]),
        "doublequote": st.booleans(),
        "quotechar": st.sampled_from(['"', "'"]),
    }
)


def records(width):
    return st.lists(st.lists(TEXT, min_size=width, max_size=width), max_size=6)


def write_csv(names: list[str], rows: list[list[str]], dialect: dict[str, object]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, escapechar=None if dialect["doublequote"] else "\\", **dialect)
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue().encode()


def read(content: bytes, names: list[str], **dialect: object) -> StagingResult:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        path.write_bytes(content)
        columns = [column(f"c{place}", source_name=name) for place, name in enumerate(names)]
        got = stage_files(Path(folder), [file_input(path)], columns, **dialect)
        got.con.execute(
            "CREATE TEMP TABLE kept AS FROM staged_rows; DROP VIEW staged_rows; ALTER TABLE kept RENAME TO staged_rows"
        )
        return got


@settings(max_examples=examples(80), deadline=None)
@given(st.data(), DIALECTS)
def test_whatever_the_csv_module_writes_comes_back_identical(data, dialect):
    width = data.draw(st.integers(2, 4))
    names = [f"n{place}" for place in range(width)]
    rows = data.draw(records(width))
    quote = dialect["quotechar"]
    got = read(
        write_csv(names, rows, dialect),
        names,
        delimiter=dialect["delimiter"],
        quote=quote,
        escape=quote if dialect["doublequote"] else "\\",
    )
    assert got.rejects("reason, raw") == []
    assert [list(row[:width]) for row in got.rows()] == rows
    assert got.records == len(rows)


SOUP = st.lists(
    st.sampled_from(
        [
            b"a",
            b"b",
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
            b"\xf4\x8f\xb8\x80",
        ]
    )
    | st.binary(max_size=4),
    max_size=40,
).map(b"".join)


@settings(max_examples=examples(80), deadline=None)
@given(SOUP)
def test_byte_soup_loses_no_record_and_no_byte(soup):
    got = read(b"x\n" + soup, ["x"])
    accepted, rejected = got.count("staged_rows"), got.count("staged_rejects")
    assert got.records == accepted + rejected
    raw = b"".join(row[0] or b"" for row in got.rejects("raw"))
    text = "".join(row[0] for row in got.rows("c0")).encode()
    if not any(row[0] == 0 for row in got.rejects("_row")):
        assert letters(raw + text) == letters(soup)


def letters(content: bytes) -> list[int]:
    """Every byte but those that set fields and lines apart, in no order."""
    return sorted(byte for byte in content if byte not in b'",\r\n')


@settings(max_examples=examples(60), deadline=None)
@given(SOUP)
def test_soup_in_json_lines_loses_no_record(soup):
    with tempfile.TemporaryDirectory() as folder:
        got = stage_text(Path(folder), b'{"x":1}\n' + soup + b'\n{"x":2}', "x", FileFormat.JSONL)
        assert got.records == got.count("staged_rows") + got.count("staged_rejects")


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(TEXT.filter(lambda name: name.strip()), min_size=1, max_size=4, unique_by=str.strip))
def test_hostile_column_names_stay_names(names):
    dialect = {"delimiter": ",", "quoting": csv.QUOTE_ALL, "lineterminator": "\n", "doublequote": True, "quotechar": '"'}
    got = read(write_csv(names, [["v"] * len(names)], dialect), [names[0].strip()])
    assert got.rows("c0") == [("v",)]
    assert got.reports[0].unknown == tuple(name.strip() for name in names[1:])
