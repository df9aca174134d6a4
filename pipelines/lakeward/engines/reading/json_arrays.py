"""JSON that is not one object per line - an array, or objects over many lines - as a working copy of lines.

A declared exception to reading a file where it lies: DuckDB takes the objects apart and writes each on one line, as it was written but
for line ends, which stand between tokens alone. A truncated array makes its file one reject.
"""

import tempfile
from pathlib import Path

import duckdb

from lakeward.core.sql import literal, path_literal
from lakeward.engines.reading.file_errors import try_read
from lakeward.engines.text.decoding import CARRIAGE_RETURN, TextView

_HEAD = 64 << 10
# Bytes of one object: DuckDB's buffers grow with it.
_QUOTE, _DELIMITER = "\x01", "\x02"  # control characters are escaped there (RFC 8259 §7)
_MAX_OBJECT_BYTES = 16 << 20


def json_lines_view(con: duckdb.DuckDBPyConnection, view: TextView, scratch: Path) -> TextView | str:
    """The view itself where every line is an object, else that of a working copy; or the reason why the file can't be read.

    Raises:
        OSError: The file can't be read, or the scratch folder is full.
    """
    form = _form(view.path)
    if form is None:
        return view
    with tempfile.NamedTemporaryFile(dir=scratch, suffix=".jsonl", delete=False) as file:
        copy = Path(file.name)
    source = _without_returns(view.path, scratch) if view.mixed else view.path
    objects = f"read_json_objects({path_literal(source)}, format={literal(form)}, compression='uncompressed', maximum_object_size={_MAX_OBJECT_BYTES})"
    line = "regexp_replace(json::VARCHAR, '[\\r\\n]+', ' ', 'g')"
    options = f"FORMAT csv, HEADER false, QUOTE {literal(_QUOTE)}, ESCAPE {literal(_QUOTE)}, DELIMITER {literal(_DELIMITER)}"
    read = try_read(lambda: con.execute(f"COPY (SELECT {line} FROM {objects}) TO {literal(str(copy))} ({options})"))
    return TextView(copy, "\n", undecoded=view.undecoded) if read else "reject_json_array"


def _without_returns(path: Path, scratch: Path) -> Path:
    """A copy of a working copy, in which blanks stand for what stands for carriage returns."""
    mark = CARRIAGE_RETURN.encode()
    with path.open("rb") as file, tempfile.NamedTemporaryFile(dir=scratch, suffix=".json", delete=False) as copy:
        copy.writelines(line.replace(mark, b" ") for line in file)
    return Path(copy.name)


def _form(path: Path) -> str | None:
    """How DuckDB calls what the file begins like; None: lines."""
    with path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").replace(CARRIAGE_RETURN.encode(), b"").lstrip()
    if head.startswith(b"["):
        return "array"
    return "unstructured" if head.split(b"\n", 1)[0].strip() == b"{" else None
