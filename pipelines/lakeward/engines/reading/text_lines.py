"""Lines of text files, as SQL: every text format is read line by line first, so that a fault does not affect its neighbours.

Fields are parsed in `csv_records`, JSON values in `json_files`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lakeward.contracts.batch import BatchInput
from lakeward.core.sql import literal, path_literal
from lakeward.engines.text.decoding import NEVER_IN_TEXT, TextView

# Maximum bytes of a line, far above a record of text; DuckDB's buffers grow with it. A longer line makes the file one reject.
MAX_LINE_BYTES = 16 << 20
# All files of a batch have buffers at the same time, so a small file must have small ones. Less than this saves nothing.
MIN_LINE_BYTES = 64 << 10

_NEWLINES = {"\n": r"\n", "\r": r"\r", "\r\n": r"\r\n"}  # in DuckDB's notation


@dataclass(frozen=True, slots=True)
class TextFile:
    """One text input with its readable file.

    Args:
        skip: Number of the last line before the data (the header's, or one below it); 0 for none.
        last: Number of the last line of data; None: the file's last.
    """

    input: BatchInput
    view: TextView
    skip: int = 0
    last: int | None = None


def lines_select(view: TextView) -> str:
    """SELECT of `line`, in no order; a blank line is NULL, or a lone `CARRIAGE_RETURN`."""
    longest = min(MAX_LINE_BYTES, max(MIN_LINE_BYTES, view.path.stat().st_size))
    return (
        f"SELECT line FROM read_csv({path_literal(view.path)}, columns={{'line': 'VARCHAR'}}, "
        f"delim='{NEVER_IN_TEXT}', quote='', escape='', header=false, auto_detect=false, compression='none', "
        f"max_line_size={longest}, buffer_size={2 * longest}, new_line='{_NEWLINES[view.newline]}')"
    )


def numbered_lines_select(view: TextView) -> str:
    """SELECT of `n` (line number from 1) and `line`, in file order: DuckDB numbers rows while reading, on one thread."""
    return f"SELECT row_number() OVER () AS n, line FROM ({lines_select(view)})"


def data_lines_select(files: Sequence[TextFile]) -> str:
    """SELECT of `file, seq, n, line` over the data lines of all files, blank ones included."""
    return " UNION ALL ".join(
        f"SELECT {literal(file.input.name)} AS file, {file.input.seq}::BIGINT AS seq, n, line "
        f"FROM ({numbered_lines_select(file.view)}) WHERE n > {file.skip}{f' AND n <= {file.last}' if file.last is not None else ''}"
        for file in files
    )
