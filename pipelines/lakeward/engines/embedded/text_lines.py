"""Lines of text files, as SQL: every text format is read line by line first, so that no fault swallows its neighbours.

Refuses to know what a line means; fields are the business of `csv_records`, values that of `json_lines`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lakeward.contracts.batch import BatchInput
from lakeward.core.sql import literal
from lakeward.engines.embedded.decoding import BYTE_MARK, CARRIAGE_RETURN, NEVER_IN_TEXT, TextView

# A record of plain text is far below it; DuckDB's buffers grow with it, and a longer line makes the file one reject.
MAX_LINE_BYTES = 16 << 20
# Every file of a batch has buffers of its own, all at once: a small file must have small ones. Less than this saves nothing.
MIN_LINE_BYTES = 64 << 10

_NEWLINES = {"\n": r"\n", "\r": r"\r", "\r\n": r"\r\n"}  # as DuckDB spells them


@dataclass(frozen=True, slots=True)
class TextFile:
    """One text input, as it can be read.

    Args:
        skip: Number of the last line that is no data (the header's); 0 for none.
    """

    input: BatchInput
    view: TextView
    skip: int = 0


def unnumbered(view: TextView) -> str:
    """SELECT of `line`, in no order; a blank line is NULL, or a lone `CARRIAGE_RETURN`."""
    longest = min(MAX_LINE_BYTES, max(MIN_LINE_BYTES, view.path.stat().st_size))
    return (
        f"SELECT line FROM read_csv({literal(str(view.path))}, columns={{'line': 'VARCHAR'}}, "
        f"delim='{NEVER_IN_TEXT}', quote='', escape='', header=false, auto_detect=false, compression='none', "
        f"max_line_size={longest}, buffer_size={2 * longest}, new_line='{_NEWLINES[view.newline]}')"
    )


def numbered(view: TextView) -> str:
    """SELECT of `n` (line number from 1) and `line`, in file order: DuckDB numbers rows as it reads them, on one thread."""
    return f"SELECT row_number() OVER () AS n, line FROM ({unnumbered(view)})"


def lines(files: Sequence[TextFile]) -> str:
    """SELECT of `file, seq, n, line` over the data lines of all files, blank ones included."""
    return " UNION ALL ".join(
        f"SELECT {literal(file.input.name)} AS file, {file.input.seq}::BIGINT AS seq, n, line "
        f"FROM ({numbered(file.view)}) WHERE n > {file.skip}"
        for file in files
    )


def not_blank(line: str) -> str:
    """Condition: the line holds something."""
    return f"({line} IS NOT NULL AND {line} <> '{CARRIAGE_RETURN}')"


def restored(text: str, *, mixed: bool) -> str:
    """The text of a record with its carriage returns put back, the one at its end being part of the line end."""
    if not mixed:
        return text
    return f"replace(regexp_replace({text}, '{CARRIAGE_RETURN}$', ''), '{CARRIAGE_RETURN}', chr(13))"


def has_undecoded(text: str, *, undecoded: bool) -> str:
    """Condition: the text has bytes that did not decode."""
    return f"regexp_matches({text}, '[{chr(BYTE_MARK)}-{chr(BYTE_MARK + 255)}]')" if undecoded else "false"


def raw_bytes(text: str, *, undecoded: bool) -> str:
    """BLOB: the text in UTF-8 whatever the file's encoding, with the bytes that did not decode put back as they were."""
    if not undecoded:
        return f"encode({text})"
    byte = f"ascii(c) - {BYTE_MARK}"
    digits = f"list_transform(string_split({text}, ''), lambda c: CASE WHEN {byte} BETWEEN 0 AND 255 THEN printf('%02X', {byte}) ELSE hex(c) END)"
    return f"unhex(array_to_string({digits}, ''))"
